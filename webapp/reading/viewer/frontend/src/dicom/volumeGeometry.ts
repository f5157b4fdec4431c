// Whether the slices of a series form a volume that may be reformatted in other planes (PS3.3 C.7.6.2).

import { pixelSize } from "./calibration.ts";
import { directionCosines, cross, dot, type Vector } from "./orientation.ts";
import { type Header, numberValues, TAG } from "./tags.ts";

const MIN_SLICES = 5;
/** How far a gap may differ from the median gap, as a fraction of it. */
const GAP_TOLERANCE = 0.02;

/** Return why a series cannot be reformatted, as a sentence; "" where it can. */
export function reasonNotVolume(headers: readonly Header[]): string {
  const [first] = headers;
  if (!first || headers.length < MIN_SLICES) {
    return `Other planes need at least ${MIN_SLICES} slices; this series has ${headers.length}.`;
  }
  if (numberValues(first, TAG.samples)[0] !== 1) return "Other planes need greyscale images; this series is in colour.";
  const cosines = directionCosines(first);
  if (!cosines) return "Other planes need the slices' orientation, which the header does not state.";
  if (!pixelSize(first).isCalibrated) return "Other planes need the size of a pixel, which the header does not state.";
  if (headers.some((header) => !hasSameGrid(header, first))) {
    return "The slices differ in size, spacing or orientation, so they form no volume.";
  }
  const positions = headers.map((header) => numberValues(header, TAG.position));
  if (positions.some((position) => position.length !== 3)) return "Other planes need each slice's position, which the header does not state.";
  return reasonUneven(positions as unknown as Vector[], cross(...cosines));
}

function reasonUneven(positions: readonly Vector[], normal: Vector): string {
  const sorted = [...positions].sort((one, other) => dot(one, normal) - dot(other, normal));
  const steps = sorted.slice(1).map((position, index) => subtract(position, sorted[index] as Vector));
  const gaps = steps.map((step) => dot(step, normal));
  const median = [...gaps].sort((one, other) => one - other)[gaps.length >> 1] ?? 0;
  if (gaps.some((gap) => gap < 0.01)) return "Two slices lie at the same position, so the series is not one volume.";
  if (gaps.some((gap) => Math.abs(gap - median) > Math.max(0.01, GAP_TOLERANCE * median))) {
    return "The gaps between the slices are uneven: a cut in another plane would be distorted.";
  }
  const isSheared = steps.some((step, index) => Math.sqrt(Math.max(0, dot(step, step) - (gaps[index] ?? 0) ** 2)) > 0.02 * median);
  return isSheared ? "The slices are sheared against each other (a tilted gantry): a cut would be distorted." : "";
}

function hasSameGrid(header: Header, first: Header): boolean {
  return [TAG.rows, TAG.columns, TAG.pixelSpacing, TAG.orientation].every((tag) => {
    const [own, theirs] = [numberValues(header, tag), numberValues(first, tag)];
    return own.length === theirs.length && own.every((value, index) => Math.abs(value - (theirs[index] ?? 0)) < 1e-3);
  });
}

function subtract(one: Vector, other: Vector): Vector {
  return [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
}

/** Return the position of an image along the slice normal, in mm; null where the header does not state it. */
export function positionAlong(header: Header, normal: Vector): number | null {
  const position = numberValues(header, TAG.position);
  return position.length === 3 ? dot(position as unknown as Vector, normal) : null;
}

/** Return the normal of an image's plane; null where the header does not state it. */
export function sliceNormal(header: Header): Vector | null {
  const cosines = directionCosines(header);
  return cosines && cross(...cosines);
}
