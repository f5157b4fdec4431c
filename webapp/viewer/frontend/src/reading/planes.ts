// A series cut in three planes (MPR) with a crosshair that joins them. Lies over the wall while it is looked at.

import { Enums, RenderingEngine, setVolumesForViewports, volumeLoader, type Types } from "@cornerstonejs/core";
import { addTool, CrosshairsTool, Enums as ToolEnums, PanTool, ToolGroupManager, WindowLevelTool, ZoomTool } from "@cornerstonejs/tools";

import { headerOf } from "../cornerstone.ts";
import { imageFetched } from "../frames.ts";
import type { Vector } from "../header/orientation.ts";
import { rangeOf } from "../header/window.ts";
import type { Hung, Preset } from "../study.ts";
import { Furniture } from "./furniture.ts";
import { Notice } from "./notice.ts";

const { Primary, Auxiliary, Secondary } = ToolEnums.MouseBindings;
const ENGINE = "planes";
const PLANES = [
  { id: "axial", title: "Axial", orientation: Enums.OrientationAxis.AXIAL, colour: "rgb(255, 138, 128)" },
  { id: "sagittal", title: "Sagittal", orientation: Enums.OrientationAxis.SAGITTAL, colour: "rgb(255, 221, 87)" },
  { id: "coronal", title: "Coronal", orientation: Enums.OrientationAxis.CORONAL, colour: "rgb(128, 216, 160)" },
] as const;
type Plane = (typeof PLANES)[number];
const TOOLS = { crosshair: CrosshairsTool.toolName, window: WindowLevelTool.toolName, pan: PanTool.toolName, zoom: ZoomTool.toolName };
export type PlaneTool = keyof typeof TOOLS;

export class Planes {
  active: PlaneTool = "crosshair";
  private at = 0;
  private isClosed = false;
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

  /** Fetch what is missing of the series, then cut it. */
  async open(range: Types.VOIRange | undefined): Promise<void> {
    let here = 0;
    this.notice.say(`Loading the ${this.imageIds.length} images of the series …`);
    await Promise.all(this.imageIds.map((id) => imageFetched(id).then(() => {
      here += 1;
      this.notice.say(`Loading: ${here} of ${this.imageIds.length} images …`);
    })));
    if (this.isClosed) return;
    const volumeId = `cornerstoneStreamingImageVolume:${this.hung.series.id}`;
    const volume = await volumeLoader.createAndCacheVolume(volumeId, { imageIds: this.imageIds });
    (volume as unknown as { load(): void }).load();
    if (this.isClosed) return;
    this.notice.clear();
    for (const plane of PLANES) this.added(plane);
    const ids = PLANES.map((plane) => plane.id);
    await setVolumesForViewports(this.engine, [{ volumeId }], ids);
    this.tooled();
    if (range) this.windowed(range);
    this.engine.renderViewports(ids);
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

  /** Give the left button to the crosshair or to another tool. */
  activate(tool: PlaneTool): void {
    const group = ToolGroupManager.getToolGroup(ENGINE);
    if (!group) return;
    this.active = tool;
    for (const name of Object.values(TOOLS)) group.setToolPassive(name, { removeAllBindings: true });
    const bindings: Record<string, { mouseButton: number }[]> = {
      [TOOLS.pan]: [{ mouseButton: Auxiliary }],
      [TOOLS.zoom]: [{ mouseButton: Secondary }],
    };
    (bindings[TOOLS[tool]] ??= []).push({ mouseButton: Primary });
    for (const [name, list] of Object.entries(bindings)) group.setToolActive(name, { bindings: list });
  }

  close(): void {
    this.isClosed = true;
    for (const tidy of this.tidied) tidy();
    ToolGroupManager.destroyToolGroup(ENGINE);
    this.engine.destroy();
    this.root.remove();
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
    for (const tool of [CrosshairsTool, WindowLevelTool, PanTool, ZoomTool]) addTool(tool);
    const group = ToolGroupManager.createToolGroup(ENGINE);
    if (!group) return;
    const colours = new Map<string, string>(PLANES.map(({ id, colour }) => [id, colour]));
    for (const name of Object.values(TOOLS)) {
      group.addTool(name, name === TOOLS.crosshair ? { getReferenceLineColor: (id: string) => colours.get(id), getReferenceLineSlabThicknessControlsOn: () => false } : {});
    }
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

function way(from: Vector, to: Vector): { unit: Vector; length: number } {
  const [x, y, z] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const length = Math.hypot(x, y, z) || 1;
  return { unit: [x / length, y / length, z / length], length };
}
