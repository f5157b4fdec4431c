// What lies over the image of one cell, in the pixels of that image: a matrix puts all of it onto the screen, so that
// it follows zoom, pan, flip and rotation with the image itself.

import type { Cell } from "../viewport/Viewport.ts";
import type { Finding, Series } from "../api/study.ts";
import { laidOut, LINE, placed, type Laid } from "./label.ts";
import { maskFetched, painted } from "../segmentation/maskCanvas.ts";
import { store, type Held } from "../segmentation/SegmentationStore.ts";
import { segmentations } from "../segmentation/DicomSegStore.ts";
import { shown, type Kind } from "../controller/Visibility.ts";

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = ["heat", "mask", "segment", "outline", "box"] as const satisfies readonly Kind[];

interface Name {
  text: SVGTextElement;
  words: string;
  laid?: Laid;
  box: readonly [number, number, number, number];
  /** A person's name stands below, the AI's above. */
  isBelow?: boolean;
}

/** People's colours: the reader's own, and another's. */
const OWN = "#ffdd57";
const OF_OTHERS = "#a6e2ae";

export class Layer {
  private readonly cell: Cell;
  private readonly image = made("g", { class: "on-image" });
  private readonly words = made("g", { class: "names" });
  private readonly groups = Object.fromEntries(DRAWN.map((kind) => [kind, made("g", { "data-kind": kind }, this.image)])) as Record<(typeof DRAWN)[number], SVGElement>;
  private names: Name[] = [];
  /** Counts what was drawn, so that a mask which comes late does not lie over another image. */
  private turn = 0;

  constructor(cell: Cell) {
    this.cell = cell;
    cell.layer.append(this.image, this.words);
    cell.on("seriesShown", () => { void segmentations.wanted(cell); });
    cell.on("imageShown", () => this.draw());
    cell.on("viewChanged", () => this.place());
    cell.on("emptied", () => this.draw());
    for (const teller of [shown, store]) teller.addEventListener("change", () => this.draw());
  }

  /** Draw what belongs to the image that is shown. */
  draw(): void {
    this.turn += 1;
    this.names = [];
    this.words.replaceChildren();
    for (const group of Object.values(this.groups)) group.replaceChildren();
    const { cell } = this;
    if (!cell.hung || cell.at < 0 || !cell.image) return;
    const { series } = cell.hung;
    this.image.setAttribute("opacity", String(shown.opacity));
    if (shown.isOn("heat")) this.heat(series);
    for (const finding of series.findings) this.finding(finding);
    if (shown.isOn("segment")) this.segments();
    if (shown.isOn("outline")) for (const held of store.on(series.id, cell.image)) this.outline(held, series);
    this.place();
  }

  /** Bring it to where the image lies now. */
  place(): void {
    if (this.cell.at < 0 || !this.cell.hung) return;
    const [origin, along, down] = ([[0, 0], [1, 0], [0, 1]] as const).map((pixel) => this.cell.toCanvas(pixel)) as [Point, Point, Point];
    const matrix = [along[0] - origin[0], along[1] - origin[1], down[0] - origin[0], down[1] - origin[1], ...origin];
    this.image.setAttribute("transform", `matrix(${matrix.map((value) => value.toFixed(5)).join(" ")})`);
    const { clientWidth, clientHeight } = this.cell.root;
    for (const name of this.names) {
      const { text, words, box: [x0, y0, x1, y1], isBelow } = name;
      const corners = ([[x0, y0], [x1, y0], [x1, y1], [x0, y1]] as const).map((corner) => this.cell.toCanvas(corner));
      if (name.laid?.most !== clientWidth - 12) name.laid = laidOut(text, words, clientWidth - 12);
      const { width, lines } = name.laid;
      const more = (lines - 1) * LINE;
      const [top, bottom] = [Math.min(...corners.map(([, y]) => y)) - 6 - more, Math.max(...corners.map(([, y]) => y)) + 16];
      placed(text, Math.max(4, Math.min(clientWidth - width - 8, ...corners.map(([x]) => x))), isBelow ? Math.min(clientHeight - 6 - more, bottom) : Math.max(16, top));
    }
  }

