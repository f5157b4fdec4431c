// Pixels that need no decoder, as a screen shows them. What it does not know it leaves to Cornerstone.

import { type Header, numbers, TAG, word } from "./tags.ts";
import { rangeOf, type Range } from "./window.ts";

const LITTLE_ENDIAN = new Set(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]);

export interface Shown {
  columns: number;
  rows: number;
  /** Red, green, blue and alpha of each pixel, row by row. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
  /** The window's ends; undefined where the image has colours. */
  range: Range | undefined;
}

/** Return a frame as it is shown when it is hung; null where that takes more than a window. `given` goes before the header's own. */
export function shownPlain(header: Header, bytes: Uint8Array, syntax: string, given?: Range): Shown | null {
  const [rows = 0] = numbers(header, TAG.rows);
  const [columns = 0] = numbers(header, TAG.columns);
  const [frames = 1] = numbers(header, TAG.frames);
  const isOdd = [TAG.modalityTable, TAG.valueTable].some((tag) => header[tag]) || !["", "LINEAR"].includes(word(header, TAG.valueFunction));
  if (!LITTLE_ENDIAN.has(syntax) || frames > 1 || isOdd || rows * columns === 0) return null;
  const kind = word(header, TAG.photometric);
  if (kind === "RGB") return coloured(header, bytes, rows, columns);
  if (kind !== "MONOCHROME1" && kind !== "MONOCHROME2") return null;
  const values = valuesOf(header, bytes, rows * columns);
  if (!values) return null;
  const range = given ?? statedRange(header) ?? wholeRange(values);
  return { rows, columns, range, rgba: greys(values, range, kind === "MONOCHROME1") };
}

/** Values of the modality: stored bits, signed or not, through slope and intercept (PS3.5 8.1.1, PS3.3 C.11.1.1.2). */
function valuesOf(header: Header, bytes: Uint8Array, count: number): Float32Array | null {
  const [allocated = 0] = numbers(header, TAG.bitsAllocated);
  const [stored = allocated] = numbers(header, TAG.bitsStored);
  const [signed = 0] = numbers(header, TAG.signed);
  const [slope = 1] = numbers(header, TAG.slope);
  const [intercept = 0] = numbers(header, TAG.intercept);
  if ((allocated !== 8 && allocated !== 16) || bytes.length < (count * allocated) / 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const unused = 32 - stored;
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    const bits = (allocated === 8 ? view.getUint8(index) : view.getUint16(2 * index, true)) << unused;
    values[index] = (signed ? bits >> unused : bits >>> unused) * slope + intercept;
  }
  return values;
}

function statedRange(header: Header): Range | undefined {
  const [width] = numbers(header, TAG.windowWidth);
  const [centre] = numbers(header, TAG.windowCenter);
  return width !== undefined && centre !== undefined && width >= 1 ? rangeOf(width, centre) : undefined;
}

function wholeRange(values: Float32Array): Range {
  let [lower, upper] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < lower) lower = value;
    if (value > upper) upper = value;
  }
  return { lower, upper };
}

function greys(values: Float32Array, { lower, upper }: Range, isInverse: boolean): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * values.length).fill(255);
  const scale = 255 / Math.max(upper - lower, 1e-9);
  for (let index = 0; index < values.length; index += 1) {
    const grey = Math.min(255, Math.max(0, ((values[index] as number) - lower) * scale));
    rgba[4 * index] = rgba[4 * index + 1] = rgba[4 * index + 2] = isInverse ? 255 - grey : grey;
  }
  return rgba;
}

function coloured(header: Header, bytes: Uint8Array, rows: number, columns: number): Shown | null {
  const isPlain = numbers(header, TAG.bitsAllocated)[0] === 8 && (numbers(header, TAG.planes)[0] ?? 0) === 0;
  if (!isPlain || bytes.length < 3 * rows * columns) return null;
  const rgba = new Uint8ClampedArray(4 * rows * columns).fill(255);
  for (let index = 0; index < rows * columns; index += 1) rgba.set(bytes.subarray(3 * index, 3 * index + 3), 4 * index);
  return { rows, columns, rgba, range: undefined };
}
