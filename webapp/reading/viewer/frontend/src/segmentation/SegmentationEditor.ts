// The brush and the eraser: which segmentation they edit, on which image, and what becomes of each stroke.

import { utilities } from "@cornerstonejs/core";

import type { Finding, Series } from "../api/study.ts";
import { Emitter } from "../common/Emitter.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import type { Visibility } from "../controller/Visibility.ts";
import { imagePlaneOf } from "../cornerstone/setup.ts";
import { pixelSize } from "../dicom/calibration.ts";
import type { BrushToolId } from "../tools/StackTools.ts";
import type { Viewport } from "../viewport/Viewport.ts";
import { BRUSH_RADII, defaultRadiusIndex, paintStroke, type BrushShape, type Pixel } from "./brush.ts";
import { EditCanvas } from "./EditCanvas.ts";
import { fetchMask, type Mask } from "./maskCanvas.ts";
import { decodeRuns, encodeRuns } from "./runLength.ts";
import type { ReaderSegmentation, SegmentationStore, SegmentationTarget } from "./SegmentationStore.ts";

/** One form of a segmentation, for undo; empty only where the reader stated that there is nothing to outline. */
interface EditState {
  runs: readonly number[];
  isEmpty: boolean;
}

/** Where a form was drawn, for undo. */
interface EditLocation {
  id: string;
  imageId: string;
  target: SegmentationTarget;
  series: string;
}

/** A segmentation that is being edited, on one image in one viewport. */
interface EditSession {
  id: string;
  viewport: Viewport;
  imageId: string;
  mask: Mask;
  canvas: EditCanvas;
  brush: BrushShape;
}

export class SegmentationEditor extends Emitter<{ changed: void }> {
  private target: SegmentationTarget | null = null;
  private session: EditSession | null = null;
  private readonly controller: ViewerController;
  private readonly store: SegmentationStore;
  private readonly visibility: Visibility;
  /** Index into `BRUSH_RADII`; -1: the default for the image. */
  private radiusIndex = -1;
  /** Counts the attempts to open a session, so that a mask which arrives late is not edited. */
  private generation = 0;
  private stroke: { pointerId: number; at: Pixel; before: EditState | null } | null = null;

  constructor(controller: ViewerController, store: SegmentationStore, visibility: Visibility) {
    super();
    this.controller = controller;
    this.store = store;
    this.visibility = visibility;
    controller.on("viewportAdded", (viewport) => this.attach(viewport));
    for (const kind of ["activeChanged", "toolChanged", "studyUpdated"] as const) controller.on(kind, () => this.refresh());
    visibility.on("changed", () => this.session?.canvas.setHidden(!visibility.isVisible("outline")));
  }

  /** Whether the brush or the eraser is the chosen tool. */
  get isActive(): boolean {
    return this.controller.tools.active === "brush" || this.controller.tools.active === "eraser";
  }

  /** Whether a segmentation is being edited in a viewport, where its own canvas shows it. */
  isEditing(viewport: Viewport, id: string): boolean {
    return this.session?.viewport === viewport && this.session.id === id;
  }

  /** Choose the brush or the eraser for what the reader is looking at; false where that is not known. */
  activateTool(tool: BrushToolId): boolean {
    this.target ??= this.guessTarget();
    if (!this.target) return false;
    this.visibility.reveal("outline");
    this.controller.useTool(tool);
    void this.openSession();
    return true;
  }

  /** Edit the segmentation of a finding, or of something the AI missed, with the brush. */
  edit(target: SegmentationTarget): void {
    this.target = target;
    this.activateTool("brush");
    this.controller.say(`${this.status()} [ and ] change its size, t erases, Ctrl+z takes a stroke back.`);
    this.controller.active.root.focus();
  }

  /** Make the brush larger or smaller by this many steps. */
  changeRadius(by: number): void {
    this.radiusIndex = Math.max(0, Math.min(BRUSH_RADII.length - 1, this.brushSize + by));
    if (this.session) this.session.brush.radius = BRUSH_RADII[this.radiusIndex] as number;
    this.controller.say(`Brush: ${this.brushWidth()}`);
    this.emit("changed");
  }

  /** The size of the brush, as an index into `BRUSH_RADII`. */
  get brushSize(): number {
    return this.radiusIndex >= 0 ? this.radiusIndex : defaultRadiusIndex(this.controller.active.image ?? { rows: 500, columns: 500 });
  }

