// The two lines above the images: trouble with the connection, and answers that were refused.
import { element, state, tell } from "./state.js";

let refusals = []; // { name, message }, until the reviewer closes the line

// Report the end of a request: true, or the error.
export function connection(reached) {
  const text = reached === true ? "" : trouble(reached);
  const changed = !state.connection !== !text;
  state.connection = text;
  if (element("notice").textContent !== text) element("notice").textContent = text;
  element("notice").hidden = !text;
  if (changed) tell("connection");
}

function trouble(error) {
  const number = state.outbox.filter((action) => action.kind === "answer").length;
  const unsent = number === 1 ? " 1 answer is" : ` ${number} answers are`;
  const safe = number ? `${unsent} kept in this browser and will be sent.` : "";
  const silent = "The review application does not answer. Is it still running?";
  return (error.status ? error.message : silent) + safe;
}

// Name an image whose answer or lease is lost. Images with the same message share a line.
export function refuse(name, message) {
  refusals = [...refusals.filter((one) => one.name !== name), { name, message }];
  const lines = Map.groupBy(refusals, (one) => one.message);
  const texts = [...lines].map(([text, ones]) =>
    `${ones.map((one) => one.name).sort().join(", ")}: ${text}`);
  element("refused").textContent = texts.join(" ");
  element("refusal").hidden = false;
}

export function dismiss() {
  refusals = [];
  element("refusal").hidden = true;
  element("refused").textContent = "";
}
