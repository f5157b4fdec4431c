// Whether the slices of a series are a volume that may be cut in other planes (PS3.3 C.7.6.2).

import { pixelSize } from "./calibration.ts";
import { cosinesOf, cross, dot, type Vector } from "./orientation.ts";
import { type Header, numbers, TAG } from "./tags.ts";

export const FEWEST_SLICES = 5;
/** How far a gap may be from the usual one, as a share of it. */
const UNEVEN_FROM = 0.02;

/** Return why a series cannot be cut in other planes, as a sentence; "" where it can. */
export function whyNoVolume(headers: readonly Header[]): string {
  const [first] = headers;
  if (!first || headers.length < FEWEST_SLICES) {
    return `Other planes need at least ${FEWEST_SLICES} slices; this series has ${headers.length}.`;
  }
  if (numbers(first, TAG.samples)[0] !== 1) return "Other planes are cut from grey images only; this series has colours.";
  const cosines = cosinesOf(first);
  if (!cosines) return "Other planes need the slices' orientation, which the header does not state.";
  if (!pixelSize(first).isCalibrated) return "Other planes need the size of a pixel, which the header does not state.";
  if (headers.some((header) => !isLike(header, first))) {
    return "The slices differ in size, spacing or orientation, so they are no volume.";
  }
  const places = headers.map((header) => numbers(header, TAG.position));
  if (places.some((place) => place.length !== 3)) return "Other planes need each slice's position, which the header does not state.";
  return whyUneven(places as unknown as Vector[], cross(...cosines));
}

function whyUneven(places: readonly Vector[], normal: Vector): string {
  const sorted = [...places].sort((one, other) => dot(one, normal) - dot(other, normal));
  const steps = sorted.slice(1).map((place, index) => minus(place, sorted[index] as Vector));
  const gaps = steps.map((step) => dot(step, normal));
  const usual = [...gaps].sort((one, other) => one - other)[gaps.length >> 1] ?? 0;
  if (gaps.some((gap) => gap < 0.01)) return "Two slices lie at the same place, so the series is no single volume.";
  if (gaps.some((gap) => Math.abs(gap - usual) > Math.max(0.01, UNEVEN_FROM * usual))) {
    return "The gaps between the slices are uneven: a cut in another plane would be distorted.";
  }
  const isTilted = steps.some((step, index) => Math.sqrt(Math.max(0, dot(step, step) - (gaps[index] ?? 0) ** 2)) > 0.02 * usual);
  return isTilted ? "The slices are sheared against each other (a tilted gantry): a cut would be distorted." : "";
}

function isLike(header: Header, first: Header): boolean {
  return [TAG.rows, TAG.columns, TAG.pixelSpacing, TAG.orientation].every((tag) => {
    const [own, theirs] = [numbers(header, tag), numbers(first, tag)];
    return own.length === theirs.length && own.every((value, index) => Math.abs(value - (theirs[index] ?? 0)) < 1e-3);
  });
}

function minus(one: Vector, other: Vector): Vector {
  return [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
}

/** Return how far along the slices' normal an image lies, in mm; null where the header does not say. */
export function placeAlong(header: Header, normal: Vector): number | null {
  const place = numbers(header, TAG.position);
  return place.length === 3 ? dot(place as unknown as Vector, normal) : null;
}

/** Return the normal of an image's plane. */
export function normalOf(header: Header): Vector | null {
  const cosines = cosinesOf(header);
  return cosines && cross(...cosines);
}
