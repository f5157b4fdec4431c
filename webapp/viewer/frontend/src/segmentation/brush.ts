// A round brush in the pixels of an image. Pure.

import type { Bits } from "./maskCanvas.ts";

export type Pixel = readonly [number, number];

/** A rectangle of whole pixels, its ends left out. */
export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Radii to choose from, in edges of a pixel; the smallest paints one pixel. */
export const SIZES = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64] as const;

/** How a brush of a radius lies on pixels that may not be square: edges of a pixel, the shorter one 1. */
export interface Shape {
  radius: number;
  along: number;
  down: number;
}

/** Return the size that suits an image at first: about a fiftieth of it. */
export function sizeFor({ rows, columns }: Pick<Bits, "rows" | "columns">): number {
  const wanted = Math.max(rows, columns) / 50;
  return SIZES.findIndex((size) => size >= wanted) < 0 ? SIZES.length - 1 : SIZES.findIndex((size) => size >= wanted);
}

/** Draw with the brush from one pixel to another (the centre of the first is [0, 0]); returns what may have changed. */
export function stroked(bits: Bits, from: Pixel, to: Pixel, shape: Shape, value: 0 | 1): Rect {
  const { inside, rows, columns } = bits;
  const [reachX, reachY] = [Math.ceil(shape.radius / shape.along), Math.ceil(shape.radius / shape.down)];
  const rect = {
    left: Math.max(0, Math.floor(Math.min(from[0], to[0])) - reachX),
    right: Math.min(columns, Math.ceil(Math.max(from[0], to[0])) + reachX + 1),
    top: Math.max(0, Math.floor(Math.min(from[1], to[1])) - reachY),
    bottom: Math.min(rows, Math.ceil(Math.max(from[1], to[1])) + reachY + 1),
  };
  const [x0, y0] = [from[0] * shape.along, from[1] * shape.down];
  const [dx, dy] = [to[0] * shape.along - x0, to[1] * shape.down - y0];
  const length = dx * dx + dy * dy || 1;
  for (let row = rect.top; row < rect.bottom; row += 1) {
    for (let column = rect.left; column < rect.right; column += 1) {
      const [x, y] = [column * shape.along - x0, row * shape.down - y0];
      const on = Math.max(0, Math.min(1, (x * dx + y * dy) / length));
      if (Math.hypot(x - on * dx, y - on * dy) <= shape.radius) inside[row * columns + column] = value;
    }
  }
  for (const [x, y] of [from, to]) dotted(bits, Math.round(x), Math.round(y), value);
  return rect;
}

/** However small the brush, the pixel under it is painted. */
function dotted({ inside, rows, columns }: Bits, x: number, y: number, value: 0 | 1): void {
  if (x >= 0 && y >= 0 && x < columns && y < rows) inside[y * columns + x] = value;
}

/** Return the box round what is inside, by the pixels' corners, the centre of the first being [0, 0]; null: nothing is. */
export function boxOf({ inside, rows, columns }: Bits): [number, number, number, number] | null {
  let [left, top, right, bottom] = [columns, rows, -1, -1];
  for (let at = inside.indexOf(1); at >= 0; at = inside.indexOf(1, at + 1)) {
    const row = Math.floor(at / columns);
    const column = at - row * columns;
    left = Math.min(left, column);
    right = Math.max(right, column);
    top = Math.min(top, row);
    bottom = row;
  }
  return right < 0 ? null : [left - 0.5, top - 0.5, right + 0.5, bottom + 0.5];
}