  /** Return the width of the brush, as text. */
  brushWidth(): string {
    const width = 2 * (BRUSH_RADII[this.brushSize] as number);
    return `${width} pixel${width === 1 ? "" : "s"} across`;
  }

  /** Return what is being edited, as a sentence. */
  status(): string {
    const { target, isActive } = this;
    if (!isActive || !target) return "No outline in progress.";
    const what = target.finding === null ? `“${target.label}”, missed by the AI` : this.findingName(target.finding);
    const own = this.store.get(this.ownIdOn(this.controller.active) ?? "");
    if (own && !own.box) return `Marked by you: nothing to outline on this image for ${what}. Draw to outline it after all.`;
    return this.reasonNotEditable() || `${this.controller.tools.active === "eraser" ? "Erasing from the" : "Drawing the"} outline of ${what}.`;
  }

  /** State that there is nothing to outline of the finding on the displayed image. */
  async markEmpty(): Promise<void> {
    if (!this.isActive || !this.target) this.target = this.guessTarget() ?? this.target;
    const { target, controller } = this;
    const { active: viewport } = controller;
    const { displaySet, image } = viewport;
    const imageId = viewport.imageIds[viewport.imageIndex];
    if (!displaySet || !image || !imageId) return;
    const finding = target?.finding ?? null;
    if (finding === null) return controller.say("Which finding? Choose one beside the image; what the AI missed is outlined where it lies.");
    const reason = this.reasonNotEditable();
    if (reason) return controller.say(reason);
    const id = this.ownIdOn(viewport) ?? utilities.uuidv4();
    const { rows, columns } = image;
    const segmentation = this.store.get(id);
    const before = segmentation ? editStateOf(segmentation, await segmentation.mask()) : null;
    const after = { runs: [rows * columns], isEmpty: true };
    this.visibility.reveal("outline");
    this.save({ id, viewport, mask: { inside: new Uint8Array(rows * columns), rows, columns } }, after);
    this.pushHistory({ id, imageId, viewport }, before, after);
    controller.say(`Nothing to outline on this image: ${this.findingName(finding)}. Ctrl+z undoes it.`);
    await this.reopenSession();
  }

  private attach(viewport: Viewport): void {
    for (const kind of ["seriesShown", "imageShown", "cleared"] as const) viewport.on(kind, () => { if (viewport === this.controller.active) void this.openSession(); });
    viewport.on("viewChanged", () => { if (this.session?.viewport === viewport) this.session.canvas.align(); });
    viewport.root.addEventListener("pointerdown", (event) => this.onPointerDown(viewport, event), { capture: true });
    viewport.root.addEventListener("pointermove", (event) => this.onPointerMove(viewport, event));
    for (const kind of ["pointerup", "pointercancel"] as const) viewport.root.addEventListener(kind, (event) => this.onPointerUp(event));
    viewport.root.addEventListener("pointerleave", () => { if (this.session) this.session.canvas.showBrush(null, this.session.brush, false); });
  }

  /** Open a session for the target on the displayed image, and close the one on another image. */
  private async openSession(): Promise<void> {
    const generation = ++this.generation;
    const { active: viewport } = this.controller;
    const imageId = viewport?.imageIds[viewport.imageIndex];
    if (this.isActive && this.session?.viewport === viewport && this.session.imageId === imageId && this.session.id === this.ownIdOn(viewport)) return;
    this.session?.canvas.remove();
    this.session = null;
    this.emit("changed");
    if (!this.isActive || !this.target || !viewport?.displaySet || !viewport.image || !imageId || this.reasonNotEditable()) return;
    const id = this.ownIdOn(viewport) ?? utilities.uuidv4();
    try {
      const mask = await this.initialMask(viewport, id);
      if (generation !== this.generation) return;
      this.session = { id, viewport, imageId, mask, canvas: new EditCanvas(viewport, mask), brush: this.brushFor(imageId, mask) };
      this.emit("changed");
    } catch (error) {
      if (generation === this.generation) this.controller.say(`The outline cannot be corrected here. ${error instanceof Error ? error.message : ""}`);
    }
  }

  /** The segmentation has another form: close the session and open it again. */
  private async reopenSession(): Promise<void> {
    this.session?.canvas.remove();
    this.session = null;
    await this.openSession();
  }

  /** Another tool may be chosen, or another viewport active: the session then ends there, or moves. */
  private refresh(): void {
    const isWanted = this.isActive && this.target !== null && !this.reasonNotEditable();
    if (isWanted ? this.session?.viewport !== this.controller.active : this.session) void this.openSession();
  }

