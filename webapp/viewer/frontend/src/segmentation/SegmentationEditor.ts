// The brush: whose outline it draws, on which image, and what becomes of each stroke.

import { utilities } from "@cornerstonejs/core";

import { planeOf } from "../cornerstone/setup.ts";
import { pixelSize } from "../dicom/calibration.ts";
import { maskFetched, type Bits } from "./maskCanvas.ts";
import { shown } from "../controller/Visibility.ts";
import type { Cell } from "../viewport/Viewport.ts";
import type { Reading } from "../controller/ViewerController.ts";
import type { Finding, Series } from "../api/study.ts";
import { SIZES, sizeFor, stroked, type Pixel, type Shape } from "./brush.ts";
import { Canvas } from "./EditCanvas.ts";
import { insideOf, runsOf } from "./runLength.ts";
import { store, type Held, type Target } from "./SegmentationStore.ts";

/** One form of an outline; that it is empty counts where the reader said so. */
interface Form {
  runs: readonly number[];
  isEmpty: boolean;
}

/** Where a form was given: on an image, of what. */
interface Place {
  id: string;
  image: string;
  target: Target;
  series: string;
}

/** An outline in hand: on one image, in one viewport. */
interface Sheet {
  id: string;
  cell: Cell;
  image: string;
  bits: Bits;
  canvas: Canvas;
  shape: Shape;
}

export class Outliner {
  target: Target | null = null;
  /** The finding that the reader looked at last. */
  looked: number | null = null;
  private readonly reading: Reading;
  private sheet: Sheet | null = null;
  /** Which of SIZES; -1: the one that suits the image. */
  private size = -1;
  /** Counts what was asked for, so that a mask which comes late is not drawn on. */
  private turn = 0;
  private stroke: { pointer: number; at: Pixel; before: Form | null } | null = null;

  constructor(reading: Reading) {
    this.reading = reading;
    store.isDrawnIn = (cell, id) => this.sheet?.cell === cell && this.sheet.id === id;
    shown.addEventListener("change", () => this.sheet?.canvas.veil(!shown.isOn("outline")));
  }

  attach(cell: Cell): void {
    cell.on("seriesShown", () => { if (cell.hung) store.learn(cell.hung); });
    for (const kind of ["seriesShown", "imageShown", "emptied"] as const) cell.on(kind, () => { if (cell === this.reading.active) void this.laid(); });
    cell.on("viewChanged", () => { if (this.sheet?.cell === cell) this.sheet.canvas.place(); });
    cell.root.addEventListener("pointerdown", (event) => this.down(cell, event), { capture: true });
    cell.root.addEventListener("pointermove", (event) => this.moved(cell, event));
    for (const kind of ["pointerup", "pointercancel"]) cell.root.addEventListener(kind, (event) => this.up(event as PointerEvent));
    cell.root.addEventListener("pointerleave", () => { if (this.sheet) this.sheet.canvas.point(null, this.sheet.shape, false); });
  }

  get isOn(): boolean {
    return this.reading.tools.active === "brush" || this.reading.tools.active === "eraser";
  }

  /** Take the brush, or the eraser, for what the reader looks at; false where that is not known. */
  begin(tool: "brush" | "eraser"): boolean {
    this.target ??= this.guessed();
    if (!this.target) return false;
    shown.reveal("outline");
    this.reading.tools.activate(tool);
    this.reading.renewed();
    void this.laid();
    return true;
  }

  /** Outline a finding, or in the reader's words what the AI missed. */
  outline(target: Target): void {
    this.target = target;
    this.begin("brush");
    this.reading.say(`${this.state()} [ and ] change its size, t erases, Ctrl+z takes a stroke back.`);
    this.reading.active.root.focus();
  }

