// Cuts through the volume of a series: what their plane is called, and places brought onto it. Pure; all in mm of the
// patient (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head.

import { dot, type Vector } from "./orientation.ts";

/** The axis that a plane stands upright on, and what such a plane is called. */
const PLANES = ["sagittal", "coronal", "axial"] as const;
/** Cosine of 5 degrees: what is tilted by more is called oblique. The server's `plane_words` says the same. */
const UPRIGHT_FROM = 0.996;

/** Return what a plane is called by its normal: "coronal reformat", "oblique coronal reformat". */
export function planeWords(normal: Vector): string {
  const shares = normal.map(Math.abs);
  const most = Math.max(...shares);
  return `${most >= UPRIGHT_FROM * Math.hypot(...normal) ? "" : "oblique "}${PLANES[shares.indexOf(most)]} reformat`;
}

/** Return a place brought straight onto the plane through `anchor`. */
export function onPlane(place: Vector, normal: Vector, anchor: Vector): [number, number, number] {
  const off = dot(place, normal) - dot(anchor, normal);
  return [place[0] - off * normal[0], place[1] - off * normal[1], place[2] - off * normal[2]];
}

/** Return the middle of some places. */
export function middleOf(places: readonly Vector[]): [number, number, number] {
  const middle = (axis: 0 | 1 | 2): number => places.reduce((sum, place) => sum + place[axis], 0) / (places.length || 1);
  return [middle(0), middle(1), middle(2)];
}
