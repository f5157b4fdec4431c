// The brush: what is being outlined and how wide the brush is, and what the AI missed, which the reader names here.

import type { Series } from "../api/study.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import { BRUSH_RADII } from "../segmentation/brush.ts";
import type { SegmentationEditor } from "../segmentation/SegmentationEditor.ts";
import type { ReaderSegmentation, SegmentationStore } from "../segmentation/SegmentationStore.ts";
import { button, element, replaceIfChanged } from "./dom.ts";

export class SegmentationPanel {
  private readonly controller: ViewerController;
  private readonly segmentations: SegmentationStore;
  private readonly editor: SegmentationEditor;
  private readonly status = element("p", "quiet");
  private readonly size = element("input", "");
  private readonly width = element("span", "");
  private readonly missed = element("ul", "missed");
  private readonly label = element("input", "");

  constructor(box: HTMLElement, controller: ViewerController, segmentations: SegmentationStore, editor: SegmentationEditor) {
    this.controller = controller;
    this.segmentations = segmentations;
    this.editor = editor;
    this.status.setAttribute("role", "status");
    Object.assign(this.size, { type: "range", min: "0", max: String(BRUSH_RADII.length - 1) });
    this.size.dataset.name = "brush size";
    this.width.textContent = "Brush"; // its label, before a series is shown
    this.size.addEventListener("input", () => editor.changeRadius(Number(this.size.value) - editor.brushSize));
    Object.assign(this.label, { maxLength: 80, placeholder: "What is it?", autocomplete: "off" });
    this.label.setAttribute("aria-label", "What did the AI miss?");
    this.label.addEventListener("keydown", (event) => { if (event.key === "Enter") this.outlineMissed(); });
    const nothing = button("outline", () => void editor.markEmpty(), "Nothing to outline here ", element("kbd", "", "N"));
    const form = element("div", "missing", this.label, button("outline", () => this.outlineMissed(), "Outline what the AI missed"));
    box.append(element("h2", "", "Outline ", element("kbd", "", "E")), this.status, element("label", "fader", this.width, this.size), nothing, this.missed, form);
  }

  update(): void {
    const { editor, controller: { viewports, active } } = this;
    if (!viewports.length) return;
    this.status.textContent = editor.status();
    this.width.textContent = `Brush: ${editor.brushWidth()}`;
    this.size.value = String(editor.brushSize);
    const { displaySet } = active;
    const missed = displaySet && !displaySet.isPrior ? this.segmentations.missedOn(displaySet.series.id) : [];
    replaceIfChanged(this.missed, missed.map((own) => own.map(({ id, label, revision }) => [id, label, revision])), () => missed.map((own) => this.missedItem(own, displaySet?.series as Series)));
  }

  /** Start to outline what the reader has named. */
  private outlineMissed(): void {
    const label = this.label.value.trim();
    if (!label) {
      this.label.focus();
      this.controller.say("First name what the AI missed, then outline it.");
      return;
    }
    this.label.value = "";
    this.editor.edit({ finding: null, missed: null, label });
  }

  /** One thing that the AI missed: a click goes to where it was outlined first, and starts the brush on it. */
  private missedItem(own: readonly ReaderSegmentation[], series: Series): HTMLElement {
    const located = own.map((one) => ({ one, imageIndex: series.images.findIndex(({ sop, frame }) => sop === one.sop && frame === one.frame) }));
    const [{ one: first, imageIndex }] = located as [(typeof located)[0]];
    const { label, missed } = own.at(-1) as ReaderSegmentation;
    const [x0, y0, x1, y1] = first.box ?? [0, 0, 0, 0];
    const slices = located.map((one) => one.imageIndex + 1).sort((one, other) => one - other);
    const where = series.images.length > 1 ? `slice${slices.length > 1 ? "s" : ""} ${slices.join(", ")}` : "";
    const show = async (): Promise<void> => {
      await this.controller.showImage(series, imageIndex, [(x0 + x1) / 2, (y0 + y1) / 2]);
      this.editor.edit({ finding: null, missed, label });
    };
    const item = button("finding", () => void show(),
      element("b", "", label), element("span", "quiet", ["outlined by you, missed by the AI", where].filter(Boolean).join(" · ")));
    item.dataset.name = `missed ${missed}`;
    return element("li", "", item);
  }
}
