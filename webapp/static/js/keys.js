// One listener for the keys of a page. A key typed into a field is text, not a command.

const WRITES = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";

/** Bind keys (KeyboardEvent.key) to actions; an action that returns false leaves the key to the browser. */
export function bindKeys(bindings) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(WRITES) || document.querySelector("dialog[open]")) return;
    const action = bindings[event.key];
    if (action && action(event) !== false) event.preventDefault();
  });
}
