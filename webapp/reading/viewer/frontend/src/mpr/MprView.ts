// Multiplanar reformation (MPR): a series in three planes, joined by a crosshair. Lies over the grid while it is open.

import { Enums, RenderingEngine, setVolumesForViewports, volumeLoader, type Types } from "@cornerstonejs/core";
import { addTool, annotation, type AnnotationTool, CrosshairsTool, Enums as ToolEnums, PanTool, ToolGroupManager, utilities, WindowLevelTool, ZoomTool } from "@cornerstonejs/tools";

import type { DisplaySet, Preset, Series } from "../api/study.ts";
import { fetchImage } from "../cornerstone/imageLoader.ts";
import { headerOf } from "../cornerstone/setup.ts";
import { dot, type Vector } from "../dicom/orientation.ts";
import { projectOntoPlane } from "../dicom/reformat.ts";
import { stringValue, TAG } from "../dicom/tags.ts";
import { windowToRange } from "../dicom/window.ts";
import { removeAnnotations } from "../tools/measurements.ts";
import { toolSettings, type ToolId } from "../tools/StackTools.ts";
import { Notice } from "../viewport/Notice.ts";
import { ViewportOverlay } from "../viewport/ViewportOverlay.ts";
import { MPR_TOOLS, volumeIdOf, type MprMeasurementId } from "./mprTools.ts";

const { Primary, Auxiliary, Secondary } = ToolEnums.MouseBindings;
/** Name of the rendering engine and of the tool group. */
const MPR_ENGINE = "planes";
const NO_FRAME_OF_REFERENCE = "The header states no frame of reference, so positions in the patient are unknown: measure on the stack (f).";
/** A point nearer to the edge than this, in CSS pixels, counts as out of view. */
const EDGE_MARGIN = 20;
const MPR_PLANES = [
  { id: "axial", title: "Axial", orientation: Enums.OrientationAxis.AXIAL, colour: "rgb(255, 138, 128)" },
  { id: "sagittal", title: "Sagittal", orientation: Enums.OrientationAxis.SAGITTAL, colour: "rgb(255, 221, 87)" },
  { id: "coronal", title: "Coronal", orientation: Enums.OrientationAxis.CORONAL, colour: "rgb(128, 216, 160)" },
] as const;
type MprPlane = (typeof MPR_PLANES)[number];
const MEASUREMENT_TOOL_NAMES = Object.fromEntries(Object.entries(MPR_TOOLS).map(([id, { toolName }]) => [id, toolName])) as Record<MprMeasurementId, string>;
const TOOL_NAMES = { crosshair: CrosshairsTool.toolName as string, window: WindowLevelTool.toolName as string, pan: PanTool.toolName as string, zoom: ZoomTool.toolName as string, ...MEASUREMENT_TOOL_NAMES };
export type MprToolId = keyof typeof TOOL_NAMES;
/** Cosine between two planes above which they count as the same. */
const SAME_PLANE = 1 - 1e-6;

export class MprView {
  activeTool: MprToolId = "crosshair";
  private activeIndex = 0;
  private isClosed = false;
  private isOpen = false;
  /** Normal and point to go to once the planes are open. */
  private pendingPosition: [Vector, Vector] | null = null;
  private readonly root = document.createElement("div");
  private readonly engine: RenderingEngine;
  private readonly notice: Notice;
  private readonly displaySet: DisplaySet;
  private readonly imageIds: string[];
  private readonly cleanups: (() => void)[] = [];

  constructor(grid: HTMLElement, displaySet: DisplaySet, imageIds: string[]) {
    this.displaySet = displaySet;
    this.imageIds = imageIds;
    this.root.className = "planes";
    this.notice = new Notice(this.root);
    grid.append(this.root);
    this.engine = new RenderingEngine(MPR_ENGINE);
    const observer = new ResizeObserver(() => this.engine.resize(true, true));
    this.cleanups.push(() => observer.disconnect());
    observer.observe(this.root);
  }

  get series(): Series {
    return this.displaySet.series;
  }

