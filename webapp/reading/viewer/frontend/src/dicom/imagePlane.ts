// Conversion between pixels of an image and points in patient space (PS3.3 C.7.6.2.1.1), for integer and fractional pixels
// alike: the centre of the first pixel is [0, 0]. Cornerstone's own imageToWorldCoords counts from the corner of that
// pixel and takes the spacing between rows for the spacing between columns.

import { dot, type Vector } from "./orientation.ts";

export type Pixel = readonly [number, number];

/** Position of an image: the centre of its first pixel, and the steps to the next column and the next row, in mm. */
export interface ImagePlane {
  origin: Vector;
  columnStep: Vector;
  rowStep: Vector;
}

/** Cornerstone's image plane module. */
export interface PlaneModule {
  imagePositionPatient?: Vector;
  rowCosines?: Vector;
  columnCosines?: Vector;
  rowPixelSpacing?: number;
  columnPixelSpacing?: number;
}

/** Return a plane as Cornerstone's stacks place it: without geometry it lies at the origin, one millimetre a pixel. */
export function toImagePlane(module: PlaneModule): ImagePlane {
  return {
    origin: module.imagePositionPatient ?? [0, 0, 0],
    columnStep: scale(module.rowCosines ?? [1, 0, 0], spacingOr1(module.columnPixelSpacing)),
    rowStep: scale(module.columnCosines ?? [0, 1, 0], spacingOr1(module.rowPixelSpacing)),
  };
}

/** Return the position of a pixel. */
export function pixelToWorld({ origin, columnStep, rowStep }: ImagePlane, [x, y]: Pixel): [number, number, number] {
  return [0, 1, 2].map((axis) => (origin[axis] as number) + x * (columnStep[axis] as number) + y * (rowStep[axis] as number)) as [number, number, number];
}

/** Return the pixel that a point projects onto, along the normal of the plane. */
export function worldToPixel({ origin, columnStep, rowStep }: ImagePlane, point: ArrayLike<number>): [number, number] {
  const from = [0, 1, 2].map((axis) => (point[axis] as number) - (origin[axis] as number)) as unknown as Vector;
  return [dot(from, columnStep) / dot(columnStep, columnStep), dot(from, rowStep) / dot(rowStep, rowStep)];
}

function spacingOr1(spacing: number | undefined): number {
  const stated = spacing ?? 0; // a header may also state 0
  return stated > 0 ? stated : 1;
}

function scale(vector: Vector, by: number): Vector {
  return [...vector].map((value) => value * by) as unknown as Vector;
}
