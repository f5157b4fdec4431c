// Beside the wall: what the AI found on the active viewport's series, what is drawn, and the reader's own marks.

import { OutlinePanel } from "../outlines/panel.ts";
import { store } from "../outlines/store.ts";
import { mayMark } from "../page/rights.ts";
import { keeper } from "../marks/index.ts";
import { Saved } from "../marks/saved.ts";
import type { Reading } from "../reading/reading.ts";
import { Findings } from "./findings.ts";
import { Legend } from "./legend.ts";
import { News } from "./news.ts";
import { shown } from "./shown.ts";

export class Side {
  private readonly parts: { renew(): void }[];
  private asked = 0;

  constructor(side: HTMLElement, reading: Reading) {
    const news = new News(reading);
    const sections = ["findings", "saved", "legend"].map((name) => {
      const section = document.createElement("section");
      section.className = `side-${name}`;
      return section;
    }) as [HTMLElement, HTMLElement, HTMLElement];
    side.append(...sections);
    const outline = document.createElement("section");
    outline.className = "side-outline";
    this.parts = [new Findings(sections[0], reading, news), new Saved(sections[1], reading), new Legend(sections[2], reading)];
    if (mayMark) {
      sections[0].after(outline);
      this.parts.push(new OutlinePanel(outline, reading));
    }
    store.addEventListener("change", () => this.renew());
    for (const kind of ["change", "image"]) shown.addEventListener(kind, () => this.renew());
    keeper.addEventListener("change", () => this.renew());
    this.renew();
  }

  /** Bring all of it up to date, once however much changed. */
  renew(): void {
    cancelAnimationFrame(this.asked);
    this.asked = requestAnimationFrame(() => { for (const part of this.parts) part.renew(); });
  }
}