  /** Lay the outline of the target over the image that the reader looks at; take away what lay elsewhere. */
  async laid(): Promise<void> {
    const turn = ++this.turn;
    const { active: cell } = this.reading;
    const image = cell?.imageIds[cell.at];
    if (this.isOn && this.sheet?.cell === cell && this.sheet.image === image && this.sheet.id === this.idOn(cell)) return;
    this.sheet?.canvas.remove();
    this.sheet = null;
    store.dispatchEvent(new Event("change"));
    if (!this.isOn || !this.target || !cell?.hung || !cell.image || !image || this.whyNot()) return;
    const id = this.idOn(cell) ?? utilities.uuidv4();
    try {
      const bits = await this.begun(cell, id);
      if (turn !== this.turn) return;
      this.sheet = { id, cell, image, bits, canvas: new Canvas(cell, bits), shape: this.shapeOn(image, bits) };
      store.dispatchEvent(new Event("change"));
    } catch (trouble) {
      if (turn === this.turn) this.reading.say(`The outline cannot be corrected here. ${trouble instanceof Error ? trouble.message : ""}`);
    }
  }

  /** Another tool may be in hand, or another viewport active: the outline in hand goes back among the others. */
  renew(): void {
    const isWanted = this.isOn && this.target !== null && !this.whyNot();
    if (isWanted ? this.sheet?.cell !== this.reading.active : this.sheet) void this.laid();
  }

  /** Make the brush larger or smaller by so many steps. */
  sized(by: number): void {
    this.size = Math.max(0, Math.min(SIZES.length - 1, this.step + by));
    if (this.sheet) this.sheet.shape.radius = SIZES[this.size] as number;
    this.reading.say(`Brush: ${this.width()}`);
    store.dispatchEvent(new Event("change"));
  }

  /** Which of SIZES the brush has. */
  get step(): number {
    return this.size >= 0 ? this.size : sizeFor(this.reading.active.image ?? { rows: 500, columns: 500 });
  }

  /** Return how wide the brush is, in words. */
  width(): string {
    const across = 2 * (SIZES[this.step] as number);
    return `${across} pixel${across === 1 ? "" : "s"} across`;
  }

  /** Say what is in hand, in a sentence. */
  state(): string {
    const { target, isOn } = this;
    if (!isOn || !target) return "Nothing is being outlined.";
    const what = target.finding === null ? `“${target.label}”, missed by the AI` : this.nameOf(target.finding);
    const own = store.get(this.idOn(this.reading.active) ?? "");
    if (own && !own.box) return `Nothing to outline on this image, you say, of ${what}. Draw, and it is outlined after all.`;
    return this.whyNot() || `${this.reading.tools.active === "eraser" ? "Erasing from the" : "Drawing the"} outline of ${what}.`;
  }

  /** Return why the target cannot be outlined on what the active viewport shows; "" where it can. */
  whyNot(): string {
    const { target } = this;
    const { hung, image } = this.reading.active;
    if (!hung || !image || !target) return "";
    if (hung.isPrior) return "An earlier study is not outlined here.";
    if (target.finding !== null && !hung.series.findings.some(({ id }) => id === target.finding)) return "The finding that is being outlined lies on another series.";
    const isElsewhere = target.missed !== null && store.ofMissed(target.missed).some(({ series }) => series !== hung.series.id);
    return isElsewhere ? `“${target.label}” is outlined on another series. Name it once more to outline it here.` : "";
  }

  /** Return how a finding is called: "finding 2 (Fracture)". */
  nameOf(finding: number): string {
    const found = this.reading.active.hung?.series.findings.find(({ id }) => id === finding);
    return found ? `finding ${found.number} (${found.title})` : "an earlier finding";
  }

  /** Return the finding that a reader means who takes the brush and names none. */
  private guessed(): Target | null {
    const { hung, at, image } = this.reading.active;
    if (!hung || hung.isPrior) return null;
    const { findings } = hung.series;
    const here = findings.filter(({ marks }) => marks.some(({ image }) => image === at));
    const found = here.find(({ id }) => id === this.looked) ?? here[0];
    const missed = image && store.on(hung.series.id, image).find((one) => one.isOwn && one.finding === null);
    if (missed && !found) return { finding: null, missed: missed.missed, label: missed.label };
    const only = found ?? (findings.length === 1 ? findings[0] : undefined);
    return only ? { finding: only.id, missed: null, label: "" } : null;
  }

