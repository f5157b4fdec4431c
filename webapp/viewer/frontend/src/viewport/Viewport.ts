// One viewport: a series hung in it, an image of it shown, and what stands round the image.
//
// For those who draw on it (overlays, marks): listen to the events of `CellEvents`, draw into `layer`, an SVG in CSS
// pixels over the image, and put pixels of the image onto it with `toCanvas`.

import { Enums, metaData, type RenderingEngine, type Types } from "@cornerstonejs/core";

import { headerOf, planeOf } from "../cornerstone/setup.ts";
import { imageFetched, seriesReady } from "../cornerstone/imageLoader.ts";
import { pixelOf, placeOf } from "../dicom/imagePlane.ts";
import type { Header } from "../dicom/tags.ts";
import { Prefetch } from "./Prefetch.ts";
import type { Hung, ImageRef } from "../api/study.ts";
import { Furniture, type Place } from "./ViewportOverlay.ts";
import { Notice } from "./Notice.ts";

export interface CellEvents {
  /** Another series hangs here, its headers are known. */
  seriesShown: Event;
  /** Another image of it is on the screen. */
  imageShown: Event;
  /** The image was drawn again: moved, zoomed, turned, windowed, or another one. */
  viewChanged: Event;
  /** Nothing hangs here any more. */
  emptied: Event;
}

/** How an image is looked at, apart from zoom and place. */
export interface Presentation {
  rotation: number;
  flipHorizontal: boolean;
  flipVertical: boolean;
  invert: boolean;
  range: { lower: number; upper: number } | undefined;
}

export class Cell {
  readonly id: string;
  readonly root: HTMLElement;
  readonly layer: SVGSVGElement;
  hung: Hung | null = null;
  imageIds: string[] = [];
  /** Index, from 0, of the image that is shown; -1 before the first. */
  at = -1;
  prefetch: Prefetch | null = null;
  private wanted = -1;
  private turn = 0;
  private isBusy = false;
  private readonly pixels: HTMLDivElement;
  private readonly furniture: Furniture;
  private readonly notice: Notice;
  private readonly engine: RenderingEngine;

  constructor(engine: RenderingEngine, id: string, parent: HTMLElement) {
    this.engine = engine;
    this.id = id;
    this.root = document.createElement("section");
    this.root.className = "cell";
    this.root.tabIndex = 0;
    this.root.innerHTML = `<div class="pixels"></div><svg class="layer" aria-hidden="true"></svg><div class="here" aria-hidden="true"></div>`;
    this.pixels = this.root.querySelector(".pixels") as HTMLDivElement;
    this.layer = this.root.querySelector(".layer") as SVGSVGElement;
    this.furniture = new Furniture(this.root);
    this.notice = new Notice(this.root);
    parent.append(this.root);
    engine.enableElement({ viewportId: id, element: this.pixels, type: Enums.ViewportType.STACK });
    this.pixels.addEventListener(Enums.Events.IMAGE_RENDERED, this.drawn);
    this.pixels.addEventListener(Enums.Events.STACK_NEW_IMAGE, this.moved);
  }

  on(kind: keyof CellEvents, heard: () => void): void {
    this.root.addEventListener(`cell-${kind}`, heard);
  }

  get viewport(): Types.IStackViewport {
    return this.engine.getViewport(this.id) as Types.IStackViewport;
  }

  /** The element that Cornerstone draws into. */
  get element(): HTMLDivElement {
    return this.pixels;
  }

  get image(): ImageRef | null {
    return this.hung?.series.images[this.at] ?? null;
  }

  get header(): Header {
    return headerOf(this.imageIds[this.at] ?? "");
  }

