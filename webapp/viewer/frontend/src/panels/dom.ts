// Elements of the side, made short; what did not change keeps its focus.

/** Make an element with words in it. */
export function element<Name extends keyof HTMLElementTagNameMap>(name: Name, looks: string, ...within: (Node | string)[]): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (looks) made.className = looks;
  made.append(...within.filter((one) => one !== ""));
  return made;
}

/** Make a button. */
export function button(looks: string, does: () => void, ...within: (Node | string)[]): HTMLButtonElement {
  const made = element("button", looks, ...within);
  made.type = "button";
  made.addEventListener("click", does);
  return made;
}

/** Put other elements into a box if they tell something else; the control of the same name keeps the focus. */
export function replaced(box: HTMLElement, told: unknown, make: () => Node[]): void {
  const now = JSON.stringify(told);
  if (box.dataset.told === now) return;
  const focused = box.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.name : undefined;
  box.dataset.told = now;
  box.replaceChildren(...make());
  if (focused) box.querySelector<HTMLElement>(`[data-name="${CSS.escape(focused)}"]`)?.focus();
}
