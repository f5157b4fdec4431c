// One viewport: the series that hangs in it, the image of it that is displayed, and the text around the image.
//
// Whatever draws on it (overlays, annotations, the brush) listens to `ViewportEvents`, draws into `layer`, an SVG in CSS
// pixels over the image, and converts pixels of the image with `imageToCanvas`.

import { Enums, metaData, type RenderingEngine, type Types } from "@cornerstonejs/core";

import type { DisplaySet, ImageRef, Preset } from "../api/study.ts";
import { Emitter } from "../common/Emitter.ts";
import { fetchImage, loadSeries } from "../cornerstone/imageLoader.ts";
import { headerOf, imagePlaneOf } from "../cornerstone/setup.ts";
import { pixelToWorld, worldToPixel } from "../dicom/imagePlane.ts";
import type { Header } from "../dicom/tags.ts";
import { windowToRange } from "../dicom/window.ts";
import { Notice } from "./Notice.ts";
import { Prefetch } from "./Prefetch.ts";
import { ViewportOverlay, type Point } from "./ViewportOverlay.ts";

interface ViewportEvents {
  /** Another series hangs here, and its headers are known. */
  seriesShown: void;
  /** Another image of the series is displayed. */
  imageShown: void;
  /** The image was rendered again: panned, zoomed, rotated, windowed, or another one. */
  viewChanged: void;
  /** Nothing hangs here any more. */
  cleared: void;
}

/** How an image is displayed, apart from zoom and pan. */
interface Presentation {
  rotation: number;
  flipHorizontal: boolean;
  flipVertical: boolean;
  invert: boolean;
  range: { lower: number; upper: number } | undefined;
}

export class Viewport extends Emitter<ViewportEvents> {
  readonly id: string;
  readonly root: HTMLElement;
  readonly layer: SVGSVGElement;
  displaySet: DisplaySet | null = null;
  imageIds: string[] = [];
  /** Index, from 0, of the image that is displayed; -1 before the first. */
  imageIndex = -1;
  private prefetch: Prefetch | null = null;
  /** The image that the reader wants to see; loading may lag behind. */
  private targetIndex = -1;
  /** Counts what was hung here, so that an answer for an earlier series is ignored. */
  private generation = 0;
  private isBusy = false;
  private readonly pixels: HTMLDivElement;
  private readonly overlay: ViewportOverlay;
  private readonly notice: Notice;
  private readonly engine: RenderingEngine;

  constructor(engine: RenderingEngine, id: string, parent: HTMLElement) {
    super();
    this.engine = engine;
    this.id = id;
    this.root = document.createElement("section");
    this.root.className = "cell";
    this.root.tabIndex = 0;
    this.root.innerHTML = `<div class="pixels"></div><svg class="layer" aria-hidden="true"></svg><div class="here" aria-hidden="true"></div>`;
    this.pixels = this.root.querySelector(".pixels") as HTMLDivElement;
    this.layer = this.root.querySelector(".layer") as SVGSVGElement;
    this.overlay = new ViewportOverlay(this.root);
    this.notice = new Notice(this.root);
    parent.append(this.root);
    engine.enableElement({ viewportId: id, element: this.pixels, type: Enums.ViewportType.STACK });
    this.pixels.addEventListener(Enums.Events.IMAGE_RENDERED, this.onRendered);
    this.pixels.addEventListener(Enums.Events.STACK_NEW_IMAGE, this.onNewImage);
  }

  /** Cornerstone's viewport behind this one. */
  get stack(): Types.IStackViewport {
    return this.engine.getViewport<Types.IStackViewport>(this.id);
  }

  /** The element that Cornerstone draws into. */
  get element(): HTMLDivElement {
    return this.pixels;
  }

  get image(): ImageRef | null {
    return this.displaySet?.series.images[this.imageIndex] ?? null;
  }

  get header(): Header {
    return headerOf(this.imageIds[this.imageIndex] ?? "");
  }

