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
  const key = event.key.toLowerCase();
  const wanted = ALIASES[key] ?? key;
  const button = buttons().find((one) => one.dataset.key === wanted && one.checkVisibility());
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
}
