// DICOM segmentations (PS3.3 A.51 and C.8.20): their segments and the position of each frame, read from the header.

import type { ImagePlane } from "../dicom/imagePlane.ts";
import type { Vector } from "../dicom/orientation.ts";
import { type Header, numberValues, stringValue } from "../dicom/tags.ts";

export interface Segment {
  /** SOP instance and segment number. */
  id: string;
  number: number;
  title: string;
  colour: string;
  isAutomatic: boolean;
  /** By whom or by what it was made, as text. */
  origin: string;
}

export interface SegmentFrame {
  /** From 1. */
  frame: number;
  /** Number of its segment; null for a label map, whose frames hold all segments. */
  segment: number | null;
  plane: ImagePlane | null;
  thickness: number;
  /** "SOP instance/frame" of each source image. */
  sources: string[];
}

export interface DicomSeg {
  sop: string;
  rows: number;
  columns: number;
  bits: number;
  type: string;
  maxValue: number;
  frameOfReference: string;
  segments: Segment[];
  frames: SegmentFrame[];
}

const GREY = "#9aa7b4";

/** Read the header of one segmentation object. */
export function parseDicomSeg(header: Header): DicomSeg {
  const sop = stringValue(header, "00080018");
  const [shared = {}] = sequenceItems(header, "52009229");
  const type = stringValue(header, "00620001");
  return {
    sop,
    rows: numberValues(header, "00280010")[0] ?? 0,
    columns: numberValues(header, "00280011")[0] ?? 0,
    bits: numberValues(header, "00280100")[0] ?? 1,
    type,
    maxValue: numberValues(header, "0062000E")[0] ?? 1,
    frameOfReference: stringValue(header, "00200052"),
    segments: sequenceItems(header, "00620002").map((item) => parseSegment(item, sop, stringValue(header, "0008103E"))),
    frames: sequenceItems(header, "52009230").map((group, index) => parseFrame(group, shared, index + 1, type === "LABELMAP")),
  };
}

/** Return the mask of a segment in a frame; `bytes` are uncompressed, single bits are packed from the lowest on (PS3.5 8.1.1). */
export function unpackFrame(bytes: Uint8Array, { rows, columns, bits, type, maxValue }: DicomSeg, segment: number): Uint8Array {
  const inside = new Uint8Array(rows * columns);
  const valueAt = (index: number): number => (bits === 16 ? (bytes[2 * index] as number) + 256 * (bytes[2 * index + 1] as number) : (bytes[index] as number));
  for (let index = 0; index < inside.length; index += 1) {
    if (bits === 1) inside[index] = ((bytes[index >> 3] as number) >> (index & 7)) & 1;
    else if (type === "LABELMAP") inside[index] = valueAt(index) === segment ? 1 : 0;
    else inside[index] = valueAt(index) * 2 >= maxValue && valueAt(index) > 0 ? 1 : 0;
  }
  return inside;
}

function parseSegment(item: Header, sop: string, series: string): Segment {
  const number = numberValues(item, "00620004")[0] ?? 0;
  const isAutomatic = stringValue(item, "00620008") !== "MANUAL";
  const [identified = {}] = sequenceItems(item, "00620007");
  const by = stringValue(item, "00620009") || stringValue(identified, "00660036");
  return {
    id: `${sop} ${number}`,
    number,
    title: stringValue(item, "00620005") || `Segment ${number}`,
    colour: cielabToHex(numberValues(item, "0062000D")),
    isAutomatic,
    origin: isAutomatic ? `by an algorithm${by ? `: ${by}` : ""}` : ["outlined by a person", series].filter(Boolean).join(" · "),
  };
}

function parseFrame(group: Header, shared: Header, frame: number, isLabelMap: boolean): SegmentFrame {
  const within = (sequence: string): Header => sequenceItems(group, sequence)[0] ?? sequenceItems(shared, sequence)[0] ?? {};
  const measures = within("00289110");
  const named = numberValues(within("0062000A"), "0062000B")[0];
  return {
    frame,
    segment: isLabelMap ? null : (named ?? 1),
    plane: parsePlane(numberValues(within("00209113"), "00200032"), numberValues(within("00209116"), "00200037"), numberValues(measures, "00280030")),
    thickness: numberValues(measures, "00180050")[0] ?? 0,
    sources: sequenceItems(within("00089124"), "00082112").flatMap(parseSource),
  };
}

function parseSource(item: Header): string[] {
  const frames = numberValues(item, "00081160");
  return (frames.length ? frames : [1]).map((frame) => `${stringValue(item, "00081155")}/${frame}`);
}

function parsePlane(position: number[], orientation: number[], spacing: number[]): ImagePlane | null {
  if (position.length !== 3 || orientation.length !== 6 || spacing.length !== 2) return null;
  const [down, along] = spacing as [number, number];
  return {
    origin: position as unknown as Vector,
    columnStep: orientation.slice(0, 3).map((value) => value * along) as unknown as Vector,
    rowStep: orientation.slice(3).map((value) => value * down) as unknown as Vector,
  };
}

function sequenceItems(header: Header, tag: string): Header[] {
  return (header[tag]?.Value ?? []) as Header[];
}

/** Convert a CIELab colour of 16 bits per component (PS3.3 C.10.7.1.1) to sRGB. */
function cielabToHex(lab: number[]): string {
  if (lab.length !== 3) return GREY;
  const [l, a, b] = [(lab[0] as number) / 655.35, (lab[1] as number) / 257 - 128, (lab[2] as number) / 257 - 128];
  const y = (l + 16) / 116;
  const linear = (value: number): number => (value > 6 / 29 ? value ** 3 : 3 * (6 / 29) ** 2 * (value - 4 / 29));
  // From the D50 white point, which ICC profiles use, by the Bradford transform to sRGB.
  const [x1, y1, z1] = [0.9642 * linear(y + a / 500), linear(y), 0.8249 * linear(y - b / 200)];
  const channels = [3.1339 * x1 - 1.6169 * y1 - 0.4906 * z1, -0.9788 * x1 + 1.9161 * y1 + 0.0335 * z1, 0.0719 * x1 - 0.229 * y1 + 1.4052 * z1];
  const gamma = (value: number): number => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);
  return `#${channels.map((value) => Math.round(255 * Math.min(1, Math.max(0, gamma(Math.max(0, value))))).toString(16).padStart(2, "0")).join("")}`;
}