  /** Return the id of the own outline of the target on the image of a cell; undefined where there is none. */
  private idOn(cell: Cell): string | undefined {
    const { hung, image } = cell;
    if (!hung || !image || !this.target) return undefined;
    const { finding, missed } = this.target;
    const own = store.on(hung.series.id, image).filter(({ isOwn }) => isOwn);
    return own.find((one) => one.finding === finding && one.missed === missed)?.id;
  }

  /** Return the pixels that a reader begins with: their own outline, else the AI's, else none. */
  private async begun({ hung, image, at }: Cell, id: string): Promise<Bits> {
    const { rows = 0, columns = 0 } = image ?? {};
    const held = store.get(id);
    const mask = held ? null : maskOf(hung?.series, this.target?.finding ?? null, at);
    const bits = held ? await held.bits() : mask ? await maskFetched(mask) : { inside: new Uint8Array(rows * columns), rows, columns };
    if (bits.rows !== rows || bits.columns !== columns) throw new Error("The mask has another size than the image.");
    return { ...bits, inside: bits.inside.slice() };
  }

  private shapeOn(image: string, bits: Bits): Shape {
    const plane = planeOf(image);
    const [along, down] = [Math.hypot(...plane.along), Math.hypot(...plane.down)];
    const least = Math.min(along, down) || 1;
    return { radius: SIZES[this.size >= 0 ? this.size : sizeFor(bits)] as number, along: along / least, down: down / least };
  }

  private down(cell: Cell, event: PointerEvent): void {
    if (!this.isOn || event.button !== 0 || !event.isPrimary || (event.target as HTMLElement).closest("button, .notice-over")) return;
    event.preventDefault(); // no tool of Cornerstone's sees it
    cell.root.focus();
    this.reading.activate(cell);
    const { sheet } = this;
    if (sheet?.cell !== cell) {
      void this.laid();
      return this.reading.say(this.whyNot() || "Draw again: the outline of this image is there in a moment.");
    }
    cell.root.setPointerCapture(event.pointerId);
    const at = this.pixelOf(cell, event);
    this.stroke = { pointer: event.pointerId, at, before: formOf(store.get(sheet.id), sheet.bits) };
    this.drawnTo(sheet, at, event);
  }

  private moved(cell: Cell, event: PointerEvent): void {
    const { sheet } = this;
    if (sheet?.cell !== cell) return;
    if (this.stroke?.pointer === event.pointerId) {
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.drawnTo(sheet, this.pixelOf(cell, one), event);
    }
    sheet.canvas.point(this.pixelOf(cell, event), sheet.shape, this.erases(event));
  }

  private up({ pointerId }: PointerEvent): void {
    const { stroke, sheet } = this;
    if (stroke?.pointer !== pointerId || !sheet) return;
    this.stroke = null;
    const after = { runs: runsOf(sheet.bits.inside), isEmpty: false };
    this.kept(sheet, after);
    this.remembered(sheet, stroke.before, after);
  }

  /** Say that nothing of the finding lies on the image that the reader looks at. */
  async nothing(): Promise<void> {
    if (!this.isOn || !this.target) this.target = this.guessed() ?? this.target;
    const { target, reading } = this;
    const { active: cell } = reading;
    const { hung, image: shownImage } = cell;
    const image = cell.imageIds[cell.at];
    if (!hung || !shownImage || !image) return;
    if (!target || target.finding === null) return reading.say("Of which finding? Choose one beside the image; what the AI missed is outlined where it lies.");
    const trouble = this.whyNot();
    if (trouble) return reading.say(trouble);
    const id = this.idOn(cell) ?? utilities.uuidv4();
    const { rows, columns } = shownImage;
    const held = store.get(id);
    const before = held ? formOf(held, await held.bits()) : null;
    const after = { runs: [rows * columns], isEmpty: true };
    shown.reveal("outline");
    this.put({ id, cell, bits: { inside: new Uint8Array(rows * columns), rows, columns } }, after);
    this.remembered({ id, image, cell }, before, after);
    reading.say(`Nothing to outline on this image: ${this.nameOf(target.finding)}. Ctrl+z takes it back.`);
    await this.anew();
  }

