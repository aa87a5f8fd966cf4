// The review page. The browser keeps each answer until the server has stored it, and shows the next
// image at once. So a lost connection, a reload or a new start of the server loses no answer.
"use strict";

const AHEAD = 8; // images loaded before they are shown
const LOOK_EVERY = 5000; // milliseconds between two looks for new images
const RENEW_EVERY = 120_000; // milliseconds; a lease lasts ten minutes
const RETRY_AFTER = [250, 500, 1000, 2000]; // milliseconds
const PATIENCE = 30_000; // milliseconds until a request has failed
const UNDO_STEPS = 200; // that survive a reload
const PIXELS = 3; // from this factor on, a picture shows its pixels instead of a blur
const LARGEST = 12; // a picture of 32 pixels is hard to recognise if it fills the screen

const TOOL_KEYS = [...document.querySelectorAll("button[data-key]")]
  .map((button) => button.dataset.key);
const LETTERS = Array.from({ length: 26 }, (_, place) => String.fromCharCode(97 + place));
const CLASS_KEYS = [..."1234567890", ...LETTERS].filter((key) => !TOOL_KEYS.includes(key));
const REASONS = {
  REVIEW: "The model is not sure enough.",
  AUDIT: "Drawn at random, to check the gate. The prediction is hidden.",
  SECOND_OPINION: "A second opinion. The prediction and the first answer are hidden.",
};

const element = (id) => document.getElementById(id);
const meta = (name, from = document) => from.querySelector(`meta[name=${name}]`)?.content;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Answers of one reviewer about one bucket: another reviewer's page on this port never sends them.
const SCOPE = meta("review-scope");
const KEPT = `answer ${SCOPE} `;
const SESSION = `review ${SCOPE}`;

let token = meta("review-token");
let session = { ...newSession(), ...JSON.parse(sessionStorage.getItem(SESSION)) };
let images = []; // to be shown; the first is on the screen
let outbox = keptActions(); // answers and undos that the server has not confirmed, in their order
let waiting = null; // images that wait, as the server counted them
let connected = true;
let claimed = false; // whether the server has sent its images once
let shownAt = 0; // milliseconds
let rotation = 0; // degrees
let sending = false;
let claiming = false;
let claimNext = false; // whether another claim follows the one that is under way
let sent = 0; // requests that change the number of waiting images, begun or ended
let counted = false; // whether no such request changed that number while the server counted
let renewed = Date.now();

// --------------------------------------------------------------- storage

function newSession() {
  return { page: crypto.randomUUID(), done: 0, history: [], skipped: [] };
}

// Each action has an entry of its own, so that two tabs never overwrite each other's.
function keptActions() {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(KEPT))
    .map((key) => JSON.parse(localStorage.getItem(key)))
    .sort((one, other) => one.at - other.at || one.kind.localeCompare(other.kind));
}

function keep(action) {
  outbox.push(action);
  localStorage.setItem(KEPT + action.kind + action.answer_id, JSON.stringify(action));
}

function drop(action) {
  outbox = outbox.filter((one) => one !== action);
  localStorage.removeItem(KEPT + action.kind + action.answer_id);
}

function keepSession() {
  const history = session.history.slice(-UNDO_STEPS);
  sessionStorage.setItem(SESSION, JSON.stringify({ ...session, history }));
}

// A duplicated tab starts with a copy of the first tab's session. It needs its own page, since the
// leases of a page would show both tabs the same images.
async function ownSession() {
  for (let attempt = 0; attempt < 10; attempt++) { // a reload releases the lock a moment later
    if (await locked(session.page)) return;
    await pause(30);
  }
  session = newSession();
  await locked(session.page);
}

function locked(name) {
  return new Promise((answer) => {
    navigator.locks.request(`review ${name}`, { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock && new Promise(() => {}); // until the tab is closed
    });
  });
}

// --------------------------------------------------------------- requests

async function post(path, body, mayRenew = true) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-review-token": token },
    body: JSON.stringify({ page: session.page, ...body }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const data = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (answer.ok) return data;

  const restarted = answer.status === 403 && !data.error;
  if (restarted && mayRenew && await renewToken()) return post(path, body, false);
  const message = restarted
    ? "The review application was started again. Open the address that “scones review” printed; " +
      "this page then goes on."
    : data.message ?? answer.statusText;
  throw Object.assign(new Error(message), { status: answer.status });
}

