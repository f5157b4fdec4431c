// Orientation labels at the edges of an image (PS3.3 C.7.6.2.1.1 and C.7.6.1.1.1), as the image is displayed.

import { type Header, numberValues, TAG, stringValues } from "./tags.ts";

export type Vector = readonly [number, number, number];

export interface EdgeLabels {
  top: string;
  right: string;
  bottom: string;
  left: string;
}

/** The directions of the image's axes on the screen: unit vectors, y down. */
export interface ScreenAxes {
  /** Direction on the screen of increasing column index. */
  along: readonly [number, number];
  /** Direction on the screen of increasing row index. */
  down: readonly [number, number];
}

/** A component below this fraction of the strongest one gets no letter. */
const LABELLED_FROM = 0.3;
const OPPOSITE: Record<string, string> = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };

/** Return the letters of a direction in patient space, the strongest first: (0, 0.9, 0.4) is "PH". */
export function directionLabel(direction: Vector): string {
  const components: [number, string][] = direction.map((value, axis) => [
    Math.abs(value),
    (value > 0 ? "LPH" : "RAF").charAt(axis),
  ]);
  const strongest = Math.max(...components.map(([size]) => size));
  return components
    .filter(([size]) => size >= LABELLED_FROM * strongest && size > 1e-6)
    .sort(([one], [other]) => other - one)
    .map(([, letter]) => letter)
    .join("");
}

/** Return the label of the opposite direction. */
export function oppositeLabel(letters: string): string {
  return [...letters].map((letter) => OPPOSITE[letter] ?? letter).join("");
}

/** Return the direction cosines (of a row, of a column); null where the header has none that are valid. */
export function directionCosines(header: Header): [Vector, Vector] | null {
  const six = numberValues(header, TAG.orientation);
  if (six.length !== 6) return null;
  const [rowX, rowY, rowZ, columnX, columnY, columnZ] = six as [number, number, number, number, number, number];
  const [row, column]: [Vector, Vector] = [[rowX, rowY, rowZ], [columnX, columnY, columnZ]];
  const isUnit = [row, column].every((vector) => Math.abs(Math.hypot(...vector) - 1) < 0.01);
  return isUnit && Math.abs(dot(row, column)) < 0.01 ? [row, column] : null;
}

/** Return the labels at the end of a row and of a column, from cosines or Patient Orientation; null where unknown. */
export function axisLabels(header: Header): { row: string; column: string } | null {
  const cosines = directionCosines(header);
  if (cosines) return { row: directionLabel(cosines[0]), column: directionLabel(cosines[1]) };
  const [row = "", column = ""] = stringValues(header, TAG.patientOrientation);
  return /^[LRAPHF]{1,3}$/.test(row) && /^[LRAPHF]{1,3}$/.test(column) ? { row, column } : null;
}

/** Return the labels at the edges of the screen, however the image is flipped and rotated. */
export function edgeLabels(ends: { row: string; column: string }, screen: ScreenAxes): EdgeLabels {
  const edge = (x: number, y: number): string => {
    const byRow = x * screen.along[0] + y * screen.along[1];
    const byColumn = x * screen.down[0] + y * screen.down[1];
    const [label, component] = Math.abs(byRow) >= Math.abs(byColumn) ? [ends.row, byRow] : [ends.column, byColumn];
    return component >= 0 ? label : oppositeLabel(label);
  };
  return { top: edge(0, -1), right: edge(1, 0), bottom: edge(0, 1), left: edge(-1, 0) };
}

export function dot(one: Vector, other: Vector): number {
  return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
}

export function cross(one: Vector, other: Vector): Vector {
  return [
    one[1] * other[2] - one[2] * other[1],
    one[2] * other[0] - one[0] * other[2],
    one[0] * other[1] - one[1] * other[0],
  ];
}
