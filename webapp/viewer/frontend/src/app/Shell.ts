// The page round the wall: bar, series, help, and the line that says what just happened.

import { Side } from "../panels/SidePanel.ts";
import type { Reading } from "../controller/ViewerController.ts";
import { COMMANDS, done, type Command } from "../commands/commands.ts";
import { helpFilled } from "../panels/helpDialog.ts";
import { keysBound } from "../commands/keyboard.ts";
import { SeriesList } from "../panels/SeriesPanel.ts";
import { Toolbar } from "../panels/Toolbar.ts";

const SAID_MS = 4000;

export class Page {
  readonly grid: HTMLElement;
  /** Where the study's data came from. */
  readonly address: string;
  private readonly element: HTMLElement;
  private readonly said: HTMLElement;
  private silence = 0;
  private renewing = 0;
  private parts: { renew(): void }[] = [];

  constructor(element: HTMLElement) {
    this.element = element;
    this.address = element.dataset.address as string;
    this.grid = element.querySelector("#wall") as HTMLElement;
    this.said = element.querySelector("#said") as HTMLElement;
  }

  /** Everything that needs to know the study. */
  begin(reading: Reading): void {
    const help: Command = { id: "help", title: "This help", group: "Go", keys: ["?"], run: () => dialog.showModal() };
    const all = [...COMMANDS, help];
    const dialog = this.element.querySelector("#help") as HTMLDialogElement;
    const run = (command: Command): void => done(command, reading);
    helpFilled(dialog, all, (key) => reading.data.presets.find((one) => one.key === key)?.title ?? "");
    keysBound(all, run);
    this.element.querySelector("[data-help]")?.addEventListener("click", () => dialog.showModal());
    this.parts = [
      new Toolbar(this.element.querySelector("#tools") as HTMLElement, reading, run),
      new SeriesList(this.element.querySelector("#series") as HTMLElement, reading),
      new Side(this.element.querySelector("#side") as HTMLElement, reading),
    ];
    this.grid.replaceChildren();
  }

  /** Bring bar and series up to date, once however much changed. */
  renew(): void {
    cancelAnimationFrame(this.renewing);
    this.renewing = requestAnimationFrame(() => { for (const part of this.parts) part.renew(); });
  }

  /** Say something in passing. */
  say(sentence: string): void {
    clearTimeout(this.silence);
    this.said.textContent = sentence;
    this.said.hidden = false;
    this.silence = window.setTimeout(() => { this.said.hidden = true; }, SAID_MS);
  }

  /** Say why there is nothing to read. */
  cannot(sentence: string): void {
    const box = document.createElement("div");
    box.className = "notice-over is-covering";
    const text = document.createElement("p");
    text.textContent = `The study cannot be opened. ${sentence}`;
    const retry = document.createElement("button");
    retry.type = "button";
    retry.textContent = "Retry";
    retry.addEventListener("click", () => location.reload());
    box.setAttribute("role", "alert");
    box.append(text, retry);
    this.grid.replaceChildren(box);
  }
}
