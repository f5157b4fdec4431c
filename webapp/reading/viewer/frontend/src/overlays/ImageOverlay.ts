// What is drawn over the image of one viewport, in the pixels of that image: a matrix aligns all of it with the image, so
// that it follows zoom, pan, flip and rotation.

import type { Finding, Series } from "../api/study.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import type { OverlayKind, Visibility } from "../controller/Visibility.ts";
import type { DicomSegStore } from "../segmentation/DicomSegStore.ts";
import { fetchMask, maskImageUrl } from "../segmentation/maskCanvas.ts";
import type { SegmentationEditor } from "../segmentation/SegmentationEditor.ts";
import type { ReaderSegmentation, SegmentationStore } from "../segmentation/SegmentationStore.ts";
import type { Viewport } from "../viewport/Viewport.ts";
import { layOutLabel, LINE_HEIGHT, positionLabel, type LabelLayout } from "./label.ts";

const SVG = "http://www.w3.org/2000/svg";
/** From bottom to top. */
const DRAWN_KINDS = ["heat", "mask", "segment", "outline", "box"] as const satisfies readonly OverlayKind[];
type DrawnKind = (typeof DRAWN_KINDS)[number];
type Box = readonly [number, number, number, number];
type Point = readonly [number, number];
type Attributes = Record<string, string | number>;

/** Where what is drawn comes from. */
interface OverlaySources {
  controller: ViewerController;
  visibility: Visibility;
  segmentations: SegmentationStore;
  editor: SegmentationEditor;
  dicomSegs: DicomSegStore;
}

interface Label {
  text: SVGTextElement;
  caption: string;
  layout?: LabelLayout;
  /** What it names, in pixels of the image. */
  box: Box;
  /** A reader's label stands below, the AI's above. */
  isBelow?: boolean;
}

/** Colours of readers' segmentations: one's own, and those of others. */
const OWN_COLOUR = "#ffdd57";
const OTHERS_COLOUR = "#a6e2ae";

export class ImageOverlay {
  private readonly viewport: Viewport;
  private readonly sources: OverlaySources;
  private readonly imageGroup = createSvg("g", { class: "on-image" });
  private readonly labelGroup = createSvg("g", { class: "names" });
  private readonly groups = Object.fromEntries(DRAWN_KINDS.map((kind) => [kind, createSvg("g", { "data-kind": kind }, this.imageGroup)])) as Record<DrawnKind, SVGElement>;
  private labels: Label[] = [];
  /** Counts what was drawn, so that a mask which arrives late is not drawn over another image. */
  private generation = 0;

  constructor(viewport: Viewport, sources: OverlaySources) {
    this.viewport = viewport;
    this.sources = sources;
    viewport.layer.append(this.imageGroup, this.labelGroup);
    viewport.on("imageShown", () => this.draw());
    viewport.on("viewChanged", () => this.align());
    viewport.on("cleared", () => this.draw());
    sources.controller.on("studyUpdated", () => this.draw());
    sources.visibility.on("changed", () => this.draw());
    sources.segmentations.on("changed", () => this.draw());
    sources.editor.on("changed", () => this.draw());
    sources.dicomSegs.on("changed", () => this.draw());
  }

  /** Draw what belongs to the displayed image. */
  private draw(): void {
    this.generation += 1;
    this.labels = [];
    this.labelGroup.replaceChildren();
    for (const group of Object.values(this.groups)) group.replaceChildren();
    const { viewport, sources: { visibility, segmentations } } = this;
    if (!viewport.displaySet || viewport.imageIndex < 0 || !viewport.image) return;
    const { series } = viewport.displaySet;
    this.imageGroup.setAttribute("opacity", String(visibility.opacity));
    if (visibility.isVisible("heat")) this.drawHeatMap(series);
    for (const finding of series.findings) this.drawFinding(finding);
    if (visibility.isVisible("segment")) this.drawDicomSegs();
    if (visibility.isVisible("outline")) for (const one of segmentations.onImage(series.id, viewport.image)) this.drawReaderSegmentation(one, series);
    this.align();
  }

  /** Align it with the image as it is displayed now. */
  private align(): void {
    if (this.viewport.imageIndex < 0 || !this.viewport.displaySet) return;
    const [origin, along, down] = ([[0, 0], [1, 0], [0, 1]] as const).map((pixel) => this.viewport.imageToCanvas(pixel)) as [Point, Point, Point];
    const matrix = [along[0] - origin[0], along[1] - origin[1], down[0] - origin[0], down[1] - origin[1], ...origin];
    this.imageGroup.setAttribute("transform", `matrix(${matrix.map((value) => value.toFixed(5)).join(" ")})`);
    for (const label of this.labels) this.alignLabel(label);
  }

  private alignLabel(label: Label): void {
    const { clientWidth, clientHeight } = this.viewport.root;
    const { text, caption, box: [x0, y0, x1, y1], isBelow } = label;
    const corners = ([[x0, y0], [x1, y0], [x1, y1], [x0, y1]] as const).map((corner) => this.viewport.imageToCanvas(corner));
    if (label.layout?.maxWidth !== clientWidth - 12) label.layout = layOutLabel(text, caption, clientWidth - 12);
    const { width, lines } = label.layout;
    const extra = (lines - 1) * LINE_HEIGHT;
    const above = Math.max(16, Math.min(...corners.map(([, y]) => y)) - 6 - extra);
    const below = Math.min(clientHeight - 6 - extra, Math.max(...corners.map(([, y]) => y)) + 16);
    positionLabel(text, Math.max(4, Math.min(clientWidth - width - 8, ...corners.map(([x]) => x))), isBelow ? below : above);
  }