  /** Cornerstone's ids of the viewports; none before the planes are open and after they are closed. */
  get viewportIds(): readonly string[] {
    return this.isOpen && !this.isClosed ? MPR_PLANES.map(({ id }) => id) : [];
  }

  /** Load the images of the series that are missing, then show the planes. */
  async open(range: Types.VOIRange | undefined): Promise<void> {
    let loaded = 0;
    this.notice.cover(`Loading the ${this.imageIds.length} images of the series …`);
    await Promise.all(this.imageIds.map((id) => fetchImage(id).then(() => {
      loaded += 1;
      this.notice.cover(`Loading: ${loaded} of ${this.imageIds.length} images …`);
    })));
    if (this.isClosed) return;
    const volumeId = volumeIdOf(this.series.id);
    const volume = await volumeLoader.createAndCacheVolume(volumeId, { imageIds: this.imageIds });
    (volume as unknown as { load(): void }).load();
    if (this.isClosed) return;
    this.notice.clear();
    for (const plane of MPR_PLANES) this.addPane(plane);
    const ids = MPR_PLANES.map((plane) => plane.id);
    await setVolumesForViewports(this.engine, [{ volumeId }], ids);
    if (this.isClosed) return;
    this.setUpTools();
    this.isOpen = true;
    if (range) this.applyRange(range);
    this.engine.renderViewports(ids);
    if (this.pendingPosition) this.goTo(...this.pendingPosition);
  }

  step(by: number): void {
    this.viewport(this.activePlane).scroll(by);
  }

  /** Make the next plane the active one, which the keys move through. */
  activateNext(by: number): void {
    this.activeIndex = (this.activeIndex + by + MPR_PLANES.length) % MPR_PLANES.length;
    this.pane(this.activePlane).focus();
  }

  applyPreset(preset: Preset): void {
    this.applyRange(windowToRange(preset.width, preset.level));
  }

  invert(): void {
    const { invert = false } = this.viewport(MPR_PLANES[0]).getProperties() ?? {};
    for (const plane of MPR_PLANES) {
      this.viewport(plane).setProperties({ invert: !invert });
      this.viewport(plane).render();
    }
  }

  zoomBy(factor: number): void {
    const viewport = this.viewport(this.activePlane);
    viewport.setZoom(viewport.getZoom() * factor);
    viewport.render();
  }

  reset(): void {
    for (const plane of MPR_PLANES) {
      this.viewport(plane).resetCamera();
      this.viewport(plane).render();
    }
    (ToolGroupManager.getToolGroup(MPR_ENGINE)?.getToolInstance(TOOL_NAMES.crosshair) as CrosshairsTool | undefined)?.resetCrosshairs();
  }

  /** Bind the crosshair or another tool to the left button; returns why it is not available, "" where it is. */
  activateTool(tool: MprToolId): string {
    const group = ToolGroupManager.getToolGroup(MPR_ENGINE);
    const isMeasurement = tool in MEASUREMENT_TOOL_NAMES;
    if (!group) return "";
    if (isMeasurement && !hasFrameOfReference(this.imageIds)) return NO_FRAME_OF_REFERENCE;
    this.activeTool = tool;
    for (const name of Object.values(TOOL_NAMES)) if (name !== TOOL_NAMES.crosshair) group.setToolPassive(name, { removeAllBindings: true });
    // While the reader measures, the crosshair is visible but fixed: near its lines, the pointer would move them instead.
    if (isMeasurement) group.setToolEnabled(TOOL_NAMES.crosshair);
    else group.setToolPassive(TOOL_NAMES.crosshair, { removeAllBindings: true });
    const bindings: Record<string, { mouseButton: number }[]> = {
      [TOOL_NAMES.pan]: [{ mouseButton: Auxiliary }],
      [TOOL_NAMES.zoom]: [{ mouseButton: Secondary }],
    };
    (bindings[TOOL_NAMES[tool]] ??= []).push({ mouseButton: Primary });
    for (const [name, list] of Object.entries(bindings)) group.setToolActive(name, { bindings: list });
    return "";
  }

