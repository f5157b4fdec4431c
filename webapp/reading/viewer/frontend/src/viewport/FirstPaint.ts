// The first images, drawn without Cornerstone while it is still loading: no tools yet, but with all the text around them.
// Each drawing is removed as soon as its viewport displays the same image itself.

import { fetchMetadata, frameUrl, peekFrame } from "../api/dicomweb.ts";
import type { StudyData } from "../api/study.ts";
import { pixelSize } from "../dicom/calibration.ts";
import { renderUncompressed, type RenderedFrame } from "../dicom/plainPixels.ts";
import { stringValue, TAG, type Header } from "../dicom/tags.ts";
import { windowToRange } from "../dicom/window.ts";
import type { InitialDisplay } from "../hanging/initialImage.ts";
import { findPreset } from "../hanging/presets.ts";
import { ViewportOverlay } from "./ViewportOverlay.ts";

export class FirstPaint {
  private readonly grid: HTMLElement;
  private readonly boxes: HTMLElement[];

  /** Lay one box over the grid for each viewport that it will have. */
  constructor(main: HTMLElement, { hanging }: StudyData) {
    this.grid = document.createElement("div");
    this.grid.className = "early";
    this.grid.ariaHidden = "true"; // screen readers read the viewports below, a moment later
    this.grid.dataset.layout = `${hanging.rows}x${hanging.columns}`;
    const boxes = Array.from({ length: hanging.rows * hanging.columns }, () => this.grid.appendChild(document.createElement("div")));
    this.boxes = boxes.filter((_, index) => !hanging.cells[index]?.prior);
    main.append(this.grid);
  }

  /** Draw what needs no decoder; other boxes stay empty. */
  async paint(displays: readonly InitialDisplay[]): Promise<void> {
    const painted = displays.slice(0, this.boxes.length).map((one, index) => this.paintBox(this.boxes[index] as HTMLElement, one).catch(() => {})); // the viewport reports the error
    await Promise.all(painted);
  }

  /** The viewport has something of its own to show: its image, or why there is none. */
  finish(index: number): void {
    this.boxes[index]?.classList.add("is-done");
    if (this.boxes.every((box) => box.matches(".is-done"))) this.remove();
  }

  remove(): void {
    this.grid.remove();
  }

  private async paintBox(box: HTMLElement, { displaySet, imageIndex, preset }: InitialDisplay): Promise<void> {
    const image = displaySet.series.images[imageIndex];
    if (!image) return;
    const [headers, frame] = await Promise.all([fetchMetadata(displaySet), peekFrame(frameUrl(displaySet, image))]);
    const header = headers.find((one) => stringValue(one, TAG.sop) === image.sop);
    const chosen = findPreset(displaySet.data.presets, displaySet.series, preset);
    const rendered = header && renderUncompressed(header, frame.bytes, frame.syntax, chosen && windowToRange(chosen.width, chosen.level));
    if (!rendered) return;
    const zoom = drawFrame(box, rendered, header);
    new ViewportOverlay(box).draw({
      displaySet, header, imageIndex, count: displaySet.series.images.length, range: rendered.range, isColour: !rendered.range, isInverted: false,
      pixelSteps: { along: [zoom, 0], down: [0, zoom] }, directions: null, mmPerPixel: 0, plane: "", width: box.clientWidth,
    });
    await new Promise(requestAnimationFrame);
    this.grid.dataset.shown = "";
  }
}

/** Draw an image into a box, as large as it fits; returns CSS pixels per column. */
function drawFrame(box: HTMLElement, { columns, rows, rgba }: RenderedFrame, header: Header): number {
  const size = pixelSize(header);
  const height = (rows * size.rows) / size.columns;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, columns, rows), 0, 0);
  canvas.style.aspectRatio = `${columns} / ${height}`;
  canvas.style.width = `min(100cqw, ${(100 * columns) / height}cqh)`;
  box.append(canvas);
  return canvas.getBoundingClientRect().width / columns;
}
