// A series cut in three planes (MPR) with a crosshair that joins them. Lies over the wall while it is looked at.

import { Enums, RenderingEngine, setVolumesForViewports, volumeLoader, type Types } from "@cornerstonejs/core";
import { addTool, annotation, type AnnotationTool, CrosshairsTool, Enums as ToolEnums, PanTool, ToolGroupManager, utilities, WindowLevelTool, ZoomTool } from "@cornerstonejs/tools";

import { headerOf } from "../cornerstone/setup.ts";
import { imageFetched } from "../cornerstone/imageLoader.ts";
import { onPlane } from "../dicom/reformat.ts";
import { dot, type Vector } from "../dicom/orientation.ts";
import { TAG, word } from "../dicom/tags.ts";
import { rangeOf } from "../dicom/window.ts";
import { keeper } from "../annotations/index.ts";
import type { Hung, Preset, Series } from "../api/study.ts";
import { CUT_TOOLS, type CutTool, volumeOf } from "./mprTools.ts";
import { Furniture } from "../viewport/ViewportOverlay.ts";
import { removedOf } from "../tools/measurements.ts";
import { Notice } from "../viewport/Notice.ts";
import { settingsOf, type ToolId } from "../tools/StackTools.ts";

const { Primary, Auxiliary, Secondary } = ToolEnums.MouseBindings;
const ENGINE = "planes";
const NOT_PLACED = "The header states no frame of reference, so no place in the patient: measure on the stack (f).";
/** Nearer to an edge than so many CSS pixels, a place is not in view. */
const EDGE = 20;
const PLANES = [
  { id: "axial", title: "Axial", orientation: Enums.OrientationAxis.AXIAL, colour: "rgb(255, 138, 128)" },
  { id: "sagittal", title: "Sagittal", orientation: Enums.OrientationAxis.SAGITTAL, colour: "rgb(255, 221, 87)" },
  { id: "coronal", title: "Coronal", orientation: Enums.OrientationAxis.CORONAL, colour: "rgb(128, 216, 160)" },
] as const;
type Plane = (typeof PLANES)[number];
const MEASURING = Object.fromEntries(Object.entries(CUT_TOOLS).map(([id, { toolName }]) => [id, toolName])) as Record<CutTool, string>;
const TOOLS = { crosshair: CrosshairsTool.toolName, window: WindowLevelTool.toolName, pan: PanTool.toolName, zoom: ZoomTool.toolName, ...MEASURING };
export type PlaneTool = keyof typeof TOOLS;
/** Cosine between two planes from which on they are one. */
const SAME_PLANE = 1 - 1e-6;

export class Planes {
  active: PlaneTool = "crosshair";
  private at = 0;
  private isClosed = false;
  private isOpen = false;
  /** Plane and place to go to once the planes are cut. */
  private wanted: [Vector, Vector] | null = null;
  private readonly root = document.createElement("div");
  private readonly engine: RenderingEngine;
  private readonly notice: Notice;
  private readonly hung: Hung;
  private readonly imageIds: string[];
  private readonly tidied: (() => void)[] = [];

  constructor(wall: HTMLElement, hung: Hung, imageIds: string[]) {
    this.hung = hung;
    this.imageIds = imageIds;
    this.root.className = "planes";
    this.notice = new Notice(this.root);
    wall.append(this.root);
    this.engine = new RenderingEngine(ENGINE);
    const watcher = new ResizeObserver(() => this.engine.resize(true, true));
    this.tidied.push(() => watcher.disconnect());
    watcher.observe(this.root);
  }

  get series(): Series {
    return this.hung.series;
  }

  /** Fetch what is missing of the series, then cut it. */
  async open(range: Types.VOIRange | undefined): Promise<void> {
    let here = 0;
    this.notice.say(`Loading the ${this.imageIds.length} images of the series …`);
    await Promise.all(this.imageIds.map((id) => imageFetched(id).then(() => {
      here += 1;
      this.notice.say(`Loading: ${here} of ${this.imageIds.length} images …`);
    })));
    if (this.isClosed) return;
    const volumeId = volumeOf(this.series.id);
    const volume = await volumeLoader.createAndCacheVolume(volumeId, { imageIds: this.imageIds });
    (volume as unknown as { load(): void }).load();
    if (this.isClosed) return;
    this.notice.clear();
    for (const plane of PLANES) this.added(plane);
    const ids = PLANES.map((plane) => plane.id);
    await setVolumesForViewports(this.engine, [{ volumeId }], ids);
    if (this.isClosed) return;
    this.tooled();
    this.isOpen = true;
    for (const id of ids) keeper.cuts.add(id);
    if (range) this.windowed(range);
    this.engine.renderViewports(ids);
    if (this.wanted) this.goTo(...this.wanted);
  }

  step(by: number): void {
    this.viewport(this.plane).scroll(by);
  }

