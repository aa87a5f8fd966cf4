// Claim the next images before they are needed, and renew the leases of those on hand.
import { connection, refuse } from "./messages.js";
import { load, plain } from "./pictures.js";
import { keepLists } from "./search.js";
import { post, postAtLast } from "./server.js";
import { keepSession, shownWall, state, tell } from "./state.js";

const AHEAD = 8; // images loaded before they are shown
const WALL = 24; // images of a wall
const WALLS = 2; // the wall on the screen, and the next one
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

// The number of images to claim: a whole wall, or as many as are loaded before they are shown.
function missing() {
  if (!state.session.wall) return Math.max(0, AHEAD - state.images.length);
  const walls = new Set(state.images.map((image) => image.wall).filter(Boolean));
  return walls.size < WALLS ? WALL : 0;
}

export function needsMore() {
  return missing() >= AHEAD / 2;
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
    const { wall } = state.session;
    const unsent = new Set(state.outbox.map((action) => action.id));
    const held = state.images.map((image) => image.id).filter((id) => !unsent.has(id));
    const data = await post("/claim", {
      count: missing(),
      wall,
      held,
      skipped: [...state.session.skipped, ...unsent].slice(-400),
    });
    renewed = Date.now();
    state.claimed = true;
    counted = before === changes;
    received(data, held, wall);
    connection(true);
  } catch (error) {
    connection(error);
  } finally {
    claiming = false;
  }
  if (!state.connection && (claimNext || !counted && !state.sending)) claim();
}

function received(data, asked, onWall) {
  keepLists(data.class_lists);
  const shown = [state.images[0], ...shownWall()];
  const lost = new Set(asked.filter((id) => !data.held.includes(id)));
  state.images = state.images.filter((image) => !lost.has(image.id));

  const known = new Set([...state.images, ...state.outbox].map((one) => one.id));
  const fresh = data.images.filter((image) => !known.has(image.id));
  const wall = onWall && state.session.wall ? { wall: crypto.randomUUID() } : {};
  if (onWall || !state.session.wall) {
    state.images.push(...fresh.map((image) => load({ ...image, ...wall })));
  } else {
    giveBack(fresh); // the reviewer has changed to walls meanwhile, which have no audits
  }
  state.waiting = Object.values(data.waiting).reduce((sum, number) => sum + number, 0);

  for (const image of new Set(shown)) {
    if (lost.has(image?.id)) refuse(image.name, "another reviewer has this image now.");
  }
  tell("images");
  tell("progress");
}

async function giveBack(images) {
  const ids = images.map((image) => image.id);
  if (ids.length) await post("/release", { ids }).catch(connection);
}

// Skip the image on the screen, or the whole wall.
export function skip() {
  const wall = shownWall();
  const images = wall.length ? wall : state.images.slice(0, 1);
  state.images = state.images.filter((image) => !images.includes(image));
  state.session.skipped.push(...images.map((image) => image.id));
  giveBack(images);
}

// Change between walls and single images. Images on hand become single images; a wall needs
// images of one class, and without audits, so the page claims others.
export async function switchMode() {
  const { session, images } = state;
  session.wall = !session.wall;
  keepSession();
  state.images = session.wall ? [] : images.map((image) => load({ ...plain(image), wall: "" }));
  state.claimed = !session.wall;
  tell("images");
  if (session.wall) await giveBack(images);
  claim();
}

// Look for images again and again, and give them back when the page is closed.
export function keepClaiming() {
  claim();
  setInterval(() => {
    const late = Date.now() - renewed > RENEW_EVERY;
    if (missing() || state.connection || late) claim();
  }, LOOK_EVERY);
  window.addEventListener("online", () => claim());
  document.addEventListener("visibilitychange", () => document.hidden || claim()); // may be late
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  window.addEventListener("pagehide", () => {
    postAtLast("/release", { ids: state.images.map((image) => image.id) });
  });
}
