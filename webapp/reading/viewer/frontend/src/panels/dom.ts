// Short ways to create elements, and to update them without losing the focus.

/** Create an element with text and other elements in it. */
export function element<Name extends keyof HTMLElementTagNameMap>(name: Name, className: string, ...content: (Node | string)[]): HTMLElementTagNameMap[Name] {
  const created = document.createElement(name);
  if (className) created.className = className;
  created.append(...content.filter((one) => one !== ""));
  return created;
}

/** Create a button. */
export function button(className: string, onClick: () => void, ...content: (Node | string)[]): HTMLButtonElement {
  const created = element("button", className, ...content);
  created.type = "button";
  created.addEventListener("click", onClick);
  return created;
}

/** Fill a box anew if its `state` has changed; the focus returns to the control with the same `data-name`. */
export function replaceIfChanged(box: HTMLElement, state: unknown, create: () => Node[]): void {
  const now = JSON.stringify(state);
  if (box.dataset.told === now) return;
  const focused = box.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.name : undefined;
  box.dataset.told = now;
  box.replaceChildren(...create());
  if (focused) box.querySelector<HTMLElement>(`[data-name="${CSS.escape(focused)}"]`)?.focus();
}