  /** Make the next plane the one that keys move. */
  next(by: number): void {
    this.at = (this.at + by + PLANES.length) % PLANES.length;
    this.cell(this.plane).focus();
  }

  preset(preset: Preset): void {
    this.windowed(rangeOf(preset.width, preset.level));
  }

  invert(): void {
    const { invert = false } = this.viewport(PLANES[0]).getProperties() ?? {};
    for (const plane of PLANES) {
      this.viewport(plane).setProperties({ invert: !invert });
      this.viewport(plane).render();
    }
  }

  zoomBy(factor: number): void {
    const viewport = this.viewport(this.plane);
    viewport.setZoom(viewport.getZoom() * factor);
    viewport.render();
  }

  reset(): void {
    for (const plane of PLANES) {
      this.viewport(plane).resetCamera();
      this.viewport(plane).render();
    }
    (ToolGroupManager.getToolGroup(ENGINE)?.getToolInstance(TOOLS.crosshair) as CrosshairsTool | undefined)?.resetCrosshairs();
  }

  /** Give the left button to the crosshair or to another tool; returns why it cannot be had, "" where it can. */
  activate(tool: PlaneTool): string {
    const group = ToolGroupManager.getToolGroup(ENGINE);
    const isMeasuring = tool in MEASURING;
    if (!group) return "";
    if (isMeasuring && !isPlaced(this.imageIds)) return NOT_PLACED;
    this.active = tool;
    for (const name of Object.values(TOOLS)) if (name !== TOOLS.crosshair) group.setToolPassive(name, { removeAllBindings: true });
    // While somebody measures, the crosshair is looked at: near its lines the pointer would move them instead.
    if (isMeasuring) group.setToolEnabled(TOOLS.crosshair);
    else group.setToolPassive(TOOLS.crosshair, { removeAllBindings: true });
    const bindings: Record<string, { mouseButton: number }[]> = {
      [TOOLS.pan]: [{ mouseButton: Auxiliary }],
      [TOOLS.zoom]: [{ mouseButton: Secondary }],
    };
    (bindings[TOOLS[tool]] ??= []).push({ mouseButton: Primary });
    for (const [name, list] of Object.entries(bindings)) group.setToolActive(name, { bindings: list });
    return "";
  }

  /** Cut along the plane with that normal through a place, and bring the crosshair there. */
  goTo(normal: Vector, place: Vector): void {
    if (!this.isOpen) {
      this.wanted = [normal, place];
      return;
    }
    const turned = (plane: Plane): number => dot(this.viewport(plane).getCamera().viewPlaneNormal as unknown as Vector, normal);
    const plane = [...PLANES].sort((one, other) => Math.abs(turned(other)) - Math.abs(turned(one)))[0] as Plane;
    const by = turned(plane);
    if (Math.abs(by) < SAME_PLANE) this.tilted(plane, scaled(normal, Math.sign(by)));
    for (const one of PLANES) {
      this.viewport(one).jumpToWorld([...place]);
      this.panned(one, place);
      this.viewport(one).render();
    }
    this.chosen(plane);
    this.cell(plane).focus();
  }

  /** Remove the measurement on the active cut that is chosen, else the last one; returns why not, "" where it is gone. */
  removeSelected(): string {
    const { element } = this.viewport(this.plane);
    const group = ToolGroupManager.getToolGroup(ENGINE);
    const here = Object.values(MEASURING).flatMap((name) => {
      const tool = group?.getToolInstance(name) as AnnotationTool | undefined;
      return tool?.filterInteractableAnnotationsForElement(element, annotation.state.getAnnotations(name, element)) ?? [];
    });
    if (!removedOf(here.filter(({ isLocked }) => !isLocked), element)) return "There is no measurement of yours on this cut.";
    utilities.triggerAnnotationRenderForViewportIds([...keeper.cuts]);
    return "";
  }

  close(): void {
    this.isClosed = true;
    keeper.cuts.clear();
    for (const tidy of this.tidied) tidy();
    ToolGroupManager.destroyToolGroup(ENGINE);
    this.engine.destroy();
    this.root.remove();
  }

  /** Look at a plane from another side, as turning the crosshair does: `setOrientation` would turn all planes back. */
  private tilted(plane: Plane, normal: Vector): void {
    const viewport = this.viewport(plane);
    const { focalPoint = [0, 0, 0], position = [0, 0, 0], viewUp = [0, 0, 1] } = viewport.getCamera();
    const level = onPlane(viewUp, normal, [0, 0, 0]);
    const away = scaled(normal, Math.hypot(position[0] - focalPoint[0], position[1] - focalPoint[1], position[2] - focalPoint[2]));
    viewport.setCamera({
      focalPoint,
      position: [focalPoint[0] + away[0], focalPoint[1] + away[1], focalPoint[2] + away[2]],
      viewUp: scaled(level, 1 / Math.hypot(...level)),
    });
  }

