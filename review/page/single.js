// Show one image after the other: one key answers, and the next image appears at once.
import { answer, moveOn } from "./answers.js";
import { reservedKeys, withKey } from "./keys.js";
import * as search from "./search.js";
import { fit, resetTools } from "./tools.js";
import { element, state } from "./state.js";

const REASONS = {
  REVIEW: "The model is not sure enough.",
  AUDIT: "Drawn at random, to check the gate. The prediction is hidden.",
  SECOND_OPINION: "A second opinion. The prediction and the first answer are hidden.",
  TYPICAL: "Typical of many images in the folder.",
  SAMPLE: "Drawn at random from the folder.",
};
const LETTERS = Array.from({ length: 26 }, (_, place) => String.fromCharCode(97 + place));
const RESERVED = reservedKeys(); // of the tools, before the classes have keys
const CLASS_KEYS = [..."1234567890", ...LETTERS].filter((key) => !RESERVED.includes(key));

const MARKED = "Marked on the wall as an exception.";

let shown = null; // the image on the screen
let shownAt = 0; // milliseconds

export function show() {
  const image = state.images[0];
  for (const button of document.querySelectorAll("#single section button")) button.disabled = !image;
  element("undo").disabled = state.session.history.length === 0;
  element("to-wall").disabled = false;
  element("to-wall").setAttribute("aria-pressed", String(state.session.wall));
  element("again").hidden = Boolean(image) || !state.session.skipped.length;
  element("again").disabled = element("again").hidden;
  element("classes").hidden = !image;
  element("probabilities").disabled = !image?.prediction;
  if (image && image === shown) return;

  search.reset();
  search.show(image);
  shown = image ?? null;
  element("ask")?.setAttribute("aria-pressed", "false");
  resetTools();
  const picture = image?.picture ?? Object.assign(new Image(), { alt: "", hidden: true });
  picture.id = "picture";
  element("picture").replaceWith(picture);
  if (image) {
    shownAt = performance.now();
    changed(image);
  } else {
    element("name").textContent = "";
    element("reason").textContent = emptyReason();
  }
}

export function leave() {
  shown = null;
}

// Show that the image has its picture, or is for another reason than before.
export function changed(image) {
  if (image !== state.images[0]) return;
  element("name").textContent = image.name;
  element("reason").textContent = image.problem || reasonOf(image);
  element("probabilities").disabled = !image.prediction;
  classes(image.classes);
  search.show(image);
  if (!image.settled) return;
  shownAt = performance.now(); // the reviewer sees the picture from now on
  image.picture.hidden = Boolean(image.problem);
  fit();
}

function reasonOf(image) {
  const { marks, wall } = state.session;
  return wall && marks.includes(image.id) ? MARKED : REASONS[image.reason];
}

function emptyReason() {
  if (state.connection) return "The next images appear when the application answers again.";
  if (!state.claimed) return "Loading the first images.";
  const number = state.session.skipped.length;
  if (number) return number === 1 ? "You skipped 1 image. No other image waits for you." :
    `You skipped ${number} images. No other image waits for you.`;
  const wall = "No wall waits for you. Audits and second opinions are shown one by one.";
  return state.session.wall ? wall : "No image waits for you. New images appear by themselves.";
}

// The buttons stay the same as long as the classes do, so that the focus stays on its button.
function classes(names) {
  const group = element("classes");
  const present = [...group.children].map((button) => button.firstChild.textContent);
  if (JSON.stringify(present) === JSON.stringify(names)) return;
  const buttons = names.map((name, place) => {
    const button = document.createElement("button");
    const label = document.createElement("span");
    label.textContent = name;
    button.append(label);
    if (place < CLASS_KEYS.length) withKey(button, CLASS_KEYS[place]);
    button.addEventListener("click", () => give("CLASS", name));
    return button;
  });
  group.replaceChildren(...buttons);
}

// Ask for the opinion of another reviewer with the next answer.
export function ask() {
  element("ask").setAttribute("aria-pressed", String(!asks()));
}

const asks = () => element("ask")?.getAttribute("aria-pressed") === "true";

export function give(verdict, label) {
  const image = state.images[0];
  if (!image?.settled) return; // nobody has seen it yet
  const seconds = (performance.now() - shownAt) / 1000;
  const given = answer(image, verdict, label, seconds, asks());
  state.session.history.push({ answers: [given] });
  moveOn();
}
