// The row of tools, made from the table of commands.

import { LAYOUTS, type Layout, type Reading } from "../controller/ViewerController.ts";
import { presetApplied } from "../hanging/presets.ts";
import type { Preset } from "../api/study.ts";
import { type Command, COMMANDS } from "../commands/commands.ts";
import sprite from "./icons.svg";
import { capsOf } from "../commands/keyboard.ts";

const ORDER: Command["group"][] = ["Look", "Measure", "Outline", "Image", "Wall"];

export class Toolbar {
  private readonly bar: HTMLElement;
  private readonly reading: Reading;
  private readonly presets = document.createElement("select");
  private readonly layouts = document.createElement("select");

  constructor(bar: HTMLElement, reading: Reading, run: (command: Command) => void) {
    this.bar = bar;
    this.reading = reading;
    for (const group of ORDER) {
      const box = document.createElement("div");
      box.className = "tools";
      box.append(...COMMANDS.filter((one) => one.group === group && one.icon).map((command) => buttonOf(command, run)));
      if (group === "Look") box.append(this.presets);
      if (group === "Wall") box.append(this.layouts);
      bar.append(box);
    }
    this.presets.setAttribute("aria-label", "Window preset");
    this.presets.addEventListener("change", () => this.chosen());
    this.layouts.setAttribute("aria-label", "Layout");
    this.layouts.append(...LAYOUTS.map((layout) => new Option(layout.replace("x", " × "), layout)));
    this.layouts.addEventListener("change", () => reading.arrange(this.layouts.value as Layout));
  }

  /** Show which tool is active, which layout, and which presets there are. */
  renew(): void {
    for (const command of COMMANDS) {
      if (command.isOn && this.reading.cells.length) {
        this.bar.querySelector(`[data-command="${command.id}"]`)?.setAttribute("aria-pressed", String(command.isOn(this.reading)));
      }
    }
    const planes = this.bar.querySelector<HTMLElement>('[data-command="planes"]');
    if (planes && this.reading.cells.length) {
      const why = this.reading.planes ? "" : this.reading.whyNoPlanes();
      planes.title = why || "Three planes with a crosshair (f)";
      planes.setAttribute("aria-disabled", String(why !== ""));
    }
    this.layouts.value = this.reading.layout;
    const presets = this.reading.cells.length ? this.reading.presets() : [];
    this.presets.hidden = presets.length === 0;
    this.presets.replaceChildren(new Option("Preset", ""), ...presets.map(optionOf));
  }

  private chosen(): void {
    const preset = this.reading.presets().find((one) => one.id === this.presets.value);
    if (preset && this.reading.planes) this.reading.planes.preset(preset);
    else if (preset) this.reading.change((cell) => presetApplied(cell, preset));
    this.reading.active.root.focus();
  }
}

function optionOf(preset: Preset): HTMLOptionElement {
  return new Option(`${preset.title} (${preset.width}/${preset.level})`, preset.id);
}

function buttonOf(command: Command, run: (command: Command) => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.command = command.id;
  button.title = `${command.title} (${command.keys.map((key) => capsOf(key).join("+")).join(", ")})`;
  button.setAttribute("aria-label", command.title);
  if (command.isOn) button.setAttribute("aria-pressed", "false");
  button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite}#${command.icon}"/></svg>`;
  button.addEventListener("click", () => run(command));
  return button;
}
