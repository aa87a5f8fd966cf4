// The review page. An answer is stored in the browser first and shown as given at once; a queue in the
// background sends it until the server has it. So a lost connection or a reload loses no answer.
"use strict";

const AHEAD = 8; // images loaded before they are shown
const RENEW_EVERY = 120_000; // milliseconds; a lease lasts ten minutes
const RETRY_AFTER = [500, 1000, 2000, 5000, 10_000]; // milliseconds
const TOOL_KEYS = [...document.querySelectorAll("button[data-key]")].map((button) => button.dataset.key);
const LETTERS = Array.from({ length: 26 }, (_, place) => String.fromCharCode(97 + place));
const CLASS_KEYS = [..."1234567890", ...LETTERS].filter((key) => !TOOL_KEYS.includes(key));
const REASONS = {
  REVIEW: "The model is not sure enough.",
  AUDIT: "Drawn at random, to check the gate. The prediction is hidden.",
  SECOND_OPINION: "A second opinion. The prediction and the first answer are hidden.",
};

const token = document.querySelector("meta[name=review-token]").content;
const element = (id) => document.getElementById(id);
const page = stored(sessionStorage, "page", () => crypto.randomUUID());

let images = []; // to be shown, the first is on screen
let history = stored(sessionStorage, "history", () => []); // answers given on this page, the last one last
let outbox = stored(localStorage, "outbox", () => []); // answers that the server has not confirmed
let skipped = stored(sessionStorage, "skipped", () => []);
let waiting = 0;
let shownAt = 0; // milliseconds
let rotation = 0; // degrees
let sending = false;
let claiming = false;
let failures = 0;

function stored(storage, name, fallback) {
  const text = storage.getItem(name);
  const value = text === null ? fallback() : JSON.parse(text);
  storage.setItem(name, JSON.stringify(value));
  return value;
}

function keep() {
  localStorage.setItem("outbox", JSON.stringify(outbox));
  sessionStorage.setItem("history", JSON.stringify(history.slice(-500)));
  sessionStorage.setItem("skipped", JSON.stringify(skipped));
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-review-token": token },
    body: JSON.stringify({ page, ...body }),
  });
  const data = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (!answer.ok) {
    throw Object.assign(new Error(data.message ?? answer.statusText), { status: answer.status });
  }
  return data;
}

// ---------------------------------------------------------------- images

async function claim() {
  if (claiming || images.length >= AHEAD) return;
  claiming = true;
  try {
    const unsent = outbox.map((answer) => answer.id);
    const held = images.map((image) => image.id);
    const data = await post("/claim", {
      count: AHEAD - images.length, held, skipped: [...skipped, ...unsent].slice(-400),
    });
    const idle = images.length === 0;
    const known = new Set(images.map((image) => image.id));
    images.push(...data.images.filter((image) => !known.has(image.id)).map(load));
    waiting = data.waiting.REVIEW + data.waiting.AUDIT + data.waiting.SECOND_OPINION;
    if (idle) show();
    progress();
  } catch (error) {
    notice(explained(error));
    setTimeout(claim, RETRY_AFTER.at(-1));
  } finally {
    claiming = false;
  }
}

function load(image) {
  image.picture = new Image();
  image.picture.src = `/picture/${image.id}`;
  image.ready = image.picture.decode().catch(() => { image.broken = true; });
  return image;
}

function show() {
  const image = images[0];
  rotation = 0;
  turn();
  element("frame").classList.remove("zoomed");
  element("prediction").hidden = true;
  element("probabilities").setAttribute("aria-expanded", "false");
  for (const button of document.querySelectorAll("section button")) button.disabled = !image;
  element("undo").disabled = history.length === 0;

  if (!image) {
    element("picture").removeAttribute("src");
    element("picture").alt = "";
    element("name").textContent = "";
    element("reason").textContent = "No image waits for a review. New images appear by themselves.";
    element("classes").replaceChildren();
    return;
  }

  element("picture").src = image.picture.src;
  element("picture").alt = `Image ${image.name}`;
  element("name").textContent = image.name;
  element("reason").textContent = REASONS[image.reason];
  element("probabilities").disabled = image.prediction === null;
  classes(image.classes);
  shownAt = performance.now();
  image.ready.then(() => {
    if (image.broken && images[0] === image) {
      element("reason").textContent = "The picture cannot be shown. Answer “Not usable”, or skip it.";
    }
  });
}

function classes(names) {
  const buttons = names.map((name, place) => {
    const button = document.createElement("button");
    const label = document.createElement("span");
    label.textContent = name;
    button.append(label);
    if (place < CLASS_KEYS.length) withKey(button, CLASS_KEYS[place]);
    button.addEventListener("click", () => answer("CLASS", name));
    return button;
  });
  element("classes").replaceChildren(...buttons);
}

