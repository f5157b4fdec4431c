// Rendering of pixel data that needs no decoder. Everything else is left to Cornerstone.

import { type Header, numberValues, TAG, stringValue } from "./tags.ts";
import { windowToRange, type ValueRange } from "./window.ts";

const LITTLE_ENDIAN = new Set(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]);

export interface RenderedFrame {
  columns: number;
  rows: number;
  /** Red, green, blue and alpha of each pixel, row by row. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
  /** Values shown as black and white; undefined for colour images. */
  range: ValueRange | undefined;
}

/** Return a frame as it looks when it is first shown; null where that takes more than a window. `given` overrides the header's window. */
export function renderUncompressed(header: Header, bytes: Uint8Array, syntax: string, given?: ValueRange): RenderedFrame | null {
  const [rows = 0] = numberValues(header, TAG.rows);
  const [columns = 0] = numberValues(header, TAG.columns);
  const [frames = 1] = numberValues(header, TAG.frames);
  const needsLut = [TAG.modalityTable, TAG.valueTable].some((tag) => header[tag]) || !["", "LINEAR"].includes(stringValue(header, TAG.valueFunction));
  if (!LITTLE_ENDIAN.has(syntax) || frames > 1 || needsLut || rows * columns === 0) return null;
  const kind = stringValue(header, TAG.photometric);
  if (kind === "RGB") return renderRgb(header, bytes, rows, columns);
  if (kind !== "MONOCHROME1" && kind !== "MONOCHROME2") return null;
  const values = modalityValues(header, bytes, rows * columns);
  if (!values) return null;
  const range = given ?? headerRange(header) ?? fullRange(values);
  return { rows, columns, range, rgba: renderGreyscale(values, range, kind === "MONOCHROME1") };
}

/** Return modality values: stored bits, signed or not, rescaled by slope and intercept (PS3.5 8.1.1, PS3.3 C.11.1.1.2). */
function modalityValues(header: Header, bytes: Uint8Array, count: number): Float32Array | null {
  const [allocated = 0] = numberValues(header, TAG.bitsAllocated);
  const [stored = allocated] = numberValues(header, TAG.bitsStored);
  const [signed = 0] = numberValues(header, TAG.signed);
  const [slope = 1] = numberValues(header, TAG.slope);
  const [intercept = 0] = numberValues(header, TAG.intercept);
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

function headerRange(header: Header): ValueRange | undefined {
  const [width] = numberValues(header, TAG.windowWidth);
  const [centre] = numberValues(header, TAG.windowCenter);
  return width !== undefined && centre !== undefined && width >= 1 ? windowToRange(width, centre) : undefined;
}

function fullRange(values: Float32Array): ValueRange {
  let [lower, upper] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < lower) lower = value;
    if (value > upper) upper = value;
  }
  return { lower, upper };
}

function renderGreyscale(values: Float32Array, { lower, upper }: ValueRange, isInverse: boolean): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * values.length).fill(255);
  const scale = 255 / Math.max(upper - lower, 1e-9);
  for (let index = 0; index < values.length; index += 1) {
    const grey = Math.min(255, Math.max(0, ((values[index] as number) - lower) * scale));
    rgba[4 * index] = rgba[4 * index + 1] = rgba[4 * index + 2] = isInverse ? 255 - grey : grey;
  }
  return rgba;
}

function renderRgb(header: Header, bytes: Uint8Array, rows: number, columns: number): RenderedFrame | null {
  const isInterleaved8Bit = numberValues(header, TAG.bitsAllocated)[0] === 8 && (numberValues(header, TAG.planes)[0] ?? 0) === 0;
  if (!isInterleaved8Bit || bytes.length < 3 * rows * columns) return null;
  const rgba = new Uint8ClampedArray(4 * rows * columns).fill(255);
  for (let index = 0; index < rows * columns; index += 1) rgba.set(bytes.subarray(3 * index, 3 * index + 3), 4 * index);
  return { rows, columns, rgba, range: undefined };
}
