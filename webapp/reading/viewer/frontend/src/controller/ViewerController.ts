// The state of the viewer: the viewports, which of them is active, what hangs in them, and which tool is chosen.
//
// It emits what changes and knows nothing of those who listen: panels, overlays, annotations and the segmentation editor
// import the controller, never the other way round. They are put together in app/app.ts.

import type { RenderingEngine } from "@cornerstonejs/core";
import { annotation, utilities } from "@cornerstonejs/tools";

import { displayableSeries, fetchStudy, type DisplaySet, type Finding, type Preset, type Series, type StudyData } from "../api/study.ts";
import { Emitter } from "../common/Emitter.ts";
import { headerOf } from "../cornerstone/setup.ts";
import type { Vector } from "../dicom/orientation.ts";
import { reasonNotVolume } from "../dicom/volumeGeometry.ts";
import { initialActiveIndex, initialDisplays, initialImageIndex, mostSimilarSeries } from "../hanging/initialImage.ts";
import { layoutOf, type Layout } from "../hanging/layouts.ts";
import { findPreset, presetsFor } from "../hanging/presets.ts";
import { MprView } from "../mpr/MprView.ts";
import { History } from "../tools/History.ts";
import { removeAnnotations } from "../tools/measurements.ts";
import { StackTools, type ToolId } from "../tools/StackTools.ts";
import type { FirstPaint } from "../viewport/FirstPaint.ts";
import { Viewport } from "../viewport/Viewport.ts";
import { Cine } from "./Cine.ts";
import { ScrollSync } from "./ScrollSync.ts";

interface ControllerEvents {
  /** A viewport was created; nothing hangs in it yet. */
  viewportAdded: Viewport;
  /** Another viewport is active. */
  activeChanged: void;
  /** Another tool is chosen. */
  toolChanged: void;
  /** The analysis has new results, or has ended. */
  studyUpdated: void;
  /** Any of the above, or something else that panels show. */
  changed: void;
  /** A sentence for the reader, to be shown for a moment. */
  message: string;
}

export class ViewerController extends Emitter<ControllerEvents> {
  readonly tools = new StackTools();
  readonly history = new History();
  readonly cine = new Cine();
  readonly scrollSync = new ScrollSync();
  readonly data: StudyData;
  viewports: Viewport[] = [];
  layout: Layout = "1x1";
  /** The reformatted planes that lie over the grid, while they are open. */
  mpr: MprView | null = null;
  /** Id of the finding that the reader went to last. */
  lastFinding: number | null = null;
  private readonly engine: RenderingEngine;
  private readonly grid: HTMLElement;
  private readonly studyUrl: string;
  private readonly priors = new Map<string, Promise<StudyData>>();
  /** Why a series is no volume, by its list of image ids. */
  private readonly volumeProblems = new WeakMap<string[], string>();
  private activeIndex = 0;
  private created = 0;

  /** `studyUrl` is where `data` was fetched; the URL of a prior study differs from it by the id alone. */
  constructor(engine: RenderingEngine, grid: HTMLElement, data: StudyData, studyUrl: string) {
    super();
    this.engine = engine;
    this.grid = grid;
    this.data = data;
    this.studyUrl = studyUrl;
    new ResizeObserver(() => this.resize()).observe(grid);
  }

  get active(): Viewport {
    return this.viewports[this.activeIndex] as Viewport;
  }

  /** Hang what the hanging protocol says. */
  async open(firstPaint?: FirstPaint): Promise<void> {
    const { rows, columns, cells } = this.data.hanging;
    this.setLayout(layoutOf(rows, columns));
    const displays = initialDisplays(this.data, location.search);
    const own = this.viewports.filter((_, index) => !cells[index]?.prior);
    const hung = displays.slice(0, own.length).map(({ displaySet, imageIndex, preset }, index) =>
      this.hang(own[index] as Viewport, displaySet, { imageIndex, preset }).finally(() => firstPaint?.finish(index)));
    for (let index = hung.length; index < own.length; index += 1) firstPaint?.finish(index);
    const priors = this.viewports.map((viewport, index) => {
      const prior = cells[index]?.prior;
      return prior ? this.hangPrior(viewport, prior) : undefined;
    });
    this.activate(own[initialActiveIndex(displays, location.search)] ?? (this.viewports[0] as Viewport));
    await Promise.all([...hung, ...priors]);
  }

  /** Change the number of viewports; those that remain keep what they display. */
  setLayout(layout: Layout): void {
    const [rows = 1, columns = 1] = layout.split("x").map(Number);
    this.layout = layout;
    this.grid.dataset.layout = layout;
    while (this.viewports.length > rows * columns) this.removeViewport(this.viewports.pop() as Viewport);
    while (this.viewports.length < rows * columns) this.viewports.push(this.addViewport());
    this.activate(this.viewports[Math.min(this.activeIndex, this.viewports.length - 1)] as Viewport);
    this.resize();
  }

