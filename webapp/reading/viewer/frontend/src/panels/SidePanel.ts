// The panels beside the images: AI findings, the brush, annotations, and the legend of the overlays.

import type { AnnotationStore } from "../annotations/AnnotationStore.ts";
import type { SyncQueue } from "../annotations/SyncQueue.ts";
import type { AnalysisPolling } from "../controller/AnalysisPolling.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import type { Visibility } from "../controller/Visibility.ts";
import type { DicomSegStore } from "../segmentation/DicomSegStore.ts";
import type { SegmentationEditor } from "../segmentation/SegmentationEditor.ts";
import type { SegmentationStore } from "../segmentation/SegmentationStore.ts";
import { AnnotationPanel } from "./AnnotationPanel.ts";
import { FindingsPanel } from "./FindingsPanel.ts";
import { LegendPanel } from "./LegendPanel.ts";
import { SegmentationPanel } from "./SegmentationPanel.ts";

interface SideSources {
  controller: ViewerController;
  visibility: Visibility;
  queue: SyncQueue;
  annotations: AnnotationStore;
  segmentations: SegmentationStore;
  editor: SegmentationEditor;
  dicomSegs: DicomSegStore;
  polling: AnalysisPolling;
  /** False for an auditor, who has no tools for annotations. */
  mayAnnotate: boolean;
}

export class SidePanel {
  private readonly panels: { update(): void }[] = [];
  private frame = 0;

  constructor(side: HTMLElement, sources: SideSources) {
    const { controller, visibility, queue, annotations, segmentations, editor, dicomSegs, mayAnnotate } = sources;
    const section = (name: string): HTMLElement => {
      const box = document.createElement("section");
      box.className = `side-${name}`;
      side.append(box);
      return box;
    };
    this.panels.push(new FindingsPanel(section("findings"), sources));
    if (mayAnnotate) this.panels.push(new SegmentationPanel(section("outline"), controller, segmentations, editor));
    this.panels.push(new AnnotationPanel(section("saved"), controller, annotations, queue));
    this.panels.push(new LegendPanel(section("legend"), controller, visibility, dicomSegs));
    const emitters: { on(kind: "changed", listener: () => void): void }[] = [controller, visibility, queue, annotations, segmentations, editor, dicomSegs];
    for (const emitter of emitters) emitter.on("changed", () => this.update());
    controller.on("viewportAdded", (viewport) => viewport.on("imageShown", () => this.update()));
    this.update();
  }

  /** Update all panels, once for each frame however much has changed. */
  private update(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => { for (const panel of this.panels) panel.update(); });
  }
}