  /** Show the plane with this normal through a point, and bring the crosshair there. */
  goTo(normal: Vector, point: Vector): void {
    if (!this.isOpen) {
      this.pendingPosition = [normal, point];
      return;
    }
    const cosine = (plane: MprPlane): number => dot(this.viewport(plane).getCamera().viewPlaneNormal as unknown as Vector, normal);
    const plane = [...MPR_PLANES].sort((one, other) => Math.abs(cosine(other)) - Math.abs(cosine(one)))[0] as MprPlane;
    const by = cosine(plane);
    if (Math.abs(by) < SAME_PLANE) this.tilt(plane, scale(normal, Math.sign(by)));
    for (const one of MPR_PLANES) {
      this.viewport(one).jumpToWorld([...point]);
      this.panIntoView(one, point);
      this.viewport(one).render();
    }
    this.activatePlane(plane);
    this.pane(plane).focus();
  }

  /** Remove the selected measurement on the active plane, else the last one; returns why not, "" where it is removed. */
  removeSelected(): string {
    const { element } = this.viewport(this.activePlane);
    const group = ToolGroupManager.getToolGroup(MPR_ENGINE);
    const candidates = Object.values(MEASUREMENT_TOOL_NAMES).flatMap((name) => {
      const tool = group?.getToolInstance(name) as AnnotationTool | undefined;
      return tool?.filterInteractableAnnotationsForElement(element, annotation.state.getAnnotations(name, element)) ?? [];
    });
    if (!removeAnnotations(candidates.filter(({ isLocked }) => !isLocked), element)) return "There is no measurement of yours on this plane.";
    utilities.triggerAnnotationRenderForViewportIds([...this.viewportIds]);
    return "";
  }

  close(): void {
    this.isClosed = true;
    for (const cleanup of this.cleanups) cleanup();
    ToolGroupManager.destroyToolGroup(MPR_ENGINE);
    this.engine.destroy();
    this.root.remove();
  }

  /** Tilt one plane, as rotating the crosshair does: `setOrientation` would reset all planes. */
  private tilt(plane: MprPlane, normal: Vector): void {
    const viewport = this.viewport(plane);
    const { focalPoint = [0, 0, 0], position = [0, 0, 0], viewUp = [0, 0, 1] } = viewport.getCamera();
    const up = projectOntoPlane(viewUp, normal, [0, 0, 0]);
    const offset = scale(normal, Math.hypot(position[0] - focalPoint[0], position[1] - focalPoint[1], position[2] - focalPoint[2]));
    viewport.setCamera({
      focalPoint,
      position: [focalPoint[0] + offset[0], focalPoint[1] + offset[1], focalPoint[2] + offset[2]],
      viewUp: scale(up, 1 / Math.hypot(...up)),
    });
  }

  /** Pan a plane so that a point is in view. */
  private panIntoView(plane: MprPlane, point: Vector): void {
    const viewport = this.viewport(plane);
    const { clientWidth: width, clientHeight: height } = viewport.element;
    const [x, y] = viewport.worldToCanvas([...point]);
    if (x >= EDGE_MARGIN && y >= EDGE_MARGIN && x <= width - EDGE_MARGIN && y <= height - EDGE_MARGIN) return;
    const [left, top] = viewport.getPan();
    viewport.setPan([left + width / 2 - x, top + height / 2 - y]);
  }

  private get activePlane(): MprPlane {
    return MPR_PLANES[this.activeIndex] as MprPlane;
  }

  private viewport({ id }: MprPlane): Types.IVolumeViewport {
    return this.engine.getViewport<Types.IVolumeViewport>(id);
  }

  private pane({ id }: MprPlane): HTMLElement {
    return this.root.querySelector(`[data-plane="${id}"]`) as HTMLElement;
  }

