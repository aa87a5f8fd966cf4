// One key for each button. A key presses the visible button that shows it.

const ALIASES = { backspace: "z" };

const buttons = () => [...document.querySelectorAll("button[data-key]")];

export function withKey(button, key = button.dataset.key) {
  const hint = document.createElement("kbd");
  hint.textContent = key;
  hint.setAttribute("aria-hidden", "true");
  button.dataset.key = key;
  button.setAttribute("aria-keyshortcuts", key);
  button.append(hint);
}

export function reservedKeys() {
  return buttons().map((button) => button.dataset.key);
}

export function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest?.("input")) return; // letters are text there
  const key = event.key.toLowerCase();
  if (key === "enter" && event.target.closest?.("button, a")) return; // it has its own action
  const visible = buttons().filter((one) => one.checkVisibility());
  const find = (wanted) => visible.find((one) => one.dataset.key.toLowerCase() === wanted);
  const button = find(key) ?? find(ALIASES[key]);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
}
