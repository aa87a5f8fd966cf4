// Rotate and zoom the picture, and show the model's probabilities.
import { element, state } from "./state.js";

const PIXELS = 3; // from this factor on, a picture shows its pixels instead of a blur
const LARGEST = 12; // a picture of 32 pixels is hard to recognise if it fills the screen

let rotation = 0; // degrees

export function resetTools() {
  rotation = 0;
  element("frame").classList.remove("zoomed");
  element("zoom").setAttribute("aria-pressed", "false");
  element("prediction").hidden = true;
  element("probabilities").setAttribute("aria-expanded", "false");
}

// A rotated picture keeps inside its frame; a small picture keeps its pixels.
export function fit() {
  const picture = element("picture");
  const { clientWidth: width, clientHeight: height } = picture;
  const { naturalWidth: across, naturalHeight: down } = picture;
  if (!across || !width || !height) return;
  const scale = Math.min(width / across, height / down);
  const turned = rotation % 180 ? Math.min(width / down, height / across) : scale;
  const zoomed = element("frame").classList.contains("zoomed");
  const wanted = zoomed ? turned : Math.min(turned, LARGEST);
  picture.classList.toggle("pixels", scale >= PIXELS);
  picture.style.transform = `rotate(${rotation}deg) scale(${wanted / scale})`;
}

export function rotate() {
  rotation = (rotation + 90) % 360;
  fit();
}

export function zoom() {
  const zoomed = element("frame").classList.toggle("zoomed");
  element("zoom").setAttribute("aria-pressed", String(zoomed));
  fit();
}

export function probabilities() {
  const image = state.images[0];
  if (!image?.prediction) return;
  const table = element("prediction");
  const rows = Object.entries(image.prediction.class_probabilities)
    .sort((one, other) => other[1] - one[1])
    .slice(0, 10)
    .map(([name, probability]) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      const cell = document.createElement("td");
      head.scope = "row";
      head.textContent = name;
      cell.textContent = probability.toFixed(3);
      row.append(head, cell);
      return row;
    });
  table.tBodies[0].replaceChildren(...rows);
  table.hidden = !table.hidden;
  element("probabilities").setAttribute("aria-expanded", String(!table.hidden));
}
