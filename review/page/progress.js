// The line of counts, and the pace of this tab.
import { element, on, state } from "./state.js";

const LATEST = 20; // answers that the pace is the median of

// The server's count, less the answers that it has not confirmed.
export function progress() {
  const { history, done } = state.session;
  const unsent = state.outbox.reduce((sum, one) => sum + (one.kind === "undo" ? -1 : 1), 0);
  const left = state.waiting === null ? null : Math.max(0, state.waiting - unsent);
  const answers = history.slice(-LATEST).flatMap((step) => step.answers).slice(-LATEST);
  const times = answers.map((one) => one.seconds).sort((one, other) => one - other);
  const middle = times[Math.floor(times.length / 2)];
  element("progress").textContent = left === null ? "" : `${done} answered, ${left} waiting`;
  element("pace").textContent = middle === undefined || !left ? "" :
    `${middle.toFixed(1)} s an image, about ${duration(middle * left)} left`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

on("progress", progress);
