// A DICOM segmentation (PS3.3 A.51 and C.8.20) out of its header: its segments, and where each frame lies.

import type { Plane } from "../dicom/imagePlane.ts";
import type { Vector } from "../dicom/orientation.ts";
import { type Header, numbers, word } from "../dicom/tags.ts";

export interface Segment {
  /** SOP instance and segment number. */
  id: string;
  number: number;
  title: string;
  colour: string;
  isAutomatic: boolean;
  /** Who or what made it, in words. */
  by: string;
}

export interface SegmentFrame {
  /** From 1. */
  frame: number;
  /** Null for a label map, whose frames show all segments. */
  segment: number | null;
  plane: Plane | null;
  thickness: number;
  /** "SOP instance/frame" of the images that it was drawn on. */
  sources: string[];
}

export interface Segmentation {
  sop: string;
  rows: number;
  columns: number;
  bits: number;
  type: string;
  most: number;
  frameOfReference: string;
  segments: Segment[];
  frames: SegmentFrame[];
}

const GREY = "#9aa7b4";

/** Read one object's header. */
export function segmentationRead(header: Header): Segmentation {
  const sop = word(header, "00080018");
  const [shared = {}] = items(header, "52009229");
  const type = word(header, "00620001");
  return {
    sop,
    rows: numbers(header, "00280010")[0] ?? 0,
    columns: numbers(header, "00280011")[0] ?? 0,
    bits: numbers(header, "00280100")[0] ?? 1,
    type,
    most: numbers(header, "0062000E")[0] ?? 1,
    frameOfReference: word(header, "00200052"),
    segments: items(header, "00620002").map((item) => segmentRead(item, sop, word(header, "0008103E"))),
    frames: items(header, "52009230").map((group, index) => frameRead(group, shared, index + 1, type === "LABELMAP")),
  };
}

/** Return which pixels of a frame are inside; `bytes` are not packed by a codec, single bits from the lowest on (PS3.5 8.1.1). */
export function insideOf(bytes: Uint8Array, { rows, columns, bits, type, most }: Segmentation, segment: number): Uint8Array {
  const inside = new Uint8Array(rows * columns);
  const at = (index: number): number => (bits === 16 ? (bytes[2 * index] as number) + 256 * (bytes[2 * index + 1] as number) : (bytes[index] as number));
  for (let index = 0; index < inside.length; index += 1) {
    if (bits === 1) inside[index] = ((bytes[index >> 3] as number) >> (index & 7)) & 1;
    else if (type === "LABELMAP") inside[index] = at(index) === segment ? 1 : 0;
    else inside[index] = at(index) * 2 >= most && at(index) > 0 ? 1 : 0;
  }
  return inside;
}

function segmentRead(item: Header, sop: string, series: string): Segment {
  const number = numbers(item, "00620004")[0] ?? 0;
  const isAutomatic = word(item, "00620008") !== "MANUAL";
  const [identified = {}] = items(item, "00620007");
  const by = word(item, "00620009") || word(identified, "00660036");
  return {
    id: `${sop} ${number}`,
    number,
    title: word(item, "00620005") || `Segment ${number}`,
    colour: colourOf(numbers(item, "0062000D")),
    isAutomatic,
    by: isAutomatic ? `by an algorithm${by ? `: ${by}` : ""}` : ["outlined by a person", series].filter(Boolean).join(" · "),
  };
}

function frameRead(group: Header, shared: Header, frame: number, isLabelMap: boolean): SegmentFrame {
  const within = (sequence: string): Header => items(group, sequence)[0] ?? items(shared, sequence)[0] ?? {};
  const measures = within("00289110");
  const named = numbers(within("0062000A"), "0062000B")[0];
  return {
    frame,
    segment: isLabelMap ? null : (named ?? 1),
    plane: planeRead(numbers(within("00209113"), "00200032"), numbers(within("00209116"), "00200037"), numbers(measures, "00280030")),
    thickness: numbers(measures, "00180050")[0] ?? 0,
    sources: items(within("00089124"), "00082112").flatMap(sourceRead),
  };
}

function sourceRead(item: Header): string[] {
  const frames = numbers(item, "00081160");
  return (frames.length ? frames : [1]).map((frame) => `${word(item, "00081155")}/${frame}`);
}

function planeRead(position: number[], orientation: number[], spacing: number[]): Plane | null {
  if (position.length !== 3 || orientation.length !== 6 || spacing.length !== 2) return null;
  const [down, along] = spacing as [number, number];
  return {
    origin: position as unknown as Vector,
    along: orientation.slice(0, 3).map((value) => value * along) as unknown as Vector,
    down: orientation.slice(3).map((value) => value * down) as unknown as Vector,
  };
}

function items(header: Header, tag: string): Header[] {
  return (header[tag]?.Value ?? []) as Header[];
}

/** Turn a CIELab colour of 16 bits a part (PS3.3 C.10.7.1.1) into one that a screen knows. */
function colourOf(lab: number[]): string {
  if (lab.length !== 3) return GREY;
  const [l, a, b] = [(lab[0] as number) / 655.35, (lab[1] as number) / 257 - 128, (lab[2] as number) / 257 - 128];
  const y = (l + 16) / 116;
  const linear = (value: number): number => (value > 6 / 29 ? value ** 3 : 3 * (6 / 29) ** 2 * (value - 4 / 29));
  // The white of D50, in which ICC profiles state colours, and Bradford's way from there to sRGB.
  const [x1, y1, z1] = [0.9642 * linear(y + a / 500), linear(y), 0.8249 * linear(y - b / 200)];
  const parts = [3.1339 * x1 - 1.6169 * y1 - 0.4906 * z1, -0.9788 * x1 + 1.9161 * y1 + 0.0335 * z1, 0.0719 * x1 - 0.229 * y1 + 1.4052 * z1];
  const shade = (value: number): number => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);
  return `#${parts.map((value) => Math.round(255 * Math.min(1, Math.max(0, shade(Math.max(0, value))))).toString(16).padStart(2, "0")).join("")}`;
}