  private drawFinding(finding: Finding): void {
    const { visibility } = this.sources;
    for (const { image, mask, box } of finding.marks) {
      if (image !== this.viewport.imageIndex) continue;
      if (mask && visibility.isVisible("mask")) this.drawImage("mask", maskImageUrl(mask, finding.colour, true, () => fetchMask(mask)), this.imageFrame(), { "data-finding": finding.number });
      if (box && visibility.isVisible("box")) this.drawBox(finding, box);
    }
  }

  /** A finding's box counts from the corner of the first pixel, the overlay from its centre. */
  private drawBox(finding: Finding, cornerBased: Box): void {
    const box = cornerBased.map((edge) => edge - 0.5) as unknown as Box;
    const [x0, y0, x1, y1] = box;
    const frame = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    createSvg("rect", { ...frame, class: "ai-halo" }, this.groups.box);
    createSvg("rect", { ...frame, class: "ai-box", stroke: finding.colour, "data-finding": finding.number }, this.groups.box);
    const text = createSvg("text", { class: "ai-name", fill: finding.colour }, this.labelGroup) as SVGTextElement;
    const caption = `AI ${finding.number} · ${finding.title} ${finding.percent}${finding.experimental ? " · experimental" : ""}`;
    this.labels.push({ text, caption, box });
  }

  /** Draw a reader's segmentation and its author; while it is being edited, the editor's own canvas shows it. */
  private drawReaderSegmentation(one: ReaderSegmentation, series: Series): void {
    const colour = one.isOwn ? OWN_COLOUR : OTHERS_COLOUR;
    const finding = series.findings.find(({ id }) => id === one.finding);
    const text = createSvg("text", { class: "reader-name", fill: colour }, this.labelGroup) as SVGTextElement;
    const statement = one.box ? `outlined by ${one.author}` : `nothing to outline, marked by ${one.isOwn ? "you" : one.author}`;
    const caption = [finding ? String(finding.number) : one.label, statement].filter(Boolean).join(" · ");
    this.labels.push({ text, caption, box: one.box ?? this.fallbackBox(finding), isBelow: true });
    if (!one.box || this.sources.editor.isEditing(this.viewport, one.id)) return;
    this.drawImage("outline", maskImageUrl(`outline ${one.id} ${one.revision}`, colour, false, () => one.mask()), this.imageFrame(), { "data-outline": one.id });
  }

  /** Where the label of an empty segmentation stands: under the AI's box, else under the image. */
  private fallbackBox(finding: Finding | undefined): Box {
    const { rows = 0, columns = 0 } = this.viewport.image ?? {};
    return finding?.marks.find(({ image }) => image === this.viewport.imageIndex)?.box ?? [0, 0, columns, rows];
  }

  private drawHeatMap(series: Series): void {
    const available = heatMapsAt(series, this.viewport.imageIndex);
    const chosen = available.find(({ title }) => title === this.sources.visibility.heat) ?? available[0];
    if (chosen) createSvg("image", { ...this.imageFrame(), href: chosen.src, class: "ai-heat" }, this.groups.heat);
  }

  private drawDicomSegs(): void {
    for (const { segment, matrix, rows, columns, imageUrl } of this.sources.dicomSegs.visibleIn(this.viewport)) {
      const frame = { x: -0.5, y: -0.5, width: columns, height: rows, transform: `matrix(${matrix.join(" ")})` };
      this.drawImage("segment", imageUrl(), frame, { "data-segment": segment.id });
    }
  }

  private drawImage(kind: "mask" | "segment" | "outline", loading: Promise<string>, frame: Attributes, more: Attributes): void {
    const { generation } = this;
    const image = createSvg("image", { ...frame, ...more, preserveAspectRatio: "none", class: "ai-mask" });
    loading.then((url) => {
      if (generation !== this.generation) return;
      image.setAttribute("href", url);
      this.groups[kind].append(image);
    }, (error: unknown) => this.sources.dicomSegs.reportError(error));
  }

  /** Position and size of the whole image, from the corner of its first pixel. */
  private imageFrame(): Attributes {
    const { rows = 0, columns = 0 } = this.viewport.image ?? {};
    return { x: -0.5, y: -0.5, width: columns, height: rows, preserveAspectRatio: "none" };
  }
}

/** Return the heat maps of an image: those of its findings first, then those of the cascade's steps. */
export function heatMapsAt(series: Series, imageIndex: number): { title: string; src: string }[] {
  const ofFindings = series.findings.flatMap(({ number, title, image, heat }) => (heat && image === imageIndex ? [{ title: `${number}. ${title}`, src: heat }] : []));
  return [...ofFindings, ...series.heats.filter(({ image }) => image === imageIndex)];
}

function createSvg(name: string, attributes: Attributes, parent?: Element): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent?.append(element);
  return element;
}
