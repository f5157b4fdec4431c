// The reading room's wall: the cells, which of them is active, and what hangs in them.

import type { RenderingEngine } from "@cornerstonejs/core";

import { engineStarted, headerOf } from "../cornerstone/setup.ts";
import { whyNoVolume } from "../dicom/volumeGeometry.ts";
import type { Vector } from "../dicom/orientation.ts";
import { keeper, marks } from "../annotations/index.ts";
import { Outliner } from "../segmentation/SegmentationEditor.ts";
import { overlays } from "../overlays/index.ts";
import { Page } from "../app/Shell.ts";
import { seriesShown, studyFetched, type Hung, type Preset, type Series, type StudyData } from "../api/study.ts";
import { Cell } from "../viewport/Viewport.ts";
import { Cine } from "./Cine.ts";
import type { Early } from "../viewport/FirstPaint.ts";
import { activeOf, firstOf, likest, opensAt } from "../hanging/initialImage.ts";
import { History } from "../tools/History.ts";
import { Link } from "./ScrollSync.ts";
import { Planes } from "../mpr/MprView.ts";
import { presetApplied, presetNamed, presetsFor } from "../hanging/presets.ts";
import { Tools } from "../tools/StackTools.ts";

export const LAYOUTS = ["1x1", "1x2", "2x1", "2x2"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Start the viewer on its page. */
export async function readingBegun(element: HTMLElement, coming: Promise<StudyData>, early?: Early): Promise<void> {
  const page = new Page(element);
  try {
    const data = await coming;
    const reading = new Reading(engineStarted(), page, data);
    page.begin(reading);
    await reading.open(early);
  } catch (trouble) {
    early?.remove();
    page.cannot(trouble instanceof Error ? trouble.message : String(trouble));
  }
}

export class Reading {
  readonly tools = new Tools();
  readonly history = new History();
  readonly cine = new Cine();
  readonly link = new Link();
  readonly data: StudyData;
  readonly outliner = new Outliner(this);
  cells: Cell[] = [];
  layout: Layout = "1x1";
  /** The three cuts that lie over the wall, while they do. */
  planes: Planes | null = null;
  private readonly engine: RenderingEngine;
  private readonly page: Page;
  private readonly priors = new Map<string, Promise<StudyData>>();
  private readonly whys = new WeakMap<string[], string>();
  private activeCell = 0;
  private made = 0;

  constructor(engine: RenderingEngine, page: Page, data: StudyData) {
    this.engine = engine;
    this.page = page;
    this.data = data;
    new ResizeObserver(() => this.resized()).observe(page.grid);
    this.history.on((id) => this.changedElsewhere(id));
  }

  get active(): Cell {
    return this.cells[this.activeCell] as Cell;
  }

  /** Hang what the hanging protocol says. */
  async open(early?: Early): Promise<void> {
    const { rows, columns, cells } = this.data.hanging;
    const layout = `${rows}x${columns}` as Layout;
    this.arrange(LAYOUTS.includes(layout) ? layout : "1x1");
    const placed = firstOf(this.data, location.search);
    const own = this.cells.filter((_, index) => !cells[index]?.prior);
    const hung = placed.slice(0, own.length).map(({ hung, at, preset }, index) => this.hang(own[index] as Cell, hung, { at, preset }).finally(() => early?.done(index)));
    for (let index = hung.length; index < own.length; index += 1) early?.done(index);
    const priors = this.cells.map((cell, index) => {
      const prior = cells[index]?.prior;
      return prior ? this.hangPrior(cell, prior) : undefined;
    });
    this.activate(own[activeOf(placed, location.search)] ?? (this.cells[0] as Cell));
    await Promise.all([...hung, ...priors]);
  }

  /** Give the wall so many cells; those that stay keep what they show. */
  arrange(layout: Layout): void {
    const [rows = 1, columns = 1] = layout.split("x").map(Number);
    this.layout = layout;
    this.page.grid.dataset.layout = layout;
    while (this.cells.length > rows * columns) this.taken(this.cells.pop() as Cell);
    while (this.cells.length < rows * columns) this.cells.push(this.added());
    this.activate(this.cells[Math.min(this.activeCell, this.cells.length - 1)] as Cell);
    this.resized();
  }

  /** Fill the cells anew; what was fitted stays fitted, what was zoomed stays zoomed. */
  private resized(): void {
    const fitted = this.cells.filter((cell) => cell.isFitted());
    this.engine.resize(true, true);
    for (const cell of fitted) cell.fit();
  }

  activate(cell: Cell): void {
    this.activeCell = Math.max(0, this.cells.indexOf(cell));
    for (const one of this.cells) one.root.classList.toggle("is-active", one === cell);
    this.renewed();
  }

  /** Make the next cell active. */
  activateNext(by: number): void {
    const count = this.cells.length;
    const next = this.cells[(this.activeCell + by + count) % count] as Cell;
    this.activate(next);
    next.root.focus();
  }

  async hang(cell: Cell, hung: Hung, { at, preset = null }: { at?: number | undefined; preset?: string | null } = {}): Promise<void> {
    this.cine.stop(cell);
    await cell.hang(hung, at ?? opensAt(hung.series));
    const chosen = presetNamed(this.data.presets, hung.series, preset);
    if (chosen) presetApplied(cell, chosen);
    if (this.link.isOn) this.link.hold(this.cells);
    this.page.renew();
  }

  /** Hang the series of the active cell's study that comes before or after. */
  hangNext(by: number): void {
    const hung = this.active.hung;
    if (!hung) return;
    const all = seriesShown(hung.data);
    const next = all[all.indexOf(hung.series) + by];
    if (next) void this.hang(this.active, { ...hung, series: next });
  }

  /** Hang the series of a prior study that is most like what is read. */
  async hangPrior(cell: Cell, study: string): Promise<void> {
    try {
      const data = await this.prior(study);
      const series = likest(data, this.data.series.find((one) => one.id === this.data.hanging.cells[0]?.series) ?? this.active.hung?.series);
      if (series) await this.hang(cell, { data, series, isPrior: true });
      else cell.cannot("The prior study holds no image.");
    } catch (trouble) {
      cell.cannot(`The prior study cannot be opened. ${trouble instanceof Error ? trouble.message : ""}`, () => this.hangPrior(cell, study));
    }
  }

  /** Return a prior study, fetched once. */
  prior(study: string): Promise<StudyData> {
    const held = this.priors.get(study);
    if (held) return held;
    const coming = studyFetched(this.page.address.replace(this.data.study.id, study));
    coming.catch(() => this.priors.delete(study));
    this.priors.set(study, coming);
    return coming;
  }

  /** The presets that suit what the active cell shows. */
  presets(): Preset[] {
    return this.active?.hung ? presetsFor(this.data.presets, this.active.hung.series) : [];
  }

  /** Tell the reader something in passing. */
  say(sentence: string): void {
    this.page.say(sentence);
  }

  /** Change how the active cell looks at its image, so that it can be undone. */
  change(how: (cell: Cell) => void): void {
    const cell = this.active;
    if (cell.at < 0) return;
    const before = cell.presentation();
    how(cell);
    const after = cell.presentation();
    this.history.put((isUndo) => cell.present(isUndo ? before : after));
    this.page.renew();
  }

  /** Why the active series cannot be cut in other planes; "" where it can. */
  whyNoPlanes(): string {
    const { imageIds } = this.active;
    const held = this.whys.get(imageIds);
    if (held !== undefined) return held;
    const why = imageIds.length ? whyNoVolume(imageIds.map(headerOf)) : "There is no image here.";
    this.whys.set(imageIds, why);
    return why;
  }

  /** Cut the active series in three planes, or go back to the wall. */
  async togglePlanes(): Promise<void> {
    if (this.planes) return this.closePlanes();
    const why = this.whyNoPlanes();
    const { hung, imageIds } = this.active;
    if (why || !hung) return this.say(why);
    for (const cell of this.cells) this.cine.stop(cell);
    const planes = new Planes(this.page.grid, hung, imageIds);
    this.planes = planes;
    this.page.renew();
    try {
      await planes.open(this.active.presentation().range);
      this.page.renew();
    } catch (trouble) {
      if (this.planes === planes) this.closePlanes();
      this.say(`The planes cannot be cut. ${trouble instanceof Error ? trouble.message : ""}`);
    }
  }

  /** Show a place on the cut that it lies on: the three planes of its series, the crosshair through it. */
  async goneToCut(series: Series, normal: Vector, place: Vector): Promise<void> {
    const cell = this.cells.find(({ hung }) => hung?.series === series);
    if (!cell) return;
    if (this.planes?.series !== series) this.closePlanes();
    this.activate(cell);
    if (!this.planes) await this.togglePlanes();
    this.planes?.goTo(normal, place);
  }

  /** Go back to the wall. */
  closePlanes(): void {
    if (!this.planes) return;
    this.planes.close();
    this.planes = null;
    this.page.renew();
    this.active.root.focus();
  }

  /** Undo and redo run over stacks and cuts in one line: say so where the other of the two was changed. */
  private changedElsewhere(id: string): void {
    if (keeper.isOnCut(id) && !this.planes) this.say("That changed a measurement on a cut: press f to see it.");
    else if (!keeper.isOnCut(id) && this.planes) this.say("That changed the stack: press f to see it.");
  }

  renewed(): void {
    this.outliner.renew();
    this.page.renew();
  }

  private added(): Cell {
    this.made += 1;
    const cell = new Cell(this.engine, `cell-${this.made}`, this.page.grid);
    this.tools.add(cell.id, this.engine.id);
    for (const kind of ["focusin", "pointerdown"]) cell.root.addEventListener(kind, () => this.activate(cell));
    cell.root.addEventListener("wheel", (event) => this.wheeled(cell, event), { passive: false });
    cell.on("imageShown", () => { if (cell === this.active) this.link.follow(cell, this.cells); });
    overlays.attach(cell);
    marks.attach(cell);
    this.outliner.attach(cell);
    cell.empty();
    return cell;
  }

  private taken(cell: Cell): void {
    this.cine.stop(cell);
    this.tools.remove(cell.id, this.engine.id);
    cell.remove();
  }

  private wheeled(cell: Cell, event: WheelEvent): void {
    event.preventDefault();
    if (event.deltaY !== 0) void cell.step(Math.sign(event.deltaY));
  }
}
