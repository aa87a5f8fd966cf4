// Claim the next images before they are needed, and renew the leases of those on hand.
import { connection, refuse } from "./messages.js";
import { load } from "./pictures.js";
import { post, postAtLast } from "./server.js";
import { state, tell } from "./state.js";

const AHEAD = 8; // images loaded before they are shown
const LOOK_EVERY = 5000; // milliseconds between two looks for new images
const RENEW_EVERY = 120_000; // milliseconds; a lease lasts ten minutes

let claiming = false;
let claimNext = false; // whether another claim follows the one that is under way
let changes = 0; // requests that change the number of waiting images, begun or ended
let counted = false; // whether no such request changed that number while the server counted
let renewed = Date.now();

export function countChange() {
  changes += 1;
}

export function needsMore() {
  return state.images.length <= AHEAD / 2;
}

export function needsCount() {
  return !counted || !state.images.length;
}

export async function claim() {
  claimNext = claiming;
  if (claiming) return;
  claiming = true;
  try {
    const before = state.sending ? -1 : changes;
    const unsent = new Set(state.outbox.map((action) => action.id));
    const held = state.images.map((image) => image.id).filter((id) => !unsent.has(id));
    const data = await post("/claim", {
      count: Math.max(0, AHEAD - state.images.length),
      held,
      skipped: [...state.session.skipped, ...unsent].slice(-400),
    });
    renewed = Date.now();
    state.claimed = true;
    counted = before === changes;
    received(data, held);
    connection(true);
  } catch (error) {
    connection(error);
  } finally {
    claiming = false;
  }
  if (!state.connection && (claimNext || !counted && !state.sending)) claim();
}

function received(data, asked) {
  const shown = state.images[0];
  const lost = new Set(asked.filter((id) => !data.held.includes(id)));
  state.images = state.images.filter((image) => !lost.has(image.id));

  const known = new Set([...state.images, ...state.outbox].map((one) => one.id));
  state.images.push(...data.images.filter((image) => !known.has(image.id)).map(load));
  state.waiting = Object.values(data.waiting).reduce((sum, number) => sum + number, 0);

  if (shown && lost.has(shown.id)) refuse(shown.name, "another reviewer has this image now.");
  tell("images");
  tell("progress");
}

export function skip() {
  const image = state.images.shift();
  if (!image) return;
  state.session.skipped.push(image.id);
  post("/release", { ids: [image.id] }).catch(connection);
}

// Look for images again and again, and give them back when the page is closed.
export function keepClaiming() {
  claim();
  setInterval(() => {
    const late = Date.now() - renewed > RENEW_EVERY;
    if (state.images.length < AHEAD || state.connection || late) claim();
  }, LOOK_EVERY);
  window.addEventListener("online", () => claim());
  document.addEventListener("visibilitychange", () => document.hidden || claim()); // may be late
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  window.addEventListener("pagehide", () => {
    postAtLast("/release", { ids: state.images.map((image) => image.id) });
  });
}
