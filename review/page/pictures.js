// Load pictures before they are shown.
import { pause, tell } from "./state.js";
import { PATIENCE, RETRY_AFTER } from "./server.js";

// Return an image with its picture, which loads from now on: a small one for a wall.
//
// - settled: whether the picture, or the reason why there is no picture, can be shown
// - problem: that reason
export function load(image) {
  const picture = new Image();
  picture.alt = `Image ${image.name}`;
  const loaded = { ...image, picture, settled: false, problem: "" };
  fetchPicture(loaded);
  return loaded;
}

// Return the image as the server sent it.
export function plain({ picture, settled, problem, ...image }) {
  return image;
}

async function fetchPicture(image) {
  const url = `/${image.wall ? "thumbnail" : "picture"}/${image.id}`;
  for (let attempt = 0; !image.settled; attempt++) {
    image.picture.src = attempt ? `${url}?attempt=${attempt}` : url;
    try {
      await image.picture.decode();
      image.settled = true;
    } catch {
      image.problem = await problemOf(url);
      image.settled = Boolean(image.problem);
      if (!image.settled) await pause(RETRY_AFTER[Math.min(attempt, 3)]);
    }
  }
  tell("image", image);
}

// Return why a picture cannot be shown, or nothing if it is worth another attempt.
async function problemOf(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) return "The browser cannot show this picture. Answer “Not usable”, or skip it.";
    return [410, 415].includes(answer.status) ? (await answer.json()).message : "";
  } catch {
    return "";
  }
}