  activate(viewport: Viewport): void {
    this.activeIndex = Math.max(0, this.viewports.indexOf(viewport));
    for (const one of this.viewports) one.root.classList.toggle("is-active", one === viewport);
    this.emit("activeChanged");
    this.emit("changed");
  }

  /** Activate the next viewport. */
  activateNext(by: number): void {
    const count = this.viewports.length;
    const next = this.viewports[(this.activeIndex + by + count) % count] as Viewport;
    this.activate(next);
    next.root.focus();
  }

  /** Choose the tool on the left button of the stacks. */
  useTool(tool: ToolId): void {
    this.tools.activate(tool);
    this.emit("toolChanged");
    this.emit("changed");
  }

  async hang(viewport: Viewport, displaySet: DisplaySet, { imageIndex, preset = null }: { imageIndex?: number | undefined; preset?: string | null } = {}): Promise<void> {
    this.cine.stop(viewport);
    await viewport.hang(displaySet, imageIndex ?? initialImageIndex(displaySet.series));
    const chosen = findPreset(this.data.presets, displaySet.series, preset);
    if (chosen) viewport.applyPreset(chosen);
    if (this.scrollSync.isOn) this.scrollSync.rememberOffsets(this.viewports);
    this.emit("changed");
  }

  /** Hang the next or previous series of the active viewport's study. */
  hangNext(by: number): void {
    const { displaySet } = this.active;
    if (!displaySet) return;
    const all = displayableSeries(displaySet.data);
    const next = all[all.indexOf(displaySet.series) + by];
    if (next) void this.hang(this.active, { ...displaySet, series: next });
  }

  /** Return a prior study, fetched once. */
  fetchPrior(study: string): Promise<StudyData> {
    const cached = this.priors.get(study);
    if (cached) return cached;
    const download = fetchStudy(this.studyUrl.replace(this.data.study.id, study));
    download.catch(() => this.priors.delete(study));
    this.priors.set(study, download);
    return download;
  }

  /** Take over the results of the analysis; images that are displayed stay as they are. */
  updateStudy(update: StudyData): void {
    const { series: known } = this.data;
    for (const updated of update.series) {
      const series = known.find(({ id }) => id === updated.id);
      if (!series) known.push(updated); // such as a segmentation that was created with the results
      else if (series.images.length === updated.images.length) Object.assign(series, { run: updated.run, urgency: updated.urgency, findings: updated.findings, heats: updated.heats });
      else Object.assign(series, { run: updated.run && { ...updated.run, words: "More images have arrived. Reopen the study to see them and their findings." } });
    }
    this.emit("studyUpdated");
    this.emit("changed");
  }