  private addPane(plane: MprPlane): void {
    const pane = document.createElement("section");
    pane.className = "cell";
    pane.tabIndex = 0;
    pane.dataset.plane = plane.id;
    pane.setAttribute("aria-label", `${plane.title} cut`);
    const pixels = document.createElement("div");
    pixels.className = "pixels";
    pane.append(pixels);
    this.root.append(pane);
    const overlay = new ViewportOverlay(pane);
    this.engine.enableElement({ viewportId: plane.id, element: pixels, type: Enums.ViewportType.ORTHOGRAPHIC, defaultOptions: { orientation: plane.orientation } });
    pixels.addEventListener(Enums.Events.IMAGE_RENDERED, () => this.drawOverlay(plane, pane, overlay));
    pixels.addEventListener(Enums.Events.VOI_MODIFIED, (event) => this.applyRange((event as CustomEvent<{ range: Types.VOIRange }>).detail.range));
    pane.addEventListener("wheel", (event) => { event.preventDefault(); this.viewport(plane).scroll(Math.sign(event.deltaY)); }, { passive: false });
    for (const kind of ["focusin", "pointerdown"]) pane.addEventListener(kind, () => this.activatePlane(plane));
  }

  private activatePlane(plane: MprPlane): void {
    this.activeIndex = MPR_PLANES.indexOf(plane);
    for (const one of MPR_PLANES) this.pane(one).classList.toggle("is-active", one === plane);
  }

  private setUpTools(): void {
    for (const tool of [CrosshairsTool, WindowLevelTool, PanTool, ZoomTool, ...Object.values(MPR_TOOLS)]) addTool(tool);
    const group = ToolGroupManager.createToolGroup(MPR_ENGINE);
    if (!group) return;
    const colours = new Map<string, string>(MPR_PLANES.map(({ id, colour }) => [id, colour]));
    const crosshair = { getReferenceLineColor: (id: string) => colours.get(id), getReferenceLineSlabThicknessControlsOn: () => false };
    for (const [id, name] of Object.entries(TOOL_NAMES)) group.addTool(name, id === "crosshair" ? crosshair : toolSettings(id as ToolId));
    for (const { id } of MPR_PLANES) group.addViewport(id, MPR_ENGINE);
    this.activateTool("crosshair");
    this.activatePlane(this.activePlane);
  }

  /** Apply one window to all three planes. */
  private applyRange(range: Types.VOIRange): void {
    for (const plane of MPR_PLANES) {
      const viewport = this.viewport(plane);
      const now = viewport?.getProperties()?.voiRange;
      if (!viewport || (now && Math.abs(now.lower - range.lower) < 0.01 && Math.abs(now.upper - range.upper) < 0.01)) continue;
      viewport.setProperties({ voiRange: { ...range } }, undefined, true);
      viewport.render();
    }
  }

  private drawOverlay(plane: MprPlane, pane: HTMLElement, overlay: ViewportOverlay): void {
    const viewport = this.viewport(plane);
    const [origin, right, down] = ([[0, 0], [100, 0], [0, 100]] as const).map(([x, y]) => viewport.canvasToWorld([x, y])) as unknown as [Vector, Vector, Vector];
    const { invert = false, voiRange } = viewport.getProperties() ?? {};
    const [across, along] = [direction(origin, right), direction(origin, down)];
    overlay.draw({
      displaySet: this.displaySet,
      header: headerOf(this.imageIds[0] as string),
      imageIndex: viewport.getSliceIndex(),
      count: viewport.getNumberOfSlices(),
      range: voiRange,
      isColour: false,
      isInverted: invert,
      pixelSteps: null,
      directions: { right: across.unit, down: along.unit },
      mmPerPixel: across.length / 100,
      plane: plane.title,
      width: pane.clientWidth,
    });
  }
}

/** Whether points on the planes are points in patient space: all images share one frame of reference. */
function hasFrameOfReference(imageIds: readonly string[]): boolean {
  const frames = new Set(imageIds.map((id) => stringValue(headerOf(id), TAG.frameOfReference)));
  return frames.size === 1 && !frames.has("");
}

function scale([x, y, z]: Vector, by: number): [number, number, number] {
  return [x * by, y * by, z * by];
}

function direction(from: Vector, to: Vector): { unit: Vector; length: number } {
  const [x, y, z] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const length = Math.hypot(x, y, z) || 1;
  return { unit: [x / length, y / length, z / length], length };
}
