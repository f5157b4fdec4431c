// The brush on the image that a campaign asks about. What is drawn, or that there is nothing to outline, is part of the
// reader's answer. The page's own script binds keys to its buttons; the brush is moved with the pointer, or with arrow keys
// and space on the image.

import { BRUSH_RADII, defaultRadiusIndex, paintStroke, type Pixel, type Rect } from "../segmentation/brush.ts";
import { drawMaskRegion } from "../segmentation/EditCanvas.ts";
import { fetchMask, type Mask } from "../segmentation/maskCanvas.ts";
import { decodeRuns, encodeRuns } from "../segmentation/runLength.ts";
import { byId, createSvg } from "./page.ts";

const SQUARE_PIXELS = { columnStep: 1, rowStep: 1 };
const STEPS: Record<string, Pixel> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** One form of the outline, for undo. */
interface OutlineState {
  runs: number[];
  isEmpty: boolean;
}

export class CaseOutlineEditor {
  private readonly mask: Mask;
  private readonly svg = byId<SVGSVGElement>("picture");
  private readonly canvas = document.createElement("canvas");
  private readonly ring = createSvg("circle", { class: "brush" });
  private readonly empty = byId<HTMLInputElement>("is-empty");
  private readonly eraser = byId<HTMLButtonElement>("eraser");
  private readonly history: OutlineState[] = [];
  private radiusIndex: number;
  /** Position of the brush. */
  private at: Pixel;
  /** End of the stroke so far; null while nothing is being drawn. */
  private stroke: Pixel | null = null;

  constructor(columns: number, rows: number) {
    this.mask = { inside: new Uint8Array(rows * columns), rows, columns };
    this.radiusIndex = defaultRadiusIndex(this.mask);
    this.at = [Math.floor(columns / 2), Math.floor(rows / 2)];
    Object.assign(this.canvas, { width: columns, height: rows, className: "outlining" });
    const frame = createSvg("foreignObject", { width: columns, height: rows });
    frame.append(this.canvas);
    byId("outlining").append(frame, this.ring);
    this.listenToPointer();
    this.listenToKeys();
    this.listenToButtons();
    this.listenToForm();
    this.changeRadius(0);
    this.updateForm();
  }

  /** Start from a stored outline, one's own or another reader's; a null URL means that there is nothing to outline. */
  async load(maskUrl: string | null, canUndo: boolean): Promise<void> {
    const { rows, columns, inside } = maskUrl ? await fetchMask(maskUrl) : { ...this.mask, inside: new Uint8Array(this.mask.inside.length) };
    if (rows !== this.mask.rows || columns !== this.mask.columns) return;
    if (canUndo) this.remember(this.empty.checked);
    this.restore({ runs: encodeRuns(inside), isEmpty: !maskUrl });
  }

