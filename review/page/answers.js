// Give answers and take them back. The browser keeps each of them until the server has stored it,
// so a lost connection, a reload or a new start of the server loses no answer.
import { claim, countChange, needsCount, needsMore } from "./claims.js";
import { connection, refuse } from "./messages.js";
import { load, plain } from "./pictures.js";
import { RETRY_AFTER, post } from "./server.js";
import { drop, keep, keepSession, pause, state, tell } from "./state.js";

// Answer an image; return its part of the history.
export function answer(image, verdict, label, seconds) {
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
  keep(action);
  state.images = state.images.filter((one) => one.id !== image.id);
  state.session.done += 1;
  return { answer_id: action.answer_id, seconds, image: plain(image) };
}

export function undo() {
  const step = state.session.history.pop();
  if (!step) return;
  const back = step.answers.map((one) => load(one.image));
  const ids = new Set(back.map((image) => image.id));
  state.images = [...back, ...state.images.filter((one) => !ids.has(one.id))];
  state.session.done = Math.max(0, state.session.done - back.length);
  for (const { answer_id, image } of step.answers) {
    keep({ kind: "undo", answer_id, id: image.id, name: image.name, at: Date.now() });
  }
  moveOn();
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
    const action = state.outbox[0];
    const { kind, ...body } = action;
    countChange();
    try {
      confirmed(action, await post(`/${kind}`, body));
      failures = 0;
      connection(true);
    } catch (error) {
      if (!isFinal(error)) {
        connection(error);
        await pause(RETRY_AFTER[Math.min(failures++, 3)]);
        continue;
      }
      refused(action, error);
    }
    drop(action);
  }
  state.sending = false;
  if (needsCount()) claim();
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
  const image = state.images.find((one) => one.id === action.id);
  if (!image) return;
  Object.assign(image, data.image); // it may be a second opinion by now
  tell("image", image);
  tell("progress");
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
