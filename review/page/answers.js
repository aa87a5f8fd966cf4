// Give answers and take them back. The browser keeps each of them until the server has stored it,
// so a lost connection, a reload or a new start of the server loses no answer.
import { claim, countChange, needsCount, needsMore } from "./claims.js";
import { connection, refuse } from "./messages.js";
import { load, plain } from "./pictures.js";
import { keepLists } from "./search.js";
import { RETRY_AFTER, post } from "./server.js";
import { drop, keep, keepSession, pause, state, tell } from "./state.js";

const AT_ONCE = 6; // requests, as many as a browser sends to one host

// Answer an image; return its part of the history.
export function answer(image, verdict, label, seconds, asksAnother = false) {
  const action = {
    kind: "answer",
    answer_id: crypto.randomUUID(),
    id: image.id,
    name: image.name,
    verdict,
    seconds,
    at: Date.now(),
  };
  if (label !== undefined) action.class = label;
  if (asksAnother) action.asks_another = true;
  keep(action);
  state.images = state.images.filter((one) => one.id !== image.id);
  state.session.done += 1;
  return { answer_id: action.answer_id, seconds, image: plain(image) };
}

export function undo() {
  const step = state.session.history.pop();
  if (!step) return;
  const back = step.ids && state.session.wall ? wallAgain(step) : single(step);
  const ids = new Set(back.map((image) => image.id));
  state.images = [...back, ...state.images.filter((one) => !ids.has(one.id))];
  state.session.done = Math.max(0, state.session.done - step.answers.length);
  for (const { answer_id, image } of step.answers) {
    keep({ kind: "undo", answer_id, id: image.id, name: image.name, at: Date.now() });
  }
  moveOn();
}

const single = (step) => step.answers.map(({ image }) => load({ ...image, wall: "" }));

// Build a wall again, with those of its exceptions that are still on hand.
function wallAgain({ answers, ids }) {
  const wall = crypto.randomUUID();
  const exceptions = state.images
    .filter((image) => ids.includes(image.id) && image.prediction)
    .map(plain);
  return [...answers.map((one) => one.image), ...exceptions]
    .sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id))
    .map((image) => load({ ...image, wall }));
}

export function moveOn() {
  keepSession();
  tell("images");
  tell("progress");
  send();
  if (needsMore()) claim();
}

export async function send() {
  if (state.sending || !state.outbox.length) return;
  state.sending = true;
  let failures = 0;
  while (state.outbox.length > 0) {
    const errors = (await Promise.all(nextActions().map(sendOne))).filter(Boolean);
    connection(errors[0] ?? true);
    if (errors.length) await pause(RETRY_AFTER[Math.min(failures++, 3)]);
    else failures = 0;
  }
  state.sending = false;
  if (needsCount()) claim();
}

// The answers to different images are sent at the same time, those to one image in their order.
function nextActions() {
  const first = state.outbox.slice(0, AT_ONCE);
  return first.filter((action) => action === first.find((one) => one.id === action.id));
}

// Send an answer or an undo; return the error that may pass.
async function sendOne(action) {
  const { kind, ...body } = action;
  countChange();
  try {
    confirmed(action, await post(`/${kind}`, body));
  } catch (error) {
    if (!isFinal(error)) return error;
    refused(action, error);
  }
  drop(action);
}

// Whether sending again would change nothing.
function isFinal(error) {
  return [400, 409, 410].includes(error.status);
}

function confirmed(action, data) {
  countChange();
  const isUndo = action.kind === "undo";
  if (state.waiting !== null) state.waiting += isUndo ? 1 : data.waits_for ? 0 : -1;
  if (!isUndo) return;
  keepLists(data.class_lists);
  const image = state.images.find((one) => one.id === action.id);
  if (!image) return;
  Object.assign(image, data.image); // it may be a second opinion by now
  if (image.wall && !image.prediction) removeFromWall(image);
  tell("image", image);
  tell("progress");
}

// A second opinion is blind, so its image is shown alone, after the wall.
function removeFromWall(image) {
  const rest = state.images.filter((one) => one !== image);
  state.images = [...rest, load({ ...plain(image), wall: "" })];
  tell("images");
}

function refused(action, error) {
  if (action.kind === "undo") return; // the server has undone it before
  const { session } = state;
  for (const step of session.history) {
    const before = step.answers.length;
    step.answers = step.answers.filter((one) => one.answer_id !== action.answer_id);
    session.done -= before - step.answers.length;
  }
  session.history = session.history.filter((step) => step.answers.length);
  state.outbox
    .filter((one) => one.kind === "undo" && one.answer_id === action.answer_id)
    .forEach(drop);
  keepSession();
  refuse(action.name, error.message);
  tell("images");
  tell("progress");
}