  private listenToPointer(): void {
    this.svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary || this.isElsewhere) return;
      event.preventDefault();
      this.svg.setPointerCapture(event.pointerId);
      this.startStroke(this.pixelAt(event), event.shiftKey);
    });
    this.svg.addEventListener("pointermove", (event) => {
      event.stopPropagation(); // a drag draws and does not pan the image
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.moveTo(this.pixelAt(one), event.shiftKey);
    });
    for (const kind of ["pointerup", "pointercancel"] as const) this.svg.addEventListener(kind, () => this.endStroke());
  }

  private listenToKeys(): void {
    const screen = byId<HTMLElement>("screen");
    screen.addEventListener("keydown", (event) => this.onKey(event));
    screen.addEventListener("keyup", ({ key }) => { if (key === " ") this.endStroke(); });
    screen.addEventListener("blur", () => this.endStroke());
  }

  private listenToButtons(): void {
    this.eraser.addEventListener("click", () => {
      this.eraser.setAttribute("aria-pressed", String(!this.isEraser));
      this.drawRing();
    });
    byId("smaller").addEventListener("click", () => this.changeRadius(-1));
    byId("larger").addEventListener("click", () => this.changeRadius(1));
    byId("undo").addEventListener("click", () => this.undo());
    this.empty.addEventListener("change", () => {
      this.remember(!this.empty.checked);
      this.restore({ runs: this.empty.checked ? [this.mask.inside.length] : encodeRuns(this.mask.inside), isEmpty: this.empty.checked });
    });
  }

  private listenToForm(): void {
    byId<HTMLFormElement>("say").addEventListener("submit", (event) => {
      const { submitter } = event;
      const isAnswered = this.empty.checked || this.count > 0;
      if (!(submitter instanceof HTMLButtonElement) || !submitter.value || isAnswered) return;
      event.preventDefault();
      this.showStatus("Outline it first, or mark (x) that there is nothing to outline.");
    });
  }

  /** Draw by keys: arrows move the brush, and draw while space is held. */
  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.isElsewhere) return;
    const step = STEPS[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    this.at = [Math.round(this.at[0]), Math.round(this.at[1])]; // keys move by whole pixels, a pointer lies in between
    if (!step) {
      if (!this.stroke && !event.repeat) this.startStroke(this.at, event.shiftKey);
      return;
    }
    const distance = Math.max(1, Math.round(this.radius));
    const within = (at: number, count: number): number => Math.min(count - 1, Math.max(0, at));
    this.moveTo([within(this.at[0] + step[0] * distance, this.mask.columns), within(this.at[1] + step[1] * distance, this.mask.rows)], event.shiftKey);
  }

  private startStroke(at: Pixel, isInverted: boolean): void {
    this.remember(this.empty.checked);
    this.empty.checked = false;
    this.stroke = at;
    this.moveTo(at, isInverted);
  }

  /** Move the brush, and draw where a stroke was started; `isInverted`: draw with the eraser, erase with the brush. */
  private moveTo(at: Pixel, isInverted: boolean): void {
    this.at = at;
    this.drawRing();
    if (!this.stroke) return;
    this.redraw(paintStroke(this.mask, this.stroke, at, { radius: this.radius, ...SQUARE_PIXELS }, this.isEraser === isInverted ? 1 : 0));
    this.stroke = at;
  }

  private endStroke(): void {
    if (!this.stroke) return;
    this.stroke = null;
    this.updateForm();
  }

  private remember(isEmpty: boolean): void {
    this.history.push({ runs: encodeRuns(this.mask.inside), isEmpty });
  }

  private undo(): void {
    const last = this.history.pop();
    if (last) this.restore(last);
  }

  private restore({ runs, isEmpty }: OutlineState): void {
    this.mask.inside.set(decodeRuns(runs, this.mask.inside.length));
    this.empty.checked = isEmpty;
    const { width, height } = this.canvas;
    this.canvas.getContext("2d")?.clearRect(0, 0, width, height);
    this.redraw({ left: 0, top: 0, right: width, bottom: height });
    this.updateForm();
  }

  private redraw(region: Rect): void {
    drawMaskRegion(this.canvas, this.mask, region);
  }

  /** Put the outline into the form that is sent with the answer, and say what it holds. */
  private updateForm(): void {
    const { count } = this;
    byId<HTMLInputElement>("runs").value = count ? JSON.stringify(encodeRuns(this.mask.inside)) : "";
    byId<HTMLButtonElement>("undo").disabled = !this.history.length;
    this.showStatus(count ? `Outlined: ${count} pixel${count === 1 ? "" : "s"}.` : this.empty.checked ? "Marked: nothing to outline." : "Not outlined yet.");
  }

  private showStatus(sentence: string): void {
    byId("outline-state").textContent = sentence;
  }

  /** Pixels inside the outline. */
  private get count(): number {
    return this.mask.inside.reduce((sum, one) => sum + one, 0);
  }

  /** Whether another slice is displayed than the one that is asked about. */
  private get isElsewhere(): boolean {
    return byId("outlining").hasAttribute("hidden");
  }

  private get isEraser(): boolean {
    return this.eraser.getAttribute("aria-pressed") === "true";
  }

  private get radius(): number {
    return BRUSH_RADII[this.radiusIndex] as number;
  }

  private changeRadius(by: number): void {
    this.radiusIndex = Math.max(0, Math.min(BRUSH_RADII.length - 1, this.radiusIndex + by));
    byId("brush-size").textContent = `Brush: ${2 * this.radius} pixel${this.radius === 0.5 ? "" : "s"} across`;
    this.drawRing();
  }

  private drawRing(): void {
    const [x, y] = this.at;
    for (const [name, value] of Object.entries({ cx: x + 0.5, cy: y + 0.5, r: this.radius })) this.ring.setAttribute(name, value.toFixed(3));
    this.ring.classList.toggle("erases", this.isEraser);
  }

  /** Return the pixel under a pointer, the centre of the first being [0, 0]; the SVG starts at that pixel's corner. */
  private pixelAt({ clientX, clientY }: PointerEvent): Pixel {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM()?.inverse());
    return [x - 0.5, y - 0.5];
  }
}
