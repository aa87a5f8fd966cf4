// The review page: start its parts, and give each button its key and its action.
import { moveOn, send, undo } from "./answers.js";
import { claim, keepClaiming, skip } from "./claims.js";
import { pressed, withKey } from "./keys.js";
import { dismiss } from "./messages.js";
import "./progress.js";
import { changed, give, show } from "./single.js";
import { element, keepSession, on, ownSession, state } from "./state.js";
import { fit, probabilities, rotate, zoom } from "./tools.js";

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
  none: () => give("NONE_OF_THESE"), unusable: () => give("NOT_USABLE"),
  undo, skip: skipShown, again, rotate, zoom, probabilities, dismiss,
};
for (const [id, action] of Object.entries(ACTIONS)) {
  const button = element(id);
  if (button.dataset.key) withKey(button);
  button.addEventListener("click", action);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") dismiss();
  else pressed(event);
});
window.addEventListener("resize", fit);
on("images", show);
on("connection", show);
on("image", changed);

ownSession().then(() => {
  keepSession();
  show();
  send();
  keepClaiming();
});
