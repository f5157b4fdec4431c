// What is being outlined, drawn over the image in its own pixels: a canvas that a matrix puts where the image lies, and
// a ring that shows the brush.

import type { Bits } from "./maskCanvas.ts";
import type { Cell } from "../viewport/Viewport.ts";
import type { Pixel, Rect, Shape } from "./brush.ts";

const SVG = "http://www.w3.org/2000/svg";
/** The colour of people's lines, and how strongly inside and edge are drawn. */
const COLOUR = [255, 221, 87] as const;
const INSIDE = 90;
const EDGE = 255;

/** Draw what changed of a mask on a canvas of its size, and the edge of what lies beside it. */
export function tinted(canvas: HTMLCanvasElement, { inside, rows, columns }: Bits, { left, top, right, bottom }: Rect): void {
  const [x0, y0, x1, y1] = [Math.max(0, left - 1), Math.max(0, top - 1), Math.min(columns, right + 1), Math.min(rows, bottom + 1)];
  const context = canvas.getContext("2d");
  if (!context || x1 <= x0 || y1 <= y0) return;
  const image = context.createImageData(x1 - x0, y1 - y0);
  for (let row = y0, to = 0; row < y1; row += 1) {
    for (let column = x0; column < x1; column += 1, to += 4) {
      const at = row * columns + column;
      if (!inside[at]) continue;
      const isWithin = row > 0 && column > 0 && row < rows - 1 && column < columns - 1 && inside[at - 1] && inside[at + 1] && inside[at - columns] && inside[at + columns];
      image.data.set([...COLOUR, isWithin ? INSIDE : EDGE], to);
    }
  }
  context.putImageData(image, x0, y0);
}

export class Canvas {
  readonly cell: Cell;
  private readonly canvas = document.createElement("canvas");
  private readonly group = document.createElementNS(SVG, "g");
  private readonly ring = document.createElementNS(SVG, "ellipse");
  private readonly bits: Bits;

  constructor(cell: Cell, bits: Bits) {
    this.cell = cell;
    this.bits = bits;
    this.canvas.className = "outlining";
    this.canvas.width = bits.columns;
    this.canvas.height = bits.rows;
    this.canvas.setAttribute("aria-hidden", "true");
    this.ring.setAttribute("class", "brush");
    this.ring.style.display = "none";
    this.group.append(this.ring);
    cell.layer.append(this.group);
    cell.layer.after(this.canvas);
    cell.root.classList.add("is-outlined");
    this.show({ left: 0, top: 0, right: bits.columns, bottom: bits.rows });
    this.place();
  }

  /** Bring it to where the image lies now. */
  place(): void {
    if (this.cell.at < 0) return;
    const [origin, along, down] = ([[0, 0], [1, 0], [0, 1]] as const).map((pixel) => this.cell.toCanvas(pixel)) as [Pixel, Pixel, Pixel];
    const [a, b, c, d] = [along[0] - origin[0], along[1] - origin[1], down[0] - origin[0], down[1] - origin[1]];
    this.group.setAttribute("transform", `matrix(${[a, b, c, d, ...origin].join(" ")})`);
    // The canvas begins at the corner of the first pixel, half a step before its centre.
    this.canvas.style.transform = `matrix(${[a, b, c, d, origin[0] - (a + c) / 2, origin[1] - (b + d) / 2].join(",")})`;
  }

  /** Draw what changed, and the edge of what lies beside it. */
  show(changed: Rect): void {
    tinted(this.canvas, this.bits, changed);
  }

  /** Show where the brush is and how large; null: it is elsewhere. */
  point(at: Pixel | null, { radius, along, down }: Shape, isEraser: boolean): void {
    this.ring.style.display = at ? "" : "none";
    this.ring.classList.toggle("erases", isEraser);
    if (!at) return;
    const [x, y] = at;
    for (const [name, value] of Object.entries({ cx: x, cy: y, rx: radius / along, ry: radius / down })) this.ring.setAttribute(name, value.toFixed(3));
  }

  /** Hide it for a look at what lies under it. */
  veil(isHidden: boolean): void {
    this.canvas.hidden = isHidden;
  }

  remove(): void {
    this.cell.root.classList.remove("is-outlined");
    this.canvas.remove();
    this.group.remove();
  }
}
