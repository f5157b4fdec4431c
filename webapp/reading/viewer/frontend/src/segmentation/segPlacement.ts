// On which image a frame of a segmentation lies, and where: by geometry, never by number. Pure functions.

import { worldToPixel, pixelToWorld, type ImagePlane } from "../dicom/imagePlane.ts";
import { cross, dot, type Vector } from "../dicom/orientation.ts";

/** An SVG matrix, column by column: from pixels of a segmentation's frame to pixels of an image. */
export type Matrix = readonly [number, number, number, number, number, number];

/** Cosine above which two planes count as parallel: a quarter of a degree. */
const PARALLEL = 0.99999;

/** Return the unit normal of a plane. */
function unitNormal({ columnStep, rowStep }: ImagePlane): Vector {
  const normal = cross(columnStep, rowStep);
  const length = Math.hypot(...normal) || 1;
  return normal.map((value) => value / length) as unknown as Vector;
}

/** Return the distance between two planes in mm; null where they are not parallel. */
function planeDistance(image: ImagePlane, frame: ImagePlane): number | null {
  const normal = unitNormal(image);
  if (Math.abs(dot(normal, unitNormal(frame))) < PARALLEL) return null;
  return Math.abs(dot(frame.origin, normal) - dot(image.origin, normal));
}

/** Return the matrix from the pixels of the frame to those of the image. */
export function frameToImage(image: ImagePlane, frame: ImagePlane): Matrix {
  const [origin, along, down] = ([[0, 0], [1, 0], [0, 1]] as const).map((pixel) => worldToPixel(image, pixelToWorld(frame, pixel))) as unknown as [Pair, Pair, Pair];
  return [along[0] - origin[0], along[1] - origin[1], down[0] - origin[0], down[1] - origin[1], origin[0], origin[1]];
}

/** Return the image of a series that a frame lies on: the nearest one within half a slice gap; -1 where there is none. */
export function imageIndexOf(images: readonly ImagePlane[], frame: ImagePlane, thickness: number): number {
  const distances = images.map((image) => planeDistance(image, frame));
  const least = Math.min(...distances.map((one) => one ?? Number.POSITIVE_INFINITY));
  const nearest = distances.findIndex((one) => one !== null && one <= least + 1e-6);
  if (nearest < 0) return -1;
  const plane = images[nearest] as ImagePlane;
  const gaps = images.map((image, index) => (index === nearest ? null : planeDistance(plane, image))).filter((gap): gap is number => gap !== null && gap > 1e-3);
  const reach = (gaps.length ? Math.min(...gaps) : thickness || 1) / 2;
  return least <= reach + 1e-3 ? nearest : -1;
}

type Pair = readonly [number, number];
