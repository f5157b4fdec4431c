// A round brush in the pixels of an image. Pure functions.

import type { Mask } from "./maskCanvas.ts";

export type Pixel = readonly [number, number];

/** A rectangle of whole pixels; right and bottom are exclusive. */
export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Radii to choose from, in pixels; the smallest paints one pixel. */
export const BRUSH_RADII = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64] as const;

/** A brush on pixels that need not be square: the size of a pixel, its shorter edge being 1. */
export interface BrushShape {
  radius: number;
  columnStep: number;
  rowStep: number;
}

/** Return the index of the initial radius for an image: about a fiftieth of its size. */
export function defaultRadiusIndex({ rows, columns }: Pick<Mask, "rows" | "columns">): number {
  const index = BRUSH_RADII.findIndex((radius) => radius >= Math.max(rows, columns) / 50);
  return index < 0 ? BRUSH_RADII.length - 1 : index;
}

/** Paint from one pixel to another (the centre of the first is [0, 0]); returns the region that may have changed. */
export function paintStroke(mask: Mask, from: Pixel, to: Pixel, brush: BrushShape, value: 0 | 1): Rect {
  const { inside, rows, columns } = mask;
  const [reachX, reachY] = [Math.ceil(brush.radius / brush.columnStep), Math.ceil(brush.radius / brush.rowStep)];
  const rect = {
    left: Math.max(0, Math.floor(Math.min(from[0], to[0])) - reachX),
    right: Math.min(columns, Math.ceil(Math.max(from[0], to[0])) + reachX + 1),
    top: Math.max(0, Math.floor(Math.min(from[1], to[1])) - reachY),
    bottom: Math.min(rows, Math.ceil(Math.max(from[1], to[1])) + reachY + 1),
  };
  const [x0, y0] = [from[0] * brush.columnStep, from[1] * brush.rowStep];
  const [dx, dy] = [to[0] * brush.columnStep - x0, to[1] * brush.rowStep - y0];
  const length = dx * dx + dy * dy || 1;
  for (let row = rect.top; row < rect.bottom; row += 1) {
    for (let column = rect.left; column < rect.right; column += 1) {
      const [x, y] = [column * brush.columnStep - x0, row * brush.rowStep - y0];
      const along = Math.max(0, Math.min(1, (x * dx + y * dy) / length));
      if (Math.hypot(x - along * dx, y - along * dy) <= brush.radius) inside[row * columns + column] = value;
    }
  }
  for (const [x, y] of [from, to]) paintPixel(mask, Math.round(x), Math.round(y), value);
  return rect;
}

/** Paint the pixel under the brush, however small the brush is. */
function paintPixel({ inside, rows, columns }: Mask, x: number, y: number, value: 0 | 1): void {
  if (x >= 0 && y >= 0 && x < columns && y < rows) inside[y * columns + x] = value;
}

/** Return the bounding box of a mask, by the corners of its pixels; the centre of the first is [0, 0]. Null where it is empty. */
export function boundingBox({ inside, rows, columns }: Mask): [number, number, number, number] | null {
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
