// What the modules share: the session of this tab, the images on hand, and the unsent answers.
// Views listen to the events `images`, `image`, `progress` and `connection`.

export const element = (id) => document.getElementById(id);
export const meta = (name, from = document) =>
  from.querySelector(`meta[name=${name}]`)?.content;
export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Answers of one reviewer about one bucket: another reviewer's page on this port never sends them.
export const SCOPE = meta("review-scope");
const SESSION = `session ${SCOPE}`;
const KEPT = `answer ${SCOPE} `;
const UNDO_ANSWERS = 500; // that survive a reload

// - images: to be shown; the first is on the screen
// - outbox: answers and undos that the server has not confirmed, in their order
// - waiting: images that wait, as the server counted them
// - claimed: whether the server has sent its images once
// - connection: the trouble with it, as a text for people, or nothing
export const state = {
  session: { ...newSession(), ...JSON.parse(sessionStorage.getItem(SESSION)) },
  images: [],
  outbox: keptActions(),
  waiting: null,
  claimed: false,
  connection: "",
  sending: false,
};

const hub = new EventTarget();

export function on(name, listener) {
  hub.addEventListener(name, (event) => listener(event.detail));
}

export function tell(name, detail) {
  hub.dispatchEvent(new CustomEvent(name, { detail }));
}

// - history: its steps are what one undo takes back, { answers: [{ answer_id, seconds, image }] };
//   the step of a wall also has the ids of all its images, in their order
// - wall: whether the reviewer works on walls
// - marks: ids of images that are exceptions on their wall
function newSession() {
  return {
    page: crypto.randomUUID(), done: 0, history: [], skipped: [], wall: false, marks: [],
  };
}

// The images of the wall on the screen: none if one image is shown.
export function shownWall() {
  const wall = state.images[0]?.wall;
  return wall ? state.images.filter((image) => image.wall === wall) : [];
}

// Each action has an entry of its own, so that two tabs never overwrite each other's.
function keptActions() {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(KEPT))
    .map((key) => JSON.parse(localStorage.getItem(key)))
    .sort((one, other) => one.at - other.at || one.kind.localeCompare(other.kind));
}

export function keep(action) {
  state.outbox.push(action);
  localStorage.setItem(KEPT + action.kind + action.answer_id, JSON.stringify(action));
}

export function drop(action) {
  state.outbox = state.outbox.filter((one) => one !== action);
  localStorage.removeItem(KEPT + action.kind + action.answer_id);
}

export function keepSession() {
  const { history } = state.session;
  let first = history.length;
  for (let room = UNDO_ANSWERS; first > 0; first--) {
    room -= history[first - 1].answers.length;
    if (room < 0) break;
  }
  const kept = { ...state.session, history: history.slice(first) };
  sessionStorage.setItem(SESSION, JSON.stringify(kept));
}

// A duplicated tab starts with a copy of the first tab's session. It needs its own page, since the
// leases of a page would show both tabs the same images.
export async function ownSession() {
  for (let attempt = 0; attempt < 10; attempt++) { // a reload releases the lock a moment later
    if (await locked(state.session.page)) return;
    await pause(30);
  }
  state.session = newSession();
  await locked(state.session.page);
}

function locked(name) {
  return new Promise((answer) => {
    navigator.locks.request(`review ${name}`, { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock && new Promise(() => {}); // until the tab is closed
    });
  });
}
