// Reformatted planes: their names, and the projection of points onto them. Pure functions; everything is in mm in patient
// space (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head.

import { dot, type Vector } from "./orientation.ts";

/** Name of the plane that is perpendicular to each axis. */
const PLANES = ["sagittal", "coronal", "axial"] as const;
/** Cosine of 5 degrees: a plane tilted by more is called oblique. The server names planes by the same rule. */
const ORTHOGONAL_FROM = 0.996;

/** Return the name of the plane with this normal: "coronal reformat", "oblique coronal reformat". */
export function planeName(normal: Vector): string {
  const components = normal.map(Math.abs);
  const largest = Math.max(...components);
  return `${largest >= ORTHOGONAL_FROM * Math.hypot(...normal) ? "" : "oblique "}${PLANES[components.indexOf(largest)]} reformat`;
}

/** Return a point projected onto the plane through `anchor`. */
export function projectOntoPlane(point: Vector, normal: Vector, anchor: Vector): [number, number, number] {
  const offset = dot(point, normal) - dot(anchor, normal);
  return [point[0] - offset * normal[0], point[1] - offset * normal[1], point[2] - offset * normal[2]];
}

/** Return the mean of some points. */
export function centroid(points: readonly Vector[]): [number, number, number] {
  const mean = (axis: 0 | 1 | 2): number => points.reduce((sum, point) => sum + point[axis], 0) / (points.length || 1);
  return [mean(0), mean(1), mean(2)];
}