  /** Hang a series and display one image of it. */
  async hang(displaySet: DisplaySet, imageIndex: number): Promise<void> {
    const generation = ++this.generation;
    this.prefetch?.stop();
    this.displaySet = displaySet;
    this.root.setAttribute("aria-label", accessibleName(displaySet));
    this.root.dataset.series = displaySet.series.id;
    this.root.classList.toggle("is-prior", displaySet.isPrior);
    if (displaySet.series.images.length === 0) {
      this.showError(displaySet.series.whyNotShown || "This series holds no image.");
      return;
    }
    this.notice.showLoading("Loading …");
    try {
      const imageIds = await loadSeries(displaySet);
      const index = Math.max(0, Math.min(imageIndex, imageIds.length - 1));
      await fetchImage(imageIds[index] as string);
      if (generation !== this.generation) return;
      this.imageIds = imageIds;
      this.imageIndex = -1;
      await this.stack.setStack(imageIds, index);
      if (generation !== this.generation) return;
      this.imageIndex = this.targetIndex = index;
      this.notice.clear();
      this.prefetch = new Prefetch(imageIds, () => this.drawProgress());
      this.emit("seriesShown");
      this.emit("imageShown");
      this.prefetch.startFrom(index);
      this.onRendered();
    } catch (error) {
      if (generation === this.generation) this.showError(errorText(error), () => this.hang(displaySet, imageIndex));
    }
  }

  /** Display another image of the series; an index beyond its ends means the first or the last image. */
  show(index: number): Promise<void> {
    if (!this.imageIds.length) return Promise.resolve();
    this.targetIndex = Math.max(0, Math.min(index, this.imageIds.length - 1));
    return this.isBusy ? Promise.resolve() : this.showTarget();
  }

  step(by: number): Promise<void> {
    return this.show(this.targetIndex + by);
  }

  /** Load and display the target image, however often the target changes meanwhile. */
  private async showTarget(): Promise<void> {
    this.isBusy = true;
    const { generation } = this;
    try {
      while (this.targetIndex !== this.imageIndex && generation === this.generation) {
        const index = this.targetIndex;
        await this.showImage(index, generation);
        if (generation === this.generation && this.imageIndex !== index && this.targetIndex === index) return; // it failed; the notice says why
      }
    } finally {
      this.isBusy = false;
    }
  }

  private async showImage(index: number, generation: number): Promise<void> {
    const id = this.imageIds[index] as string;
    this.notice.showLoading(`Loading image ${index + 1} …`);
    try {
      await fetchImage(id);
      if (generation !== this.generation) return;
      await this.stack.setImageIdIndex(index);
      this.notice.clear();
    } catch (error) {
      if (generation !== this.generation || index !== this.targetIndex) return;
      this.showError(`Image ${index + 1} of ${this.imageIds.length} cannot be shown. ${errorText(error)}`, () => this.show(index));
    }
  }

  /** Say why nothing is displayed, covering pixels that belong to something else. */
  showError(sentence: string, retry?: () => Promise<void>): void {
    this.notice.cover(sentence, retry && (() => void retry()));
  }

  /** Take down whatever hangs here. */
  clear(): void {
    this.generation += 1;
    this.prefetch?.stop();
    this.displaySet = null;
    this.imageIds = [];
    this.imageIndex = this.targetIndex = -1;
    this.notice.cover("Empty. Choose a series on the left.");
    this.root.setAttribute("aria-label", "Empty viewport");
    this.emit("cleared");
  }

  /** Convert a pixel of the image (the centre of the first is [0, 0]) to CSS pixels of the viewport. */
  imageToCanvas(point: Point): Point {
    return this.stack.worldToCanvas(pixelToWorld(imagePlaneOf(this.imageIds[this.imageIndex] as string), point));
  }

  /** The inverse of `imageToCanvas`. */
  canvasToImage(point: Point): Point {
    const world = this.stack.canvasToWorld([point[0], point[1]]);
    return worldToPixel(imagePlaneOf(this.imageIds[this.imageIndex] as string), world);
  }

  presentation(): Presentation {
    const { rotation = 0 } = this.stack.getViewPresentation();
    const { flipHorizontal = false, flipVertical = false } = this.stack.getCamera();
    const { invert = false, voiRange } = this.stack.getProperties();
    return { rotation, flipHorizontal, flipVertical, invert, range: voiRange && { ...voiRange } };
  }

