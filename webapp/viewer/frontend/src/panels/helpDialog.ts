// The page behind `?`: every command with its keys, made from the table.

import type { Command } from "../commands/commands.ts";
import { capsOf } from "../commands/keyboard.ts";

const GROUPS: [Command["group"], string][] = [
  ["Image", "Images"], ["Look", "Look"], ["Measure", "Measure"], ["Outline", "Outline"], ["Wall", "Viewports and series"], ["Go", "Go"],
];

/** Fill the dialog; `presetTitle` names what lies on a preset's key. */
export function helpFilled(dialog: HTMLDialogElement, commands: readonly Command[], presetTitle: (key: string) => string): void {
  const lists = dialog.querySelector(".helps") as HTMLElement;
  lists.replaceChildren(
    ...GROUPS.map(([group, title]) => {
      const section = document.createElement("section");
      const heading = document.createElement("h3");
      heading.textContent = title;
      const list = document.createElement("dl");
      for (const command of commands.filter((one) => one.group === group && one.keys.length)) list.append(...lineOf(command, presetTitle));
      section.append(heading, list);
      return section;
    }),
  );
}

function lineOf(command: Command, presetTitle: (key: string) => string): HTMLElement[] {
  const term = document.createElement("dt");
  command.keys.forEach((key, index) => {
    if (index) term.append(" or ");
    for (const cap of capsOf(key)) {
      const kbd = document.createElement("kbd");
      kbd.textContent = cap;
      term.append(kbd, " ");
    }
  });
  const meaning = document.createElement("dd");
  const named = command.id.startsWith("preset-") ? presetTitle(command.keys[0] ?? "") : "";
  meaning.textContent = named ? `${command.title}: ${named}` : command.title;
  return [term, meaning];
}