  /** Bring a place into view where it is not. */
  private panned(plane: Plane, place: Vector): void {
    const viewport = this.viewport(plane);
    const { clientWidth: width, clientHeight: height } = viewport.element;
    const [x, y] = viewport.worldToCanvas([...place]);
    if (x >= EDGE && y >= EDGE && x <= width - EDGE && y <= height - EDGE) return;
    const [left, top] = viewport.getPan();
    viewport.setPan([left + width / 2 - x, top + height / 2 - y]);
  }

  private get plane(): Plane {
    return PLANES[this.at] as Plane;
  }

  private viewport({ id }: Plane): Types.IVolumeViewport {
    return this.engine.getViewport(id) as Types.IVolumeViewport;
  }

  private cell({ id }: Plane): HTMLElement {
    return this.root.querySelector(`[data-plane="${id}"]`) as HTMLElement;
  }

  private added(plane: Plane): void {
    const cell = document.createElement("section");
    cell.className = "cell";
    cell.tabIndex = 0;
    cell.dataset.plane = plane.id;
    cell.setAttribute("aria-label", `${plane.title} cut`);
    const pixels = document.createElement("div");
    pixels.className = "pixels";
    cell.append(pixels);
    this.root.append(cell);
    const furniture = new Furniture(cell);
    this.engine.enableElement({ viewportId: plane.id, element: pixels, type: Enums.ViewportType.ORTHOGRAPHIC, defaultOptions: { orientation: plane.orientation } });
    pixels.addEventListener(Enums.Events.IMAGE_RENDERED, () => this.drawn(plane, cell, furniture));
    pixels.addEventListener(Enums.Events.VOI_MODIFIED, (event) => this.windowed((event as CustomEvent<{ range: Types.VOIRange }>).detail.range));
    cell.addEventListener("wheel", (event) => { event.preventDefault(); this.viewport(plane).scroll(Math.sign(event.deltaY)); }, { passive: false });
    for (const kind of ["focusin", "pointerdown"]) cell.addEventListener(kind, () => this.chosen(plane));
  }

  private chosen(plane: Plane): void {
    this.at = PLANES.indexOf(plane);
    for (const one of PLANES) this.cell(one).classList.toggle("is-active", one === plane);
  }

  private tooled(): void {
    for (const tool of [CrosshairsTool, WindowLevelTool, PanTool, ZoomTool, ...Object.values(CUT_TOOLS)]) addTool(tool);
    const group = ToolGroupManager.createToolGroup(ENGINE);
    if (!group) return;
    const colours = new Map<string, string>(PLANES.map(({ id, colour }) => [id, colour]));
    const crosshair = { getReferenceLineColor: (id: string) => colours.get(id), getReferenceLineSlabThicknessControlsOn: () => false };
    for (const [id, name] of Object.entries(TOOLS)) group.addTool(name, id === "crosshair" ? crosshair : settingsOf(id as ToolId));
    for (const { id } of PLANES) group.addViewport(id, ENGINE);
    this.activate("crosshair");
    this.chosen(this.plane);
  }

  /** One window for all three. */
  private windowed(range: Types.VOIRange): void {
    for (const plane of PLANES) {
      const viewport = this.viewport(plane);
      const now = viewport?.getProperties()?.voiRange;
      if (!viewport || (now && Math.abs(now.lower - range.lower) < 0.01 && Math.abs(now.upper - range.upper) < 0.01)) continue;
      viewport.setProperties({ voiRange: { ...range } }, undefined, true);
      viewport.render();
    }
  }

  private drawn(plane: Plane, cell: HTMLElement, furniture: Furniture): void {
    const viewport = this.viewport(plane);
    const [origin, right, down] = ([[0, 0], [100, 0], [0, 100]] as const).map(([x, y]) => viewport.canvasToWorld([x, y])) as unknown as [Vector, Vector, Vector];
    const { invert = false, voiRange } = viewport.getProperties() ?? {};
    const [across, along] = [way(origin, right), way(origin, down)];
    furniture.draw({
      hung: this.hung,
      header: headerOf(this.imageIds[0] as string),
      at: viewport.getSliceIndex(),
      count: viewport.getNumberOfSlices(),
      range: voiRange,
      isColour: false,
      isInverted: invert,
      steps: null,
      directions: { right: across.unit, down: along.unit },
      mmPerPixel: across.length / 100,
      plane: plane.title,
      width: cell.clientWidth,
    });
  }
}

/** Whether places on the cuts are places in the patient: all images lie in one frame of reference. */
function isPlaced(imageIds: readonly string[]): boolean {
  const frames = new Set(imageIds.map((id) => word(headerOf(id), TAG.frameOfReference)));
  return frames.size === 1 && !frames.has("");
}

function scaled([x, y, z]: Vector, by: number): [number, number, number] {
  return [x * by, y * by, z * by];
}

function way(from: Vector, to: Vector): { unit: Vector; length: number } {
  const [x, y, z] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const length = Math.hypot(x, y, z) || 1;
  return { unit: [x / length, y / length, z / length], length };
}