  private finding(finding: Finding): void {
    for (const mark of finding.marks) {
      if (mark.image !== this.cell.at) continue;
      const { mask } = mark;
      if (mask && shown.isOn("mask")) this.picture("mask", painted(mask, finding.colour, true, () => maskFetched(mask)), this.whole(), { "data-finding": finding.number });
      if (mark.box && shown.isOn("box")) this.box(finding, mark.box);
    }
  }

  /** The box counts from the corner of the first pixel, the layer from its centre. */
  private box(finding: Finding, stated: readonly [number, number, number, number]): void {
    const box = stated.map((edge) => edge - 0.5) as unknown as readonly [number, number, number, number];
    const [x0, y0, x1, y1] = box;
    const place = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    made("rect", { ...place, class: "ai-halo" }, this.groups.box);
    made("rect", { ...place, class: "ai-box", stroke: finding.colour, "data-finding": finding.number }, this.groups.box);
    const text = made("text", { class: "ai-name", fill: finding.colour }, this.words) as SVGTextElement;
    const words = `AI ${finding.number} · ${finding.title} ${finding.percent}${finding.experimental ? " · experimental" : ""}`;
    this.names.push({ text, words, box });
  }

  /** What a reader drew: a solid edge, and whose it is. While it is being drawn its own canvas shows it. */
  private outline(held: Held, series: Series): void {
    const colour = held.isOwn ? OWN : OF_OTHERS;
    const finding = series.findings.find(({ id }) => id === held.finding);
    const text = made("text", { class: "reader-name", fill: colour }, this.words) as SVGTextElement;
    const words = held.box ? `outlined by ${held.author}` : `nothing to outline, ${held.isOwn ? "you say" : `says ${held.author}`}`;
    const told = [finding ? String(finding.number) : held.label, words].filter(Boolean).join(" · ");
    this.names.push({ text, words: told, box: held.box ?? this.placeOf(finding), isBelow: true });
    if (!held.box) return;
    if (!store.isDrawnIn(this.cell, held.id)) {
      this.picture("outline", painted(`outline ${held.id} ${held.form}`, colour, false, () => held.bits()), this.whole(), { "data-outline": held.id });
    }
  }

  /** Return where words about a finding stand of which nothing lies here: under the AI's box, else under the image. */
  private placeOf(finding: Finding | undefined): Name["box"] {
    const { rows = 0, columns = 0 } = this.cell.image ?? {};
    return finding?.marks.find(({ image }) => image === this.cell.at)?.box ?? [0, 0, columns, rows];
  }

  private heat(series: Series): void {
    const offered = heatsAt(series, this.cell.at);
    const chosen = offered.find(({ title }) => title === shown.heat) ?? offered[0];
    if (chosen) made("image", { ...this.whole(), href: chosen.src, class: "ai-heat" }, this.groups.heat);
  }

  private segments(): void {
    for (const { segment, matrix, rows, columns, picture } of segmentations.on(this.cell)) {
      const place = { x: -0.5, y: -0.5, width: columns, height: rows, transform: `matrix(${matrix.join(" ")})` };
      this.picture("segment", picture(), place, { "data-segment": segment.id });
    }
  }

  private picture(kind: "mask" | "segment" | "outline", coming: Promise<string>, place: Attributes, more: Attributes): void {
    const { turn } = this;
    const image = made("image", { ...place, ...more, preserveAspectRatio: "none", class: "ai-mask" });
    coming.then((address) => {
      if (turn !== this.turn) return;
      image.setAttribute("href", address);
      this.groups[kind].append(image);
    }, (trouble: unknown) => segmentations.say(trouble));
  }

  private whole(): Attributes {
    const { rows = 0, columns = 0 } = this.cell.image ?? {};
    return { x: -0.5, y: -0.5, width: columns, height: rows, preserveAspectRatio: "none" };
  }
}

/** Return the heat maps of an image: those of its findings first, then those of the cascade's steps. */
export function heatsAt(series: Series, at: number): { title: string; src: string }[] {
  const ofFindings = series.findings.flatMap(({ number, title, image, heat }) => (heat && image === at ? [{ title: `${number}. ${title}`, src: heat }] : []));
  return [...ofFindings, ...series.heats.filter(({ image }) => image === at)];
}

type Point = readonly [number, number];
type Attributes = Record<string, string | number>;

function made(name: string, attributes: Attributes, parent?: Element): SVGElement {
  const element = document.createElementNS(SVG, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent?.append(element);
  return element;
}
