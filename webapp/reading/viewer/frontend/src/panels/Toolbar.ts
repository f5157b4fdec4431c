// The toolbar, made from the table of commands.

import type { Preset } from "../api/study.ts";
import type { Command, CommandContext } from "../commands/commands.ts";
import { keyCaps } from "../commands/keyboard.ts";
import { LAYOUTS, type Layout } from "../hanging/layouts.ts";
import sprite from "./icons.svg";

const GROUP_ORDER: Command["group"][] = ["Look", "Measure", "Outline", "Image", "Wall"];

export class Toolbar {
  private readonly bar: HTMLElement;
  private readonly commands: readonly Command[];
  private readonly context: CommandContext;
  private readonly presets = document.createElement("select");
  private readonly layouts = document.createElement("select");

  constructor(bar: HTMLElement, commands: readonly Command[], context: CommandContext, run: (command: Command) => void) {
    this.bar = bar;
    this.commands = commands;
    this.context = context;
    for (const group of GROUP_ORDER) {
      const box = document.createElement("div");
      box.className = "tools";
      box.append(...commands.filter((one) => one.group === group && one.icon).map((command) => commandButton(command, run)));
      if (group === "Look") box.append(this.presets);
      if (group === "Wall") box.append(this.layouts);
      bar.append(box);
    }
    this.presets.setAttribute("aria-label", "Window preset");
    this.presets.addEventListener("change", () => this.applyPreset());
    this.layouts.setAttribute("aria-label", "Layout");
    this.layouts.append(...LAYOUTS.map((layout) => new Option(layout.replace("x", " × "), layout)));
    this.layouts.addEventListener("change", () => context.controller.setLayout(this.layouts.value as Layout));
  }

  /** Show which tool and which layout are chosen, and which presets there are. */
  update(): void {
    const { controller } = this.context;
    const isReady = controller.viewports.length > 0;
    for (const { id, isOn } of this.commands) {
      if (isOn && isReady) this.commandButton(id)?.setAttribute("aria-pressed", String(isOn(this.context)));
    }
    const planes = this.commandButton("planes");
    if (planes && isReady) {
      const reason = controller.mpr ? "" : controller.reasonNoMpr();
      planes.title = reason || "Three planes (MPR) with a crosshair (f)";
      planes.setAttribute("aria-disabled", String(reason !== ""));
    }
    this.layouts.value = controller.layout;
    const presets = isReady ? controller.presets() : [];
    this.presets.hidden = presets.length === 0;
    this.presets.replaceChildren(new Option("Preset", ""), ...presets.map(presetOption));
  }

  private commandButton(id: string): HTMLElement | null {
    return this.bar.querySelector<HTMLElement>(`[data-command="${id}"]`);
  }

  private applyPreset(): void {
    const { controller } = this.context;
    const preset = controller.presets().find((one) => one.id === this.presets.value);
    if (preset) controller.applyPreset(preset);
    controller.active.root.focus();
  }
}

function presetOption(preset: Preset): HTMLOptionElement {
  return new Option(`${preset.title} (${preset.width}/${preset.level})`, preset.id);
}

function commandButton(command: Command, run: (command: Command) => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.command = command.id;
  button.title = `${command.title} (${command.keys.map((key) => keyCaps(key).join("+")).join(", ")})`;
  button.setAttribute("aria-label", command.title);
  if (command.isOn) button.setAttribute("aria-pressed", "false");
  button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sprite}#${command.icon}"/></svg>`;
  button.addEventListener("click", () => run(command));
  return button;
}
