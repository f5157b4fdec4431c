// The mask that is being edited, drawn over the image in the image's own pixels: a canvas, which a matrix aligns with the
// image, and a ring that shows the brush.

import type { Mask } from "./maskCanvas.ts";
import type { Viewport } from "../viewport/Viewport.ts";
import type { Pixel, Rect, BrushShape } from "./brush.ts";

const SVG = "http://www.w3.org/2000/svg";
/** The colour of readers' annotations, and the alpha of fill and edge. */
const COLOUR = [255, 221, 87] as const;
const FILL_ALPHA = 90;
const EDGE_ALPHA = 255;

/** Redraw the region of a mask that changed, with one pixel around it, since its edge may have changed too. */
export function drawMaskRegion(canvas: HTMLCanvasElement, { inside, rows, columns }: Mask, { left, top, right, bottom }: Rect): void {
  const [x0, y0, x1, y1] = [Math.max(0, left - 1), Math.max(0, top - 1), Math.min(columns, right + 1), Math.min(rows, bottom + 1)];
  const context = canvas.getContext("2d");
  if (!context || x1 <= x0 || y1 <= y0) return;
  const image = context.createImageData(x1 - x0, y1 - y0);
  for (let row = y0, to = 0; row < y1; row += 1) {
    for (let column = x0; column < x1; column += 1, to += 4) {
      const at = row * columns + column;
      if (!inside[at]) continue;
      const isInner = row > 0 && column > 0 && row < rows - 1 && column < columns - 1 && inside[at - 1] && inside[at + 1] && inside[at - columns] && inside[at + columns];
      image.data.set([...COLOUR, isInner ? FILL_ALPHA : EDGE_ALPHA], to);
    }
  }
  context.putImageData(image, x0, y0);
}

export class EditCanvas {
  readonly viewport: Viewport;
  private readonly canvas = document.createElement("canvas");
  private readonly group = document.createElementNS(SVG, "g");
  private readonly ring = document.createElementNS(SVG, "ellipse");
  private readonly mask: Mask;

  constructor(viewport: Viewport, mask: Mask) {
    this.viewport = viewport;
    this.mask = mask;
    this.canvas.className = "outlining";
    this.canvas.width = mask.columns;
    this.canvas.height = mask.rows;
    this.canvas.setAttribute("aria-hidden", "true");
    this.ring.setAttribute("class", "brush");
    this.ring.style.display = "none";
    this.group.append(this.ring);
    viewport.layer.append(this.group);
    viewport.layer.after(this.canvas);
    viewport.root.classList.add("is-outlined");
    this.redraw({ left: 0, top: 0, right: mask.columns, bottom: mask.rows });
    this.align();
  }

  /** Align it with the image as it is displayed now. */
  align(): void {
    if (this.viewport.imageIndex < 0) return;
    const [origin, along, down] = ([[0, 0], [1, 0], [0, 1]] as const).map((pixel) => this.viewport.imageToCanvas(pixel)) as [Pixel, Pixel, Pixel];
    const [a, b, c, d] = [along[0] - origin[0], along[1] - origin[1], down[0] - origin[0], down[1] - origin[1]];
    this.group.setAttribute("transform", `matrix(${[a, b, c, d, ...origin].join(" ")})`);
    // The canvas starts at the corner of the first pixel, half a step before its centre.
    this.canvas.style.transform = `matrix(${[a, b, c, d, origin[0] - (a + c) / 2, origin[1] - (b + d) / 2].join(",")})`;
  }

  /** Redraw a region of the mask. */
  redraw(changed: Rect): void {
    drawMaskRegion(this.canvas, this.mask, changed);
  }

  /** Show the position and the size of the brush; null: it is elsewhere. */
  showBrush(at: Pixel | null, { radius, columnStep, rowStep }: BrushShape, isEraser: boolean): void {
    this.ring.style.display = at ? "" : "none";
    this.ring.classList.toggle("erases", isEraser);
    if (!at) return;
    const [x, y] = at;
    for (const [name, value] of Object.entries({ cx: x, cy: y, rx: radius / columnStep, ry: radius / rowStep })) this.ring.setAttribute(name, value.toFixed(3));
  }

  /** Hide it for a look at the image below. */
  setHidden(isHidden: boolean): void {
    this.canvas.hidden = isHidden;
  }

  remove(): void {
    this.viewport.root.classList.remove("is-outlined");
    this.canvas.remove();
    this.group.remove();
  }
}