  /** Return why the target cannot be edited on what the active viewport displays; "" where it can. */
  private reasonNotEditable(): string {
    const { target } = this;
    const { displaySet, image } = this.controller.active;
    if (!displaySet || !image || !target) return "";
    if (displaySet.isPrior) return "Prior studies cannot be outlined here.";
    if (target.finding !== null && !displaySet.series.findings.some(({ id }) => id === target.finding)) return "The finding being outlined lies on another series.";
    const isElsewhere = target.missed !== null && this.store.ofMissed(target.missed).some(({ series }) => series !== displaySet.series.id);
    return isElsewhere ? `“${target.label}” is outlined on another series. Name it once more to outline it here.` : "";
  }

  /** Return the name of a finding: "finding 2 (Fracture)". */
  private findingName(finding: number): string {
    const found = this.controller.active.displaySet?.series.findings.find(({ id }) => id === finding);
    return found ? `finding ${found.number} (${found.title})` : "an earlier finding";
  }

  /** Return what the reader means who chooses the brush without naming a finding. */
  private guessTarget(): SegmentationTarget | null {
    const { displaySet, imageIndex, image } = this.controller.active;
    if (!displaySet || displaySet.isPrior) return null;
    const { findings } = displaySet.series;
    const here = findings.filter(({ marks }) => marks.some((mark) => mark.image === imageIndex));
    const found = here.find(({ id }) => id === this.controller.lastFinding) ?? here[0];
    const missed = image && this.store.onImage(displaySet.series.id, image).find((one) => one.isOwn && one.finding === null);
    if (missed && !found) return { finding: null, missed: missed.missed, label: missed.label };
    const only = found ?? (findings.length === 1 ? findings[0] : undefined);
    return only ? { finding: only.id, missed: null, label: "" } : null;
  }

  /** Return the id of the reader's own segmentation of the target on the displayed image; undefined where there is none. */
  private ownIdOn(viewport: Viewport): string | undefined {
    const { displaySet, image } = viewport;
    if (!displaySet || !image || !this.target) return undefined;
    const { finding, missed } = this.target;
    const own = this.store.onImage(displaySet.series.id, image).filter(({ isOwn }) => isOwn);
    return own.find((one) => one.finding === finding && one.missed === missed)?.id;
  }

  /** Return the mask to start from: the reader's own, else the AI's, else an empty one. */
  private async initialMask({ displaySet, image, imageIndex }: Viewport, id: string): Promise<Mask> {
    const { rows = 0, columns = 0 } = image ?? {};
    const own = this.store.get(id);
    const maskUrl = own ? null : findingMaskUrl(displaySet?.series, this.target?.finding ?? null, imageIndex);
    const mask = own ? await own.mask() : maskUrl ? await fetchMask(maskUrl) : { inside: new Uint8Array(rows * columns), rows, columns };
    if (mask.rows !== rows || mask.columns !== columns) throw new Error("The mask and the image differ in size.");
    return { ...mask, inside: mask.inside.slice() };
  }

  private brushFor(imageId: string, mask: Mask): BrushShape {
    const plane = imagePlaneOf(imageId);
    const [columnStep, rowStep] = [Math.hypot(...plane.columnStep), Math.hypot(...plane.rowStep)];
    const shorter = Math.min(columnStep, rowStep) || 1;
    const radius = BRUSH_RADII[this.radiusIndex >= 0 ? this.radiusIndex : defaultRadiusIndex(mask)] as number;
    return { radius, columnStep: columnStep / shorter, rowStep: rowStep / shorter };
  }

  private onPointerDown(viewport: Viewport, event: PointerEvent): void {
    if (!this.isActive || event.button !== 0 || !event.isPrimary || (event.target as HTMLElement).closest("button, .notice-over")) return;
    event.preventDefault(); // none of Cornerstone's tools sees it
    viewport.root.focus();
    this.controller.activate(viewport);
    const { session } = this;
    if (session?.viewport !== viewport) {
      void this.openSession();
      this.controller.say(this.reasonNotEditable() || "The outline of this image is still loading: draw again in a moment.");
      return;
    }
    viewport.root.setPointerCapture(event.pointerId);
    const at = pixelAt(viewport, event);
    this.stroke = { pointerId: event.pointerId, at, before: editStateOf(this.store.get(session.id), session.mask) };
    this.continueStroke(session, at, event);
  }

