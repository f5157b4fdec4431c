// The help dialog: every command with its keys, made from the table of commands.

import type { Command } from "../commands/commands.ts";
import { keyCaps } from "../commands/keyboard.ts";

const GROUPS: [Command["group"], string][] = [
  ["Image", "Images"], ["Look", "View"], ["Measure", "Measure"], ["Outline", "Outline"], ["Wall", "Viewports and series"], ["Go", "Go"],
];

/** Fill the dialog; `presetTitle` returns the preset on a key, "" where there is none. */
export function fillHelpDialog(dialog: HTMLDialogElement, commands: readonly Command[], presetTitle: (key: string) => string): void {
  const sections = dialog.querySelector(".helps") as HTMLElement;
  sections.replaceChildren(
    ...GROUPS.map(([group, title]) => {
      const section = document.createElement("section");
      const heading = document.createElement("h3");
      heading.textContent = title;
      const list = document.createElement("dl");
      for (const command of commands.filter((one) => one.group === group && one.keys.length)) list.append(...commandLine(command, presetTitle));
      section.append(heading, list);
      return section;
    }),
  );
}

function commandLine(command: Command, presetTitle: (key: string) => string): HTMLElement[] {
  const keys = document.createElement("dt");
  command.keys.forEach((key, index) => {
    if (index) keys.append(" or ");
    for (const cap of keyCaps(key)) {
      const kbd = document.createElement("kbd");
      kbd.textContent = cap;
      keys.append(kbd, " ");
    }
  });
  const description = document.createElement("dd");
  const preset = command.id.startsWith("preset-") ? presetTitle(command.keys[0] ?? "") : "";
  description.textContent = preset ? `${command.title}: ${preset}` : command.title;
  return [keys, description];
}