  private drawnTo(sheet: Sheet, to: Pixel, event: PointerEvent): void {
    if (!this.stroke) return;
    sheet.canvas.show(stroked(sheet.bits, this.stroke.at, to, sheet.shape, this.erases(event) ? 0 : 1));
    this.stroke.at = to;
  }

  private erases({ shiftKey }: PointerEvent): boolean {
    return (this.reading.tools.active === "eraser") !== shiftKey;
  }

  private pixelOf(cell: Cell, { clientX, clientY }: PointerEvent): Pixel {
    const { left, top } = cell.element.getBoundingClientRect();
    return cell.toImage([clientX - left, clientY - top]);
  }

  /** Keep what is drawn on a sheet; an outline is empty where the reader says so, not because all of it was erased. */
  private kept(sheet: Pick<Sheet, "id" | "cell" | "bits">, form: Form): void {
    if (form.isEmpty || form.runs.length > 1) return this.put(sheet, form);
    this.reading.say(`The outline is empty: nothing is saved until something is drawn${this.target?.finding === null ? "" : ", or n says that there is nothing to outline here"}.`);
  }

  private put({ id, cell, bits }: Pick<Sheet, "id" | "cell" | "bits">, { runs }: Form): void {
    const { hung, image, header } = cell;
    if (!hung || !image || !this.target) return;
    if (this.target.finding === null) this.target = { ...this.target, missed: this.target.missed ?? id };
    const count = runs.reduce((sum, run, index) => sum + (index % 2 ? run : 0), 0);
    const size = pixelSize(header);
    const area = count * (size.isCalibrated ? size.rows * size.columns : 1);
    const spot = { id, study: hung.data.study.id, series: hung.series.id, sop: image.sop, frame: image.frame };
    store.drawn({ ...spot, ...this.target }, bits, { area: Math.round(area * 1000) / 1000 }, size.isCalibrated ? "mm" : "px");
  }

  private remembered({ id, image, cell }: Pick<Sheet, "id" | "image" | "cell">, before: Form | null, after: Form): void {
    const place = { id, image, target: this.target as Target, series: cell.hung?.series.id ?? "" };
    this.reading.history.put((isUndo) => this.restored(place, isUndo ? before : after));
  }

  /** A stroke is taken back or made again: on the image that it was made on. */
  private restored(place: Place, form: Form | null): void {
    const cell = this.reading.cells.find((one) => one.hung?.series.id === place.series);
    if (!cell) return this.reading.say("The series of this stroke does not hang here any more.");
    void this.restoredIn(cell, place, form);
  }

  private async restoredIn(cell: Cell, { id, image, target }: Place, form: Form | null): Promise<void> {
    this.reading.activate(cell);
    this.target = target;
    await cell.show(cell.imageIds.indexOf(image));
    if (!form) store.taken(id);
    else {
      const { rows = 0, columns = 0 } = cell.image ?? {};
      this.kept({ id, cell, bits: { inside: insideOf(form.runs, rows * columns), rows, columns } }, form);
    }
    await this.anew();
  }

  /** What lies on the image is another form: take the one in hand away, and lay it again. */
  private async anew(): Promise<void> {
    this.sheet?.canvas.remove();
    this.sheet = null;
    await this.laid();
  }
}

/** Return the form that an outline has; null where there is none. */
function formOf(held: Held | undefined, { inside }: Bits): Form | null {
  return held ? { runs: runsOf(inside), isEmpty: !held.box } : null;
}

/** Return the address of the AI's mask of a finding on an image; null where there is none. */
function maskOf(series: Series | undefined, finding: Finding["id"] | null, at: number): string | null {
  const found = series?.findings.find(({ id }) => id === finding);
  return found?.marks.find(({ image }) => image === at)?.mask ?? null;
}