  private onPointerMove(viewport: Viewport, event: PointerEvent): void {
    const { session } = this;
    if (session?.viewport !== viewport) return;
    if (this.stroke?.pointerId === event.pointerId) {
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.continueStroke(session, pixelAt(viewport, one), event);
    }
    session.canvas.showBrush(pixelAt(viewport, event), session.brush, this.isErasing(event));
  }

  private onPointerUp({ pointerId }: PointerEvent): void {
    const { stroke, session } = this;
    if (stroke?.pointerId !== pointerId || !session) return;
    this.stroke = null;
    const after = { runs: encodeRuns(session.mask.inside), isEmpty: false };
    this.saveUnlessEmpty(session, after);
    this.pushHistory(session, stroke.before, after);
  }

  private continueStroke(session: EditSession, to: Pixel, event: PointerEvent): void {
    if (!this.stroke) return;
    session.canvas.redraw(paintStroke(session.mask, this.stroke.at, to, session.brush, this.isErasing(event) ? 0 : 1));
    this.stroke.at = to;
  }

  private isErasing({ shiftKey }: PointerEvent): boolean {
    return (this.controller.tools.active === "eraser") !== shiftKey;
  }

  /** Save what was drawn; a mask from which everything was erased does not yet mean that there is nothing to outline. */
  private saveUnlessEmpty(session: Pick<EditSession, "id" | "viewport" | "mask">, state: EditState): void {
    if (state.isEmpty || state.runs.length > 1) {
      this.save(session, state);
      return;
    }
    this.controller.say(`The outline is empty: nothing is saved until something is drawn${this.target?.finding === null ? "" : ", or n marks that there is nothing to outline"}.`);
  }

  private save({ id, viewport, mask }: Pick<EditSession, "id" | "viewport" | "mask">, { runs }: EditState): void {
    const { displaySet, image, header } = viewport;
    if (!displaySet || !image || !this.target) return;
    if (this.target.finding === null) this.target = { ...this.target, missed: this.target.missed ?? id };
    const count = runs.reduce((sum, run, index) => sum + (index % 2 ? run : 0), 0);
    const size = pixelSize(header);
    const area = count * (size.isCalibrated ? size.rows * size.columns : 1);
    const location = { id, study: displaySet.data.study.id, series: displaySet.series.id, sop: image.sop, frame: image.frame };
    this.store.save({ ...location, ...this.target }, mask, { area: Math.round(area * 1000) / 1000 }, size.isCalibrated ? "mm" : "px");
  }

  private pushHistory({ id, imageId, viewport }: Pick<EditSession, "id" | "imageId" | "viewport">, before: EditState | null, after: EditState): void {
    const location = { id, imageId, target: this.target as SegmentationTarget, series: viewport.displaySet?.series.id ?? "" };
    this.controller.history.push((isUndo) => this.restore(location, isUndo ? before : after));
  }

  /** A stroke is undone or redone: on the image on which it was drawn. */
  private restore(location: EditLocation, state: EditState | null): void {
    const viewport = this.controller.viewports.find((one) => one.displaySet?.series.id === location.series);
    if (viewport) void this.restoreIn(viewport, location, state);
    else this.controller.say("The series of this stroke is no longer shown.");
  }

  private async restoreIn(viewport: Viewport, { id, imageId, target }: EditLocation, state: EditState | null): Promise<void> {
    this.controller.activate(viewport);
    this.target = target;
    await viewport.show(viewport.imageIds.indexOf(imageId));
    if (!state) this.store.remove(id);
    else {
      const { rows = 0, columns = 0 } = viewport.image ?? {};
      this.saveUnlessEmpty({ id, viewport, mask: { inside: decodeRuns(state.runs, rows * columns), rows, columns } }, state);
    }
    await this.reopenSession();
  }
}

function pixelAt(viewport: Viewport, { clientX, clientY }: PointerEvent): Pixel {
  const { left, top } = viewport.element.getBoundingClientRect();
  return viewport.canvasToImage([clientX - left, clientY - top]);
}

/** Return the form that a segmentation has; null where there is none. */
function editStateOf(segmentation: ReaderSegmentation | undefined, { inside }: Mask): EditState | null {
  return segmentation ? { runs: encodeRuns(inside), isEmpty: !segmentation.box } : null;
}

/** Return the URL of the AI's mask of a finding on an image; null where there is none. */
function findingMaskUrl(series: Series | undefined, finding: Finding["id"] | null, imageIndex: number): string | null {
  const found = series?.findings.find(({ id }) => id === finding);
  return found?.marks.find(({ image }) => image === imageIndex)?.mask ?? null;
}