function withKey(button, key) {
  const hint = document.createElement("kbd");
  hint.textContent = key;
  button.dataset.key = key;
  button.setAttribute("aria-keyshortcuts", key);
  button.append(hint);
}

// --------------------------------------------------------------- answers

function answer(verdict, name) {
  const image = images.shift();
  if (!image) return;
  const given = {
    answer_id: crypto.randomUUID(), id: image.id, name: image.name, verdict,
    seconds: (performance.now() - shownAt) / 1000, at: Date.now(),
  };
  if (name !== undefined) given.class = name;
  outbox.push(given);
  history.push(given);
  waiting = Math.max(0, waiting - 1);
  keep();
  show();
  progress();
  send();
  claim();
}

async function send() {
  if (sending) return;
  sending = true;
  while (outbox.length > 0) {
    const given = outbox[0];
    try {
      const data = await post("/answer", given);
      if (data.waits_for) waiting += 1; // another reviewer's opinion
      failures = 0;
      notice("");
    } catch (error) {
      if (!settled(error)) {
        notice(explained(error));
        await new Promise((done) => setTimeout(done, RETRY_AFTER[Math.min(failures++, 4)]));
        continue;
      }
      history = history.filter((one) => one.answer_id !== given.answer_id);
      notice(`${given.name}: ${error.message}`);
    }
    outbox = outbox.filter((one) => one.answer_id !== given.answer_id);
    keep();
  }
  sending = false;
}

// Whether sending an answer again would change nothing.
function settled(error) {
  return [400, 409, 410].includes(error.status);
}

async function undo() {
  const last = history.pop();
  if (!last) return;
  keep();
  while (sending && outbox.some((one) => one.answer_id === last.answer_id)) {
    await new Promise((done) => setTimeout(done, 20));
  }
  try {
    const data = await post("/undo", { id: last.id, answer_id: last.answer_id });
    images.unshift(load(data.image));
    waiting += 1;
    show();
    progress();
  } catch (error) {
    if (!settled(error)) history.push(last);
    keep();
    notice(explained(error));
  }
}

function skip() {
  const image = images.shift();
  if (!image) return;
  skipped.push(image.id);
  keep();
  post("/release", { ids: [image.id] }).catch((error) => notice(explained(error)));
  show();
  claim();
}

// ----------------------------------------------------------------- tools

function turn() {
  element("picture").style.transform = rotation ? `rotate(${rotation}deg)` : "";
}

function rotate() {
  rotation = (rotation + 90) % 360;
  turn();
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

function progress() {
  const done = history.length;
  const times = history.slice(-20).map((one) => one.seconds).sort((one, other) => one - other);
  const middle = times[Math.floor(times.length / 2)];
  element("progress").textContent = `${done} answered, ${waiting} waiting`;
  element("pace").textContent = middle === undefined ? "" :
    `${middle.toFixed(1)} s an image, about ${duration(middle * waiting)} left`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function explained(error) {
  const unsent = outbox.length === 1 ? "1 answer is" : `${outbox.length} answers are`;
  const kept = outbox.length ? ` ${unsent} kept in this browser and will be sent.` : "";
  const what = error.status ? error.message : "The review application does not answer. Is it still running?";
  return what + kept;
}

function notice(text) {
  element("notice").textContent = text;
  element("notice").hidden = !text;
}

// ------------------------------------------------------------------ start

const tools = {
  none: () => answer("NONE_OF_THESE"), unusable: () => answer("NOT_USABLE"), undo, skip, rotate,
  zoom: () => element("frame").classList.toggle("zoomed"), probabilities,
};
for (const [id, action] of Object.entries(tools)) {
  const button = element(id);
  withKey(button, button.dataset.key);
  button.addEventListener("click", action);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const key = event.key === "Backspace" ? "z" : event.key.toLowerCase();
  const button = document.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});

window.addEventListener("pagehide", () => {
  const body = JSON.stringify({ page, ids: images.map((image) => image.id) });
  const headers = { "content-type": "application/json", "x-review-token": token };
  fetch("/release", { method: "POST", headers, body, keepalive: true }).catch(() => {});
});

setInterval(() => (images.length < AHEAD ? claim() : renew()), 5000);
let renewed = Date.now();
function renew() {
  if (Date.now() - renewed < RENEW_EVERY) return;
  renewed = Date.now();
  const held = images.map((image) => image.id);
  post("/claim", { count: 0, held, skipped: [] })
    .then((data) => { images = images.filter((image, place) => !place || data.held.includes(image.id)); })
    .catch((error) => notice(explained(error)));
}

keep();
show();
progress();
send();
claim();