  /** Show a finding in the viewport in which its series hangs, with its box in the middle. */
  async showFinding(series: Series, finding: Finding): Promise<void> {
    this.lastFinding = finding.id;
    const box = finding.marks.find(({ image }) => image === finding.image)?.box;
    await this.showImage(series, finding.image, box ? [(box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2] : null);
  }

  /** Show an image with one of its pixels in the middle of the viewport; null: leave the pan as it is. */
  async showImage(series: Series, imageIndex: number, pixel: readonly [number, number] | null): Promise<void> {
    const isHere = (one: Viewport): boolean => one.displaySet?.series === series;
    const viewport = isHere(this.active) ? this.active : this.viewports.find(isHere);
    if (!viewport) return;
    this.activate(viewport);
    await viewport.show(imageIndex);
    if (!pixel || viewport.imageIndex !== imageIndex) return;
    const [x, y] = viewport.imageToCanvas(pixel);
    const [left, top] = viewport.stack.getPan();
    viewport.stack.setPan([left + viewport.root.clientWidth / 2 - x, top + viewport.root.clientHeight / 2 - y]);
    viewport.stack.render();
  }

  /** The presets that suit the series in the active viewport. */
  presets(): Preset[] {
    return this.active?.displaySet ? presetsFor(this.data.presets, this.active.displaySet.series) : [];
  }

  /** Apply a preset where the reader is looking: to the planes, or to the active viewport. */
  applyPreset(preset: Preset): void {
    if (this.mpr) this.mpr.applyPreset(preset);
    else this.changePresentation((viewport) => viewport.applyPreset(preset));
  }

  /** Change the presentation of the active viewport, so that it can be undone. */
  changePresentation(change: (viewport: Viewport) => void): void {
    const viewport = this.active;
    if (viewport.imageIndex < 0) return;
    const before = viewport.presentation();
    change(viewport);
    const after = viewport.presentation();
    this.history.push((isUndo) => viewport.applyPresentation(isUndo ? before : after));
    this.emit("changed");
  }

  /** Remove the selected measurement on the displayed image, else the last one; undo brings it back. */
  removeMeasurement(): void {
    const imageId = this.active.imageIds[this.active.imageIndex];
    const candidates = annotation.state.getAllAnnotations().filter((one) => one.metadata?.referencedImageId === imageId);
    if (removeAnnotations(candidates, this.active.element)) utilities.triggerAnnotationRenderForViewportIds(this.viewports.map(({ id }) => id));
    else this.say("There is no measurement on this image.");
  }

  /** Return why the active series cannot be reformatted; "" where it can. */
  reasonNoMpr(): string {
    const { imageIds } = this.active;
    const cached = this.volumeProblems.get(imageIds);
    if (cached !== undefined) return cached;
    const reason = imageIds.length ? reasonNotVolume(imageIds.map(headerOf)) : "There is no image here.";
    this.volumeProblems.set(imageIds, reason);
    return reason;
  }

  /** Open the reformatted planes of the active series, or close them. */
  async toggleMpr(): Promise<void> {
    if (this.mpr) {
      this.closeMpr();
      return;
    }
    const reason = this.reasonNoMpr();
    const { displaySet, imageIds } = this.active;
    if (reason || !displaySet) {
      this.say(reason);
      return;
    }
    for (const viewport of this.viewports) this.cine.stop(viewport);
    const mpr = new MprView(this.grid, displaySet, imageIds);
    this.mpr = mpr;
    this.emit("changed");
    try {
      await mpr.open(this.active.presentation().range);
      this.emit("changed");
    } catch (error) {
      if (this.mpr === mpr) this.closeMpr();
      this.say(`The series cannot be reformatted. ${error instanceof Error ? error.message : ""}`);
    }
  }

  /** Show a point on its reformatted plane, with the crosshair through it. */
  async showInMpr(series: Series, normal: Vector, point: Vector): Promise<void> {
    const viewport = this.viewports.find(({ displaySet }) => displaySet?.series === series);
    if (!viewport) return;
    if (this.mpr?.series !== series) this.closeMpr();
    this.activate(viewport);
    if (!this.mpr) await this.toggleMpr();
    this.mpr?.goTo(normal, point);
  }

  /** Go back from the reformatted planes to the viewports. */
  closeMpr(): void {
    const { mpr } = this;
    if (!mpr) return;
    this.mpr = null;
    mpr.close();
    this.emit("changed");
    this.active.root.focus();
  }

  /** Show the reader a sentence for a moment. */
  say(sentence: string): void {
    this.emit("message", sentence);
  }

  /** Hang the series of a prior study that is most similar to the one that is read. */
  private async hangPrior(viewport: Viewport, study: string): Promise<void> {
    try {
      const data = await this.fetchPrior(study);
      const current = this.data.series.find((one) => one.id === this.data.hanging.cells[0]?.series) ?? this.active.displaySet?.series;
      const series = mostSimilarSeries(data, current);
      if (series) await this.hang(viewport, { data, series, isPrior: true });
      else viewport.showError("The prior study holds no image.");
    } catch (error) {
      viewport.showError(`The prior study cannot be opened. ${error instanceof Error ? error.message : ""}`, () => this.hangPrior(viewport, study));
    }
  }

  /** Adapt the viewports to the size of the grid: a fitted image stays fitted, a zoomed one stays zoomed. */
  private resize(): void {
    const fitted = this.viewports.filter((viewport) => viewport.isFitted());
    this.engine.resize(true, true);
    for (const viewport of fitted) viewport.fit();
  }

  private addViewport(): Viewport {
    this.created += 1;
    const viewport = new Viewport(this.engine, `cell-${this.created}`, this.grid);
    this.tools.addViewport(viewport.id, this.engine.id);
    for (const kind of ["focusin", "pointerdown"]) viewport.root.addEventListener(kind, () => this.activate(viewport));
    viewport.root.addEventListener("wheel", (event) => this.onWheel(viewport, event), { passive: false });
    viewport.on("imageShown", () => { if (viewport === this.active) this.scrollSync.follow(viewport, this.viewports); });
    this.emit("viewportAdded", viewport);
    viewport.clear();
    return viewport;
  }

  private removeViewport(viewport: Viewport): void {
    this.cine.stop(viewport);
    this.tools.removeViewport(viewport.id, this.engine.id);
    viewport.remove();
  }

  private onWheel(viewport: Viewport, event: WheelEvent): void {
    event.preventDefault();
    if (event.deltaY !== 0) void viewport.step(Math.sign(event.deltaY));
  }
}
