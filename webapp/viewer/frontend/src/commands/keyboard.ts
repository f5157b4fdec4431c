// One listener for all keys. A key typed into a field is text, and a key that a control understands is the control's.

import type { Command } from "./commands.ts";

const WRITES = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";
const PRESSES = "button, a[href], summary, [role=option]";

/** Return how a press is written in the table of commands. */
export function keyOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey">): string {
  const key = event.key.toLowerCase();
  const isNamed = key.length > 1 || /^[a-z]$/.test(key); // "?" and "+" need Shift on some keyboards and not on others
  return `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.shiftKey && isNamed ? "shift+" : ""}${key}`;
}

/** Return the command of each key; two commands on one key are a mistake in the table. */
export function keyMap(commands: readonly Command[]): Map<string, Command> {
  const map = new Map<string, Command>();
  for (const command of commands) {
    for (const key of command.keys) {
      if (map.has(key)) throw new Error(`Two commands on the key ${key}.`);
      map.set(key, command);
    }
  }
  return map;
}

/** Listen; `run` does a command. Before Cornerstone, whose own listener takes every key that an image has the focus of. */
export function keysBound(commands: readonly Command[], run: (command: Command) => void): void {
  const map = keyMap(commands);
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
    if (target.closest(WRITES)) return;
    const key = keyOf(event);
    if ((key === " " || key === "enter") && target.closest(PRESSES)) return;
    const command = map.get(key);
    if (!command) return;
    event.preventDefault();
    run(command);
  }, { capture: true });
}

const NAMES: Record<string, string> = {
  " ": "Space", arrowup: "↑", arrowdown: "↓", arrowleft: "←", arrowright: "→", pageup: "PgUp", pagedown: "PgDn",
  home: "Home", end: "End", escape: "Esc", delete: "Del", backspace: "⌫", ctrl: "Ctrl", shift: "Shift",
};

/** Return the caps of a key as they are printed on it. */
export function capsOf(key: string): string[] {
  if (key === "+") return ["+"];
  return key.split("+").map((part) => NAMES[part] ?? part);
}
