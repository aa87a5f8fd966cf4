// The review page: start its parts, and give each button its key and its action.
import { moveOn, send, undo } from "./answers.js";
import { claim, keepClaiming, skip, switchMode } from "./claims.js";
import { pressed, withKey } from "./keys.js";
import { dismiss } from "./messages.js";
import "./progress.js";
import * as search from "./search.js";
import * as single from "./single.js";
import { element, keepSession, on, ownSession, state } from "./state.js";
import { fit, probabilities, rotate, zoom } from "./tools.js";
import * as wall from "./wall.js";

const onWall = () => Boolean(state.images[0]?.wall);

function show() {
  const hidden = element(onWall() ? "single" : "wall");
  const visible = element(onWall() ? "wall" : "single");
  const hadFocus = hidden.contains(document.activeElement);
  hidden.hidden = true;
  visible.hidden = false;
  if (hadFocus) visible.focus();
  (onWall() ? single : wall).leave();
  (onWall() ? wall : single).show();
}

function again() {
  state.session.skipped = [];
  keepSession();
  show();
  claim();
}

function skipShown() {
  skip();
  moveOn();
}

const ACTIONS = {
  none: () => single.give("NONE_OF_THESE"), unusable: () => single.give("NOT_USABLE"),
  undo, skip: skipShown, again, rotate, zoom, probabilities, dismiss, "to-wall": switchMode,
  ask: single.ask, find: search.focus,
  settle: wall.settle, "take-back": undo, "skip-wall": skipShown, "one-by-one": switchMode,
};
for (const [id, action] of Object.entries(ACTIONS)) {
  const button = element(id);
  if (!button) continue; // `ask`, if every answer asks another reviewer
  if (button.dataset.key) withKey(button);
  button.addEventListener("click", action);
}

search.start((name) => single.give("CLASS", name));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return dismiss();
  if (onWall() && wall.wallKey(event)) event.preventDefault();
  else pressed(event);
});
window.addEventListener("resize", fit);
on("images", show);
on("connection", show);
on("image", (image) => (onWall() ? wall : single).changed(image));

ownSession().then(() => {
  keepSession();
  show();
  send();
  keepClaiming();
});
