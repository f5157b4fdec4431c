// Pixels of an image and places in the patient (PS3.3 C.7.6.2.1.1), for whole and for torn values alike: the centre of
// the first pixel is [0, 0]. Cornerstone's own imageToWorldCoords counts from that pixel's corner and takes the spacing
// between rows for that between columns.

import { dot, type Vector } from "./orientation.ts";

export type Pixel = readonly [number, number];

/** Where the pixels of an image lie: the first one's centre, and the steps to the next column and the next row, in mm. */
export interface Plane {
  origin: Vector;
  along: Vector;
  down: Vector;
}

/** What Cornerstone knows of an image plane. */
export interface Told {
  imagePositionPatient?: Vector;
  rowCosines?: Vector;
  columnCosines?: Vector;
  rowPixelSpacing?: number;
  columnPixelSpacing?: number;
}

/** Return a plane as the stacks draw it: one without a geometry lies at the origin, a pixel a millimetre. */
export function planeRead(told: Told): Plane {
  return {
    origin: told.imagePositionPatient ?? [0, 0, 0],
    along: scaled(told.rowCosines ?? [1, 0, 0], told.columnPixelSpacing || 1),
    down: scaled(told.columnCosines ?? [0, 1, 0], told.rowPixelSpacing || 1),
  };
}

/** Return where a pixel lies. */
export function placeOf({ origin, along, down }: Plane, [x, y]: Pixel): [number, number, number] {
  return [0, 1, 2].map((axis) => (origin[axis] as number) + x * (along[axis] as number) + y * (down[axis] as number)) as [number, number, number];
}

/** Return the pixel that a place falls on, straight through the plane. */
export function pixelOf({ origin, along, down }: Plane, place: ArrayLike<number>): [number, number] {
  const from = [0, 1, 2].map((axis) => (place[axis] as number) - (origin[axis] as number)) as unknown as Vector;
  return [dot(from, along) / dot(along, along), dot(from, down) / dot(down, down)];
}

function scaled(vector: Vector, by: number): Vector {
  return [...vector].map((value) => value * by) as unknown as Vector;
}