// Another tab that opened the new address has set the new cookie: take the new token from its page.
async function renewToken() {
  const answer = await fetch("/", { signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (meta("review-scope", fresh) !== SCOPE) location.reload(); // another reviewer or service
  token = meta("review-token", fresh);
  return Boolean(token);
}

function answers(reached) {
  if (reached === true) return trouble("");
  const number = outbox.filter((action) => action.kind === "answer").length;
  const unsent = number === 1 ? " 1 answer is" : ` ${number} answers are`;
  const safe = number ? `${unsent} kept in this browser and will be sent.` : "";
  const silent = "The review application does not answer. Is it still running?";
  const what = reached.status ? reached.message : silent;
  trouble(what + safe);
}

function trouble(text) {
  const changed = connected !== !text;
  connected = !text;
  if (element("notice").textContent !== text) element("notice").textContent = text;
  element("notice").hidden = !text;
  if (changed && !images.length) show();
}

function refusal(text) {
  element("refusal").hidden = !text;
  element("refused").textContent = text;
}

// ----------------------------------------------------------------- images

async function claim() {
  claimNext = claiming;
  if (claiming) return;
  claiming = true;
  try {
    const before = sending ? -1 : sent;
    const unsent = new Set(outbox.map((action) => action.id));
    const held = images.map((image) => image.id).filter((id) => !unsent.has(id));
    const data = await post("/claim", {
      count: Math.max(0, AHEAD - images.length),
      held,
      skipped: [...session.skipped, ...unsent].slice(-400),
    });
    renewed = Date.now();
    claimed = true;
    counted = before === sent;
    received(data, held);
    answers(true);
  } catch (error) {
    answers(error);
  } finally {
    claiming = false;
  }
  if (connected && (claimNext || !counted && !sending)) claim();
}

function received(data, asked) {
  const shown = images[0];
  const lost = new Set(asked.filter((id) => !data.held.includes(id)));
  images = images.filter((image) => !lost.has(image.id));

  const known = new Set([...images, ...outbox].map((one) => one.id));
  images.push(...data.images.filter((image) => !known.has(image.id)).map(load));
  waiting = Object.values(data.waiting).reduce((sum, number) => sum + number, 0);

  if (shown && lost.has(shown.id)) refusal(`${shown.name}: another reviewer has this image now.`);
  if (images[0] !== shown || !shown) show();
  progress();
}

function load(image) {
  const picture = new Image();
  picture.id = "picture";
  picture.alt = `Image ${image.name}`;
  const loaded = { ...image, picture, settled: false, problem: "" };
  fetchPicture(loaded);
  return loaded;
}

async function fetchPicture(image) {
  const url = `/picture/${image.id}`;
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
  if (images[0] === image) pictureShown(image);
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

function show() {
  const image = images[0];
  rotation = 0;
  element("frame").classList.remove("zoomed");
  element("zoom").setAttribute("aria-pressed", "false");
  element("prediction").hidden = true;
  element("probabilities").setAttribute("aria-expanded", "false");

  for (const button of document.querySelectorAll("section button")) button.disabled = !image;
  element("undo").disabled = session.history.length === 0;
  element("again").hidden = Boolean(image) || !session.skipped.length;
  element("again").disabled = element("again").hidden;
  element("classes").hidden = !image;

  if (!image) {
    const nothing = Object.assign(new Image(), { id: "picture", alt: "", hidden: true });
    element("picture").replaceWith(nothing);
    element("name").textContent = "";
    element("reason").textContent = emptyReason();
    return;
  }

  if (element("picture") !== image.picture) element("picture").replaceWith(image.picture);
  labels(image);
  shownAt = performance.now();
  pictureShown(image);
}

function labels(image) {
  element("name").textContent = image.name;
  element("reason").textContent = image.problem || REASONS[image.reason];
  element("probabilities").disabled = !image.prediction;
  classes(image.classes);
}

function pictureShown(image) {
  if (!image.settled) return;
  shownAt = performance.now(); // the reviewer sees the picture from now on
  image.picture.hidden = Boolean(image.problem);
  if (image.problem) element("reason").textContent = image.problem;
  fit();
}

function emptyReason() {
  if (!connected) return "The next images appear when the application answers again.";
  if (!claimed) return "Loading the first images.";
  const number = session.skipped.length;
  if (number) return number === 1 ? "You skipped 1 image. No other image waits for you." :
    `You skipped ${number} images. No other image waits for you.`;
  return "No image waits for you. New images appear by themselves.";
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
    button.addEventListener("click", () => answer("CLASS", name));
    return button;
  });
  group.replaceChildren(...buttons);
}

function withKey(button, key) {
  const hint = document.createElement("kbd");
  hint.textContent = key;
  hint.setAttribute("aria-hidden", "true");
  button.dataset.key = key;
  button.setAttribute("aria-keyshortcuts", key);
  button.append(hint);
}

// ---------------------------------------------------------------- answers

function answer(verdict, name) {
  const image = images[0];
  if (!image?.settled) return; // nobody has seen it yet
  images.shift();

  const { picture, settled, problem, ...plain } = image;
  const action = {
    kind: "answer",
    answer_id: crypto.randomUUID(),
    id: image.id,
    name: image.name,
    verdict,
    seconds: (performance.now() - shownAt) / 1000,
    at: Date.now(),
  };
  if (name !== undefined) action.class = name;
  keep(action);
  session.history.push({ answer_id: action.answer_id, seconds: action.seconds, image: plain });
  session.done += 1;
  moveOn();
}

function undo() {
  const last = session.history.pop();
  if (!last) return;
  const image = load(last.image);
  images = [image, ...images.filter((one) => one.id !== image.id)];
  session.done = Math.max(0, session.done - 1);
  keep({ kind: "undo", answer_id: last.answer_id, id: image.id, name: image.name, at: Date.now() });
  moveOn();
}

function skip() {
  const image = images.shift();
  if (!image) return;
  session.skipped.push(image.id);
  post("/release", { ids: [image.id] }).catch(answers);
  moveOn();
}

function again() {
  session.skipped = [];
  keepSession();
  show();
  claim();
}

function moveOn() {
  keepSession();
  show();
  progress();
  send();
  if (images.length <= AHEAD / 2) claim();
}

async function send() {
  if (sending || !outbox.length) return;
  sending = true;
  let failures = 0;
  while (outbox.length > 0) {
    const { kind, ...body } = outbox[0];
    const action = outbox[0];
    sent += 1;
    try {
      confirmed(action, await post(`/${kind}`, body));
      failures = 0;
      answers(true);
    } catch (error) {
      if (!isFinal(error)) {
        answers(error);
        await pause(RETRY_AFTER[Math.min(failures++, 3)]);
        continue;
      }
      refused(action, error);
    }
    drop(action);
  }
  sending = false;
  if (!counted || !images.length) claim();
}

// Whether sending again would change nothing.
function isFinal(error) {
  return [400, 409, 410].includes(error.status);
}

function confirmed(action, data) {
  sent += 1;
  if (waiting !== null) waiting += action.kind === "undo" || data.waits_for ? 0 : -1;
  if (action.kind !== "undo") return;
  if (waiting !== null) waiting += 1;
  const image = images.find((one) => one.id === action.id);
  if (!image) return;
  Object.assign(image, data.image); // it may be a second opinion by now
  if (image === images[0]) labels(image);
  progress();
}

function refused(action, error) {
  if (action.kind === "undo") return; // the server has undone it before
  const before = session.history.length;
  session.history = session.history.filter((one) => one.answer_id !== action.answer_id);
  session.done -= before - session.history.length;
  outbox.filter((one) => one.kind === "undo" && one.answer_id === action.answer_id).forEach(drop);
  element("undo").disabled = session.history.length === 0;
  keepSession();
  refusal(`${action.name}: ${error.message}`);
  progress();
}

// ------------------------------------------------------------------ tools

// A rotated picture keeps inside its frame; a small picture keeps its pixels.
function fit() {
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

function rotate() {
  rotation = (rotation + 90) % 360;
  fit();
}

function zoom() {
  const zoomed = element("frame").classList.toggle("zoomed");
  element("zoom").setAttribute("aria-pressed", String(zoomed));
  fit();
}

function probabilities() {
  const image = images[0];
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

// The server's count, less the answers that it has not confirmed.
function progress() {
  const unsent = outbox.reduce((sum, action) => sum + (action.kind === "undo" ? -1 : 1), 0);
  const left = waiting === null ? null : Math.max(0, waiting - unsent);
  const times = session.history.slice(-20).map((one) => one.seconds);
  times.sort((one, other) => one - other);
  const middle = times[Math.floor(times.length / 2)];
  element("progress").textContent = left === null ? "" : `${session.done} answered, ${left} waiting`;
  element("pace").textContent = middle === undefined || !left ? "" :
    `${middle.toFixed(1)} s an image, about ${duration(middle * left)} left`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

// ------------------------------------------------------------------ start

const TOOLS = {
  none: () => answer("NONE_OF_THESE"), unusable: () => answer("NOT_USABLE"),
  undo, skip, again, rotate, zoom, probabilities, dismiss: () => refusal(""),
};
for (const [id, action] of Object.entries(TOOLS)) {
  const button = element(id);
  if (button.dataset.key) withKey(button, button.dataset.key);
  button.addEventListener("click", action);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "Escape") return refusal("");
  const key = event.key === "Backspace" ? "z" : event.key.toLowerCase();
  const button = document.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});

window.addEventListener("resize", fit);
window.addEventListener("online", () => claim());
document.addEventListener("visibilitychange", () => document.hidden || claim()); // it may be late
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
window.addEventListener("pagehide", () => {
  const body = JSON.stringify({ page: session.page, ids: images.map((image) => image.id) });
  const headers = { "content-type": "application/json", "x-review-token": token };
  fetch("/release", { method: "POST", headers, body, keepalive: true }).catch(() => {});
});

ownSession().then(() => {
  keepSession();
  show();
  send();
  claim();
  setInterval(() => {
    if (images.length < AHEAD || !connected || Date.now() - renewed > RENEW_EVERY) claim();
  }, LOOK_EVERY);
});
