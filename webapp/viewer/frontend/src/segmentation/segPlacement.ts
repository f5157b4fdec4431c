// Where a frame of a segmentation lies on an image: by its geometry in the patient, never by its number. Pure.

import { pixelOf, placeOf, type Plane } from "../dicom/imagePlane.ts";
import { cross, dot, type Vector } from "../dicom/orientation.ts";

/** Columns of an SVG matrix: pixels of a segmentation's frame to pixels of an image. */
export type Matrix = readonly [number, number, number, number, number, number];

/** Cosine from which two planes count as parallel: a quarter of a degree. */
const PARALLEL = 0.99999;

/** Return the unit normal of a plane. */
export function normalOf({ along, down }: Plane): Vector {
  const normal = cross(along, down);
  const length = Math.hypot(...normal) || 1;
  return normal.map((value) => value / length) as unknown as Vector;
}

/** Return how far off a plane another one's first pixel lies, in mm; null where they are not parallel. */
export function distance(image: Plane, frame: Plane): number | null {
  const normal = normalOf(image);
  if (Math.abs(dot(normal, normalOf(frame))) < PARALLEL) return null;
  return Math.abs(dot(frame.origin, normal) - dot(image.origin, normal));
}

/** Return the matrix that puts the frame's pixels onto the image's. */
export function matrixOf(image: Plane, frame: Plane): Matrix {
  const [origin, along, down] = ([[0, 0], [1, 0], [0, 1]] as const).map((pixel) => pixelOf(image, placeOf(frame, pixel))) as unknown as [Pair, Pair, Pair];
  return [along[0] - origin[0], along[1] - origin[1], down[0] - origin[0], down[1] - origin[1], origin[0], origin[1]];
}

/** Return which image of a series a frame lies on: the nearest, no farther than half a gap; -1 where it lies on none. */
export function imageOf(images: readonly Plane[], frame: Plane, thickness: number): number {
  const off = images.map((image) => distance(image, frame));
  const least = Math.min(...off.map((one) => one ?? Number.POSITIVE_INFINITY));
  const nearest = off.findIndex((one) => one !== null && one <= least + 1e-6);
  if (nearest < 0) return -1;
  const here = images[nearest] as Plane;
  const gaps = images.map((image, index) => (index === nearest ? null : distance(here, image))).filter((gap): gap is number => gap !== null && gap > 1e-3);
  const reach = (gaps.length ? Math.min(...gaps) : thickness || 1) / 2;
  return least <= reach + 1e-3 ? nearest : -1;
}

type Pair = readonly [number, number];
