// One listener for all keys. A key typed into a field is text, and a key that a control handles is left to the control.

import type { Command } from "./commands.ts";

const TEXT_FIELDS = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";
const PRESSABLE = "button, a[href], summary, [role=option]";

/** Return a key press as the table of commands writes it. */
export function keyOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey">): string {
  const key = event.key.toLowerCase();
  const isNamed = key.length > 1 || /^[a-z]$/.test(key); // "?" and "+" need Shift on some keyboards and not on others
  return `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.shiftKey && isNamed ? "shift+" : ""}${key}`;
}

/** Return the command of each key; two commands on one key are a mistake in the table. */
function keyMap(commands: readonly Command[]): Map<string, Command> {
  const map = new Map<string, Command>();
  for (const command of commands) {
    for (const key of command.keys) {
      if (map.has(key)) throw new Error(`Two commands on the key ${key}.`);
      map.set(key, command);
    }
  }
  return map;
}

/** Run a command on each key press. In the capture phase, since Cornerstone's own listener takes every key while an image has the focus. */
export function bindKeys(commands: readonly Command[], run: (command: Command) => void): void {
  const map = keyMap(commands);
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
    if (target.closest(TEXT_FIELDS)) return;
    const key = keyOf(event);
    if ((key === " " || key === "enter") && target.closest(PRESSABLE)) return;
    const command = map.get(key);
    if (!command) return;
    event.preventDefault();
    run(command);
  }, { capture: true });
}

const KEY_NAMES: Record<string, string> = {
  " ": "Space", arrowup: "↑", arrowdown: "↓", arrowleft: "←", arrowright: "→", pageup: "PgUp", pagedown: "PgDn",
  home: "Home", end: "End", escape: "Esc", delete: "Del", backspace: "⌫", ctrl: "Ctrl", shift: "Shift",
};

/** Return the key caps of a key, as they are printed on a keyboard. */
export function keyCaps(key: string): string[] {
  if (key === "+") return ["+"];
  return key.split("+").map((part) => KEY_NAMES[part] ?? part);
}