  applyPresentation(to: Presentation): void {
    const { rotation, flipHorizontal, flipVertical, invert, range } = to;
    this.stack.setCamera({ flipHorizontal, flipVertical }); // a view presentation flips, but never flips back
    this.stack.setViewPresentation({ ...this.stack.getViewPresentation(), rotation });
    this.stack.setProperties(range ? { invert, voiRange: range } : { invert });
    this.stack.render();
  }

  applyPreset(preset: Preset): void {
    this.stack.setProperties({ voiRange: windowToRange(preset.width, preset.level) });
    this.stack.render();
  }

  /** Whether the whole image is in view, neither zoomed nor panned. */
  isFitted(): boolean {
    return this.imageIndex >= 0 && Math.abs(this.stack.getZoom() - 1) < 0.01 && Math.hypot(...this.stack.getPan()) < 1;
  }

  /** Fit the whole image into the viewport; rotation and flips stay. */
  fit(): void {
    if (this.imageIndex < 0) return;
    const now = this.presentation();
    this.stack.resetCamera();
    this.applyPresentation(now);
  }

  /** Display the image as it was when it was hung. */
  reset(): void {
    this.applyPresentation({ ...this.presentation(), rotation: 0, flipHorizontal: false, flipVertical: false });
    this.stack.resetCamera();
    this.stack.resetProperties();
    this.stack.render();
  }

  remove(): void {
    this.generation += 1;
    this.prefetch?.stop();
    this.displaySet = null; // remaining listeners have nothing to draw
    this.imageIndex = this.targetIndex = -1;
    this.engine.disableElement(this.id);
    this.root.remove();
  }

  /** Cornerstone displays another image: because it was told to, or to undo a measurement there. */
  private readonly onNewImage = (): void => {
    const index = this.stack.getCurrentImageIdIndex();
    if (this.imageIndex < 0 || index === this.imageIndex || this.stack.getImageIds() !== this.imageIds) return;
    if (!this.isBusy) this.targetIndex = index;
    this.imageIndex = index;
    this.emit("imageShown");
    this.prefetch?.startFrom(index);
  };

  private readonly onRendered = (): void => {
    if (!this.displaySet || this.imageIndex < 0 || !this.imageIds.length) return;
    const [origin, along, down] = [this.imageToCanvas([0, 0]), this.imageToCanvas([1, 0]), this.imageToCanvas([0, 1])];
    const { invert = false, voiRange } = this.stack.getProperties();
    const pixel = metaData.get(Enums.MetadataModules.IMAGE_PIXEL, this.imageIds[this.imageIndex] as string) as { samplesPerPixel?: number; photometricInterpretation?: string };
    this.overlay.draw({
      displaySet: this.displaySet,
      header: this.header,
      imageIndex: this.imageIndex,
      count: this.imageIds.length,
      range: voiRange,
      isColour: (pixel?.samplesPerPixel ?? 1) > 1 || pixel?.photometricInterpretation === "PALETTE COLOR",
      isInverted: invert !== (pixel?.photometricInterpretation === "MONOCHROME1"),
      pixelSteps: { along: subtract(along, origin), down: subtract(down, origin) },
      directions: null,
      mmPerPixel: 0,
      plane: "",
      width: this.root.clientWidth,
    });
    this.drawProgress();
    this.emit("viewChanged");
  };

  /** Draw which part of the series is loaded, and where in it the displayed image is. */
  private drawProgress(): void {
    const strip = this.root.querySelector(".here") as HTMLElement;
    const loaded = this.prefetch?.loaded() ?? [];
    strip.hidden = loaded.length < 2;
    const done = loaded.filter(Boolean).length;
    strip.style.setProperty("--at", `${loaded.length > 1 ? (100 * this.imageIndex) / (loaded.length - 1) : 0}%`);
    strip.style.setProperty("--done", `${loaded.length ? (100 * done) / loaded.length : 0}%`);
    this.root.dataset.loaded = `${done}/${loaded.length}`;
  }
}

function accessibleName({ data, series, isPrior }: DisplaySet): string {
  const title = [series.number === null ? "" : `${series.number}.`, series.modality, series.description].filter(Boolean).join(" ");
  return `${isPrior ? "Prior, " : ""}${data.study.patientName}, series ${title}`;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : "An unexpected error occurred.";
}

function subtract(one: Point, other: Point): Point {
  return [one[0] - other[0], one[1] - other[1]];
}
