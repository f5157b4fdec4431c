// Beside the wall: what the AI found on the active viewport's series, what is drawn, and the reader's own marks.

import { OutlinePanel } from "./SegmentationPanel.ts";
import { store } from "../segmentation/SegmentationStore.ts";
import { mayMark } from "../app/rights.ts";
import { keeper } from "../annotations/index.ts";
import { Saved } from "./AnnotationPanel.ts";
import type { Reading } from "../controller/ViewerController.ts";
import { Findings } from "./FindingsPanel.ts";
import { Legend } from "./LegendPanel.ts";
import { News } from "../controller/AnalysisPolling.ts";
import { shown } from "../controller/Visibility.ts";

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