  /** Hang a series and show one image of it. */
  async hang(hung: Hung, at: number): Promise<void> {
    const turn = ++this.turn;
    this.prefetch?.stop();
    this.hung = hung;
    this.root.setAttribute("aria-label", labelOf(hung));
    this.root.dataset.series = hung.series.id;
    this.root.classList.toggle("is-prior", hung.isPrior);
    if (hung.series.images.length === 0) return this.cannot(hung.series.whyNotShown || "This series holds no image.");
    this.notice.wait("Loading …");
    try {
      const imageIds = await seriesReady(hung);
      const image = Math.max(0, Math.min(at, imageIds.length - 1));
      await imageFetched(imageIds[image] as string);
      if (turn !== this.turn) return;
      this.imageIds = imageIds;
      this.at = -1;
      await this.viewport.setStack(imageIds, image);
      if (turn !== this.turn) return;
      this.at = this.wanted = image;
      this.notice.clear();
      this.prefetch = new Prefetch(imageIds, () => this.drawHere());
      this.tell("seriesShown");
      this.tell("imageShown");
      this.prefetch.from(image);
      this.drawn();
    } catch (trouble) {
      if (turn === this.turn) this.cannot(sentenceOf(trouble), () => this.hang(hung, at));
    }
  }

  /** Show another image of the series, the nearest there is. */
  show(index: number): Promise<void> {
    if (!this.imageIds.length) return Promise.resolve();
    this.wanted = Math.max(0, Math.min(index, this.imageIds.length - 1));
    return this.isBusy ? Promise.resolve() : this.catchUp();
  }

  step(by: number): Promise<void> {
    return this.show(this.wanted + by);
  }

  /** Go where the reader wants to be, however often they change their mind on the way. */
  private async catchUp(): Promise<void> {
    this.isBusy = true;
    const turn = this.turn;
    try {
      while (this.wanted !== this.at && turn === this.turn) {
        const index = this.wanted;
        await this.showOne(index, turn);
        if (turn === this.turn && this.at !== index && this.wanted === index) return; // it cannot be shown; the notice says why
      }
    } finally {
      this.isBusy = false;
    }
  }

  private async showOne(index: number, turn: number): Promise<void> {
    const id = this.imageIds[index] as string;
    this.notice.wait(`Loading image ${index + 1} …`);
    try {
      await imageFetched(id);
      if (turn !== this.turn) return;
      await this.viewport.setImageIdIndex(index);
      this.notice.clear();
    } catch (trouble) {
      if (turn !== this.turn || index !== this.wanted) return;
      this.cannot(`Image ${index + 1} of ${this.imageIds.length} cannot be shown. ${sentenceOf(trouble)}`, () => this.show(index));
    }
  }

  /** Say why nothing is shown; pixels that belong to something else are taken away. */
  cannot(sentence: string, retry?: () => void): void {
    this.notice.say(sentence, retry);
  }

  empty(): void {
    this.turn += 1;
    this.prefetch?.stop();
    this.hung = null;
    this.imageIds = [];
    this.at = this.wanted = -1;
    this.notice.say("Nothing hangs here. Choose a series on the left.");
    this.root.setAttribute("aria-label", "Empty viewport");
    this.tell("emptied");
  }

  /** Put a point, in pixels of the image (the centre of the first is [0, 0]), onto the screen: CSS pixels of the cell. */
  toCanvas(point: Place): Place {
    return this.viewport.worldToCanvas(placeOf(planeOf(this.imageIds[this.at] as string), point));
  }

  /** The other way round. */
  toImage(place: Place): Place {
    const world = this.viewport.canvasToWorld([place[0], place[1]]);
    return pixelOf(planeOf(this.imageIds[this.at] as string), world);
  }

  presentation(): Presentation {
    const { rotation = 0 } = this.viewport.getViewPresentation();
    const { flipHorizontal = false, flipVertical = false } = this.viewport.getCamera();
    const { invert = false, voiRange } = this.viewport.getProperties();
    return { rotation, flipHorizontal, flipVertical, invert, range: voiRange && { ...voiRange } };
  }

  present(to: Presentation): void {
    const { rotation, flipHorizontal, flipVertical, invert, range } = to;
    this.viewport.setCamera({ flipHorizontal, flipVertical }); // a view presentation flips, but never back
    this.viewport.setViewPresentation({ ...this.viewport.getViewPresentation(), rotation });
    this.viewport.setProperties(range ? { invert, voiRange: range } : { invert });
    this.viewport.render();
  }

