// The letters at the edges of an image (PS3.3 C.7.6.2.1.1 and C.7.6.1.1.1), as the image lies on the screen.

import { type Header, numbers, TAG, words } from "./tags.ts";

export type Vector = readonly [number, number, number];

export interface Letters {
  top: string;
  right: string;
  bottom: string;
  left: string;
}

/** Which way the image's columns and rows run on the screen: unit steps, y down. */
export interface OnScreen {
  /** Where one goes on the screen with a growing column number. */
  along: readonly [number, number];
  /** Where one goes on the screen with a growing row number. */
  down: readonly [number, number];
}

/** Below this share of the strongest axis a direction is not named. */
const NAMED_FROM = 0.3;
const OPPOSITE: Record<string, string> = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };

/** Return the letters of a direction in the patient, the strongest first: (0, 0.9, 0.4) is "PH". */
export function lettersOf(direction: Vector): string {
  const named: [number, string][] = direction.map((value, axis) => [
    Math.abs(value),
    (value > 0 ? "LPH" : "RAF").charAt(axis),
  ]);
  const strongest = Math.max(...named.map(([size]) => size));
  return named
    .filter(([size]) => size >= NAMED_FROM * strongest && size > 1e-6)
    .sort(([one], [other]) => other - one)
    .map(([, letter]) => letter)
    .join("");
}

/** Return the letters of the other end. */
export function opposite(letters: string): string {
  return [...letters].map((letter) => OPPOSITE[letter] ?? letter).join("");
}

/** Return both cosines (along a row, down a column) of a header, or null where it has none that can be used. */
export function cosinesOf(header: Header): [Vector, Vector] | null {
  const six = numbers(header, TAG.orientation);
  if (six.length !== 6) return null;
  const [row, column] = [six.slice(0, 3) as unknown as Vector, six.slice(3) as unknown as Vector];
  const isUnit = [row, column].every((vector) => Math.abs(Math.hypot(...vector) - 1) < 0.01);
  return isUnit && Math.abs(dot(row, column)) < 0.01 ? [row, column] : null;
}

/** Return the letters at the end of a row and of a column, by cosines or Patient Orientation; null where unknown. */
export function endsOf(header: Header): { row: string; column: string } | null {
  const cosines = cosinesOf(header);
  if (cosines) return { row: lettersOf(cosines[0]), column: lettersOf(cosines[1]) };
  const [row = "", column = ""] = words(header, TAG.patientOrientation);
  return /^[LRAPHF]{1,3}$/.test(row) && /^[LRAPHF]{1,3}$/.test(column) ? { row, column } : null;
}

/** Return the letters at the screen's edges for an image that lies there flipped and turned somehow. */
export function lettersShown(ends: { row: string; column: string }, screen: OnScreen): Letters {
  const edge = (x: number, y: number): string => {
    const byRow = x * screen.along[0] + y * screen.along[1];
    const byColumn = x * screen.down[0] + y * screen.down[1];
    const [letters, share] = Math.abs(byRow) >= Math.abs(byColumn) ? [ends.row, byRow] : [ends.column, byColumn];
    return share >= 0 ? letters : opposite(letters);
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
