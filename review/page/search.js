// Search for a class of a model that has more classes than there is room for buttons.
import { element, state } from "./state.js";

const MOST = 8; // matches on the screen

const lists = new Map(); // the classes by the name of their list
let names = []; // the classes of the image on the screen, each with its text for comparison
let give = () => {};

// Keep the lists that come with images.
export function keepLists(found = {}) {
  for (const [name, classes] of Object.entries(found)) {
    lists.set(name, classes.map((one) => ({ name: one, text: comparable(one) })));
  }
}

// Call `given` with the class that the reviewer chooses.
export function start(given) {
  give = given;
  const field = element("class-name");
  field.addEventListener("input", showMatches);
  field.addEventListener("keydown", (event) => {
    if (event.key === "/") return event.preventDefault(); // the key of the field, in no name
    if (event.key === "Escape") return leave();
    if (event.key !== "Enter" || event.repeat) return;
    event.preventDefault();
    element("matches").querySelector("button")?.click();
  });
}

// Show the field for the image on the screen, or hide it.
export function show(image) {
  const field = element("class-name");
  element("search").hidden = !image?.class_list;
  names = lists.get(image?.class_list) ?? [];
  field.placeholder = names.length ? `Search ${names.length} classes` : "Loading the classes";
  showMatches();
}

// An answer to one image says nothing about the next.
export function reset() {
  element("class-name").value = "";
}

export function focus() {
  element("class-name").focus();
}

function leave() {
  reset();
  showMatches();
  element("class-name").blur();
}

// Upper case and accents do not matter: people type without them.
function comparable(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[_-]/g, " ");
}

function showMatches() {
  const wanted = comparable(element("class-name").value.trim());
  const found = wanted ? matches(wanted) : [];
  const buttons = found.slice(0, MOST).map(({ name }) => {
    const button = document.createElement("button");
    button.textContent = name;
    button.disabled = !state.images[0];
    button.addEventListener("click", () => give(name));
    return button;
  });
  element("matches").replaceChildren(...buttons);
  element("found").textContent = !wanted ? "" : found.length === 0 ? "No class matches." :
    found.length > MOST ? `${found.length} classes match; the first ${MOST} are shown.` : "";
}

// The classes that hold the text: first the class itself, then those that begin with it.
function matches(wanted) {
  const place = ({ text }) => text === wanted ? 0 : text.startsWith(wanted) ? 1 :
    text.includes(` ${wanted}`) ? 2 : text.includes(wanted) ? 3 : 4;
  return names
    .map((one) => ({ ...one, place: place(one) }))
    .filter((one) => one.place < 4)
    .sort((one, other) => one.place - other.place);
}