  /** Whether the whole image is in view, as it was hung. */
  isFitted(): boolean {
    return this.at >= 0 && Math.abs(this.viewport.getZoom() - 1) < 0.01 && Math.hypot(...this.viewport.getPan()) < 1;
  }

  /** Bring the whole image into view, turned as it is. */
  fit(): void {
    if (this.at < 0) return;
    const now = this.presentation();
    this.viewport.resetCamera();
    this.present(now);
  }

  /** Look at the image as it was when it was hung. */
  reset(): void {
    this.present({ ...this.presentation(), rotation: 0, flipHorizontal: false, flipVertical: false });
    this.viewport.resetCamera();
    this.viewport.resetProperties();
    this.viewport.render();
  }

  remove(): void {
    this.turn += 1;
    this.prefetch?.stop();
    this.hung = null; // whoever still listens has nothing to draw
    this.at = this.wanted = -1;
    this.engine.disableElement(this.id);
    this.root.remove();
  }

  /** Cornerstone shows another image: because we asked, or to undo a measurement there. */
  private readonly moved = (): void => {
    const index = this.viewport.getCurrentImageIdIndex();
    if (this.at < 0 || index === this.at || this.viewport.getImageIds() !== this.imageIds) return;
    if (!this.isBusy) this.wanted = index;
    this.at = index;
    this.tell("imageShown");
    this.prefetch?.from(index);
  };

  private readonly drawn = (): void => {
    if (!this.hung || this.at < 0 || !this.imageIds.length) return;
    const [origin, along, down] = [this.toCanvas([0, 0]), this.toCanvas([1, 0]), this.toCanvas([0, 1])];
    const { invert = false, voiRange } = this.viewport.getProperties();
    const pixel = metaData.get(Enums.MetadataModules.IMAGE_PIXEL, this.imageIds[this.at] as string) as { samplesPerPixel?: number; photometricInterpretation?: string };
    this.furniture.draw({
      hung: this.hung,
      header: this.header,
      at: this.at,
      count: this.imageIds.length,
      range: voiRange,
      isColour: (pixel?.samplesPerPixel ?? 1) > 1 || pixel?.photometricInterpretation === "PALETTE COLOR",
      isInverted: invert !== (pixel?.photometricInterpretation === "MONOCHROME1"),
      steps: { along: minus(along, origin), down: minus(down, origin) },
      directions: null,
      mmPerPixel: 0,
      plane: "",
      width: this.root.clientWidth,
    });
    this.drawHere();
    this.tell("viewChanged");
  };

  /** Draw which images of the series are here already, and where we are. */
  private drawHere(): void {
    const strip = this.root.querySelector(".here") as HTMLElement;
    const here = this.prefetch?.here() ?? [];
    strip.hidden = here.length < 2;
    const done = here.filter(Boolean).length;
    strip.style.setProperty("--at", `${here.length > 1 ? (100 * this.at) / (here.length - 1) : 0}%`);
    strip.style.setProperty("--done", `${here.length ? (100 * done) / here.length : 0}%`);
    this.root.dataset.loaded = `${done}/${here.length}`;
  }

  private tell(kind: keyof CellEvents): void {
    this.root.dispatchEvent(new Event(`cell-${kind}`));
  }
}

function labelOf({ data, series, isPrior }: Hung): string {
  const named = [series.number === null ? "" : `${series.number}.`, series.modality, series.description].filter(Boolean).join(" ");
  return `${isPrior ? "Prior, " : ""}${data.study.patientName}, series ${named}`;
}

function sentenceOf(trouble: unknown): string {
  return trouble instanceof Error ? trouble.message : "Something went wrong that has no name yet.";
}

function minus(one: Place, other: Place): Place {
  return [one[0] - other[0], one[1] - other[1]];
}
