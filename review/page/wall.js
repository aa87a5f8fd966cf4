// The wall: up to 24 images that the model puts into one class. The reviewer marks the exceptions,
// and one key answers all others with this class. Then the exceptions are shown one by one.
import { answer, moveOn } from "./answers.js";
import { load, plain } from "./pictures.js";
import { element, keepSession, shownWall, state } from "./state.js";
import { markTile, moveFocus, tileOf, updateTile } from "./tiles.js";

let shown; // the id of the wall on the screen
let shownAt = 0; // milliseconds: when its last picture was there
const large = new Map(); // the large pictures of exceptions, which load before they are shown

export function show() {
  const images = shownWall();
  const tiles = element("tiles");
  const label = classOf(images);
  const isNew = images[0].wall !== shown;
  const hadFocus = tiles.contains(document.activeElement);
  shown = images[0].wall;

  const before = new Map(isNew ? [] : [...tiles.children].map((tile) => [tile.dataset.id, tile]));
  const wanted = images.map((image, place) => before.get(image.id) ?? tileOf(image, place, toggle));
  if (isNew || wanted.length !== tiles.children.length) tiles.replaceChildren(...wanted);
  if (isNew) {
    large.clear();
    shownAt = performance.now();
    tiles.scrollTop = 0;
    if (hadFocus) wanted[0].focus();
  }
  element("question").textContent = `Mark every image that is not “${label}”`;
  images.forEach(update);
  counts();
}

export function leave() {
  shown = undefined;
}

export function changed(image) {
  if (image.wall !== shown || !shownWall().includes(image)) return;
  if (image.settled && shownWall().every((one) => one.settled)) shownAt = performance.now();
  update(image);
  counts();
}

const classOf = (images) => images[0].prediction.classification;

// An image without a picture is an exception: nobody has seen it.
const isMarked = (image) => Boolean(image.problem) || state.session.marks.includes(image.id);

function update(image) {
  updateTile(image);
  markTile(image, isMarked(image));
  if (isMarked(image) && !large.has(image.id)) large.set(image.id, alone(image));
}

function counts() {
  const images = shownWall();
  const marked = images.filter(isMarked).length;
  const right = images.length - marked;
  const all = right === 1 ? "It is" : `All ${right} are`;
  const rest = right ? `The other ${right === 1 ? "one is" : `${right} are`}` : "None is";
  element("settle-text").textContent = `${marked ? rest : all} “${classOf(images)}”`;
  element("settle").disabled = images.some((image) => !image.settled);
  element("marked").textContent = marked === 0 ? "" :
    marked === 1 ? "1 exception" : `${marked} exceptions`;
  element("take-back").disabled = state.session.history.length === 0;
}

function toggle(image) {
  if (image.problem) return;
  const { session } = state;
  session.marks = isMarked(image)
    ? session.marks.filter((id) => id !== image.id)
    : [...session.marks, image.id].slice(-400);
  keepSession();
  update(image);
  counts();
}

// The image as single mode shows it, with its large picture.
function alone(image) {
  const { wall, ...rest } = plain(image);
  return load(rest);
}

export function settle() {
  const images = shownWall();
  if (!images.length || images.some((image) => !image.settled)) return;
  const seconds = (performance.now() - shownAt) / 1000 / images.length;
  const label = classOf(images);
  const marked = images.filter(isMarked);
  const right = images.filter((image) => !isMarked(image));
  const answers = right.map((image) => answer(image, "CLASS", label, seconds));
  const ids = images.map((image) => image.id);
  if (answers.length) state.session.history.push({ answers, ids });

  const rest = state.images.filter((image) => !marked.includes(image));
  state.images = [...marked.map((image) => large.get(image.id) ?? alone(image)), ...rest];
  moveOn();
}

// Handle the keys of the tiles; return whether it was one of them.
export function wallKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const key = event.key.toLowerCase();
  const tiles = [...element("tiles").children];
  const focused = tiles.indexOf(document.activeElement);
  if (moveFocus(tiles, focused, event.key)) return true;
  if (event.repeat) return false;
  const place = key === " " ? focused : tiles.findIndex((tile) => tile.dataset.key === key);
  if (place < 0) return false;
  const image = shownWall().find((one) => one.id === tiles[place].dataset.id);
  toggle(image);
  return true;
}
