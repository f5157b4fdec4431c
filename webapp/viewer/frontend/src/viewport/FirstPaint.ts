// The first pictures, drawn plainly while Cornerstone is still on its way: no tools yet, but who, what, window and side
// stand round them as they always do. Each goes when its cell shows the same picture itself.

import { pixelSize } from "../dicom/calibration.ts";
import { shownPlain, type Shown } from "../dicom/plainPixels.ts";
import { TAG, word, type Header } from "../dicom/tags.ts";
import { rangeOf } from "../dicom/window.ts";
import type { StudyData } from "../api/study.ts";
import { frameAddress, framePeeked, headersFetched } from "../api/dicomweb.ts";
import type { Placed } from "../hanging/initialImage.ts";
import { Furniture } from "./ViewportOverlay.ts";
import { presetNamed } from "../hanging/presets.ts";

export class Early {
  private readonly wall: HTMLElement;
  private readonly boxes: HTMLElement[];

  /** Lay as many boxes over the wall as it will have cells. */
  constructor(main: HTMLElement, { hanging }: StudyData) {
    this.wall = document.createElement("div");
    this.wall.className = "early";
    this.wall.ariaHidden = "true"; // the cells below it are read out, a moment later
    this.wall.dataset.layout = `${hanging.rows}x${hanging.columns}`;
    const boxes = Array.from({ length: hanging.rows * hanging.columns }, () => this.wall.appendChild(document.createElement("div")));
    this.boxes = boxes.filter((_, index) => !hanging.cells[index]?.prior);
    main.append(this.wall);
  }

  /** Draw what can be drawn without a decoder; the rest stays empty. */
  async show(placed: readonly Placed[]): Promise<void> {
    await Promise.all(placed.slice(0, this.boxes.length).map((one, index) => this.draw(this.boxes[index] as HTMLElement, one).catch(() => {}))); // the cell says why
  }

  /** A cell has something of its own to show: its picture, or why there is none. */
  done(index: number): void {
    this.boxes[index]?.classList.add("is-done");
    if (this.boxes.every((box) => box.matches(".is-done"))) this.remove();
  }

  remove(): void {
    this.wall.remove();
  }

  private async draw(box: HTMLElement, { hung, at, preset }: Placed): Promise<void> {
    const image = hung.series.images[at];
    if (!image) return;
    const [headers, frame] = await Promise.all([headersFetched(hung), framePeeked(frameAddress(hung, image))]);
    const header = headers.find((one) => word(one, TAG.sop) === image.sop);
    const chosen = presetNamed(hung.data.presets, hung.series, preset);
    const shown = header && shownPlain(header, frame.bytes, frame.syntax, chosen && rangeOf(chosen.width, chosen.level));
    if (!shown) return;
    const zoom = painted(box, shown, header);
    new Furniture(box).draw({
      hung, header, at, count: hung.series.images.length, range: shown.range, isColour: !shown.range, isInverted: false,
      steps: { along: [zoom, 0], down: [0, zoom] }, directions: null, mmPerPixel: 0, plane: "", width: box.clientWidth,
    });
    await new Promise(requestAnimationFrame);
    this.wall.dataset.shown = "";
  }
}

/** Paint an image into a box, as large as it fits; return CSS pixels for a column. */
function painted(box: HTMLElement, { columns, rows, rgba }: Shown, header: Header): number {
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
