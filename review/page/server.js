// Requests to the review application.
import { SCOPE, meta, state } from "./state.js";

export const RETRY_AFTER = [250, 500, 1000, 2000]; // milliseconds
export const PATIENCE = 30_000; // milliseconds until a request has failed

let token = meta("review-token");
let leaving = false; // whether the reviewer opens another address, which a reload would interrupt
window.addEventListener("beforeunload", () => { leaving = true; });

export async function post(path, body, mayRenew = true) {
  const answer = await fetch(path, {
    ...request(body),
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

// Send a request that outlives the page, and ignore its answer.
export function postAtLast(path, body) {
  fetch(path, { ...request(body), keepalive: true }).catch(() => {});
}

function request(body) {
  return {
    method: "POST",
    headers: { "content-type": "application/json", "x-review-token": token },
    body: JSON.stringify({ page: state.session.page, ...body }),
  };
}

// Another tab that opened the new address has set the new cookie: take the new token from its page.
async function renewToken() {
  const answer = await fetch("/", { signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (meta("review-scope", fresh) !== SCOPE) { // another reviewer or service
    if (!leaving) location.reload();
    return false;
  }
  token = meta("review-token", fresh);
  return Boolean(token);
}
