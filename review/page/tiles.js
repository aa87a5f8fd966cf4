// The tiles of the wall: a list from which people select, with one key for each tile.
import { element } from "./state.js";

// As the keys lie under the left hand: six columns, four rows.
const KEYS = [..."123456", ..."qwerty", ..."asdfgh", ..."zxcvbn"];

export function tileOf(image, place, chosen) {
  const tile = document.createElement("div");
  const key = KEYS[place];
  tile.role = "option";
  tile.className = "tile";
  tile.tabIndex = place === 0 ? 0 : -1;
  tile.dataset.id = image.id;
  tile.append(image.picture, part("p", "problem"), part("span", "cross", "×"));
  if (key) {
    tile.dataset.key = key;
    tile.setAttribute("aria-keyshortcuts", key);
    tile.append(part("kbd", "", key));
  }
  tile.addEventListener("click", () => chosen(image));
  return tile;
}

function part(name, className, text = "") {
  const made = Object.assign(document.createElement(name), { className, textContent: text });
  made.setAttribute("aria-hidden", "true");
  return made;
}

const tileFor = (image) => element("tiles").querySelector(`[data-id="${CSS.escape(image.id)}"]`);

export function updateTile(image) {
  const tile = tileFor(image);
  const name = tile.dataset.key ? `${tile.dataset.key}, ${image.name}` : image.name;
  tile.setAttribute("aria-label", image.problem ? `${name}: ${image.problem}` : name);
  tile.setAttribute("aria-disabled", String(Boolean(image.problem)));
  tile.classList.toggle("loading", !image.settled);
  tile.querySelector(".problem").textContent = image.problem;
  image.picture.hidden = Boolean(image.problem);
  const { naturalWidth, clientWidth } = image.picture;
  image.picture.classList.toggle("pixels", naturalWidth > 0 && naturalWidth * 2 < clientWidth);
}

export function markTile(image, isMarked) {
  tileFor(image).setAttribute("aria-selected", String(isMarked));
}

// Move the focus with an arrow key, Home or End; return whether it was such a key.
export function moveFocus(tiles, focused, key) {
  const row = tiles.filter((tile) => tile.offsetTop === tiles[0]?.offsetTop).length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row };
  const ends = { Home: 0, End: tiles.length - 1 };
  if (!(key in steps) && !(key in ends)) return false;

  const next = key in ends ? ends[key] : focused < 0 ? 0 : focused + steps[key];
  if (!tiles[next]) return true;
  for (const tile of tiles) tile.tabIndex = tile === tiles[next] ? 0 : -1;
  tiles[next].focus();
  return true;
}
