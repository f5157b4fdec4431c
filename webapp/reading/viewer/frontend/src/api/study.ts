// A study as the server sends it (GET /api/studies/<id>/viewer/), with the field names of that API. Data only.

import { request } from "./http.ts";

export interface Study {
  id: string;
  uid: string;
  patientName: string;
  patientId: string;
  birthDate: string | null;
  sex: string;
  date: string | null;
  description: string;
  accessionNumber: string;
  site: string;
}

export interface ImageRef {
  sop: string;
  /** From 1. */
  frame: number;
  rows: number;
  columns: number;
}

interface FindingLocation {
  image: number;
  /** [x0, y0, x1, y1] in pixels of the image. */
  box: [number, number, number, number] | null;
  mask: string | null;
}

/** A reader's review of an AI finding, or of an annotation that shows what the AI missed. */
export interface Review {
  finding: number | null;
  mark: string | null;
  /** For a missed finding outlined on several images: the outline that was drawn first. */
  missed?: string | null;
  says: "agree" | "disagree" | "edit" | "missed";
  words: string;
  label: string;
}

/** A second opinion on a finding, or the reason why there is none. It is never a finding and never affects the priority. */
export interface Opinion {
  title: string;
  answer: string;
  /** False where it gives no answer; `answer` then says so. */
  isAnswer: boolean;
  why: string;
  /** How it compares with the other opinion on the same question; empty where there is none. */
  beside: string;
  disagrees: boolean;
  experimental: string;
  model: string;
  version: string;
}

export interface Finding {
  id: number;
  number: number;
  stage: string;
  label: string;
  title: string;
  percent: string;
  probability: number | null;
  threshold: number | null;
  model: string;
  version: string;
  colour: string;
  experimental: string;
  sentence: string;
  image: number;
  first: number;
  last: number;
  marks: FindingLocation[];
  heat: string | null;
  /** Size of its outline, as text; empty where it has none. */
  size: string;
  opinions: Opinion[];
}

interface Run {
  /** Null while no analysis was requested. */
  id: string | null;
  status: string;
  words: string;
  finished: boolean;
}

export interface Series {
  id: string;
  uid: string;
  number: number | null;
  modality: string;
  description: string;
  bodyPart: string;
  laterality: string;
  kind: "images" | "picture" | "result" | "other";
  images: ImageRef[];
  whyNotShown: string;
  /** Created by Readroom together with its own result. */
  isOurs: boolean;
  run: Run | null;
  /** Urgency of the findings, 0 to 3; 0 where there are none, or where the reader is blinded to them. */
  urgency: number;
  /** Most urgent first. */
  findings: Finding[];
  heats: { title: string; image: number; src: string }[];
}

interface HangingSlot {
  series: string | null;
  prior: string | null;
  preset: string | null;
}

interface Hanging {
  protocol: string;
  rows: number;
  columns: number;
  cells: HangingSlot[];
  why: string;
}

export interface Preset {
  id: string;
  title: string;
  width: number;
  level: number;
  modality: string;
  key: string;
}

export interface Prior {
  study: string;
  date: string | null;
  description: string;
  modalities: string[];
  address: string;
}

/** What every annotation has, wherever it lies. */
interface AnnotationShape {
  series: string;
  kind: "length" | "angle" | "rectangle" | "ellipse" | "probe" | "box";
  text: string;
  figures: Record<string, number>;
  unit: "mm" | "px";
}

/** An annotation on an image: points are [x, y] in pixels, the centre of the first pixel is [0, 0]. */
export interface ImageAnnotationBody extends AnnotationShape {
  sop: string;
  frame: number;
  points: [number, number][];
}

/** An annotation on a reformatted plane of a series: points are [x, y, z] in patient space, in mm; the normal is a unit vector. */
export interface MprAnnotationBody extends AnnotationShape {
  frameOfReference: string;
  normal: [number, number, number];
  points: [number, number, number][];
}

/** An annotation as the server has saved it. */
export type AnnotationRecord = (ImageAnnotationBody | MprAnnotationBody) & {
  id: string;
  author: string;
  authorId: string;
  version: number;
  at: string;
};

/** A reader's segmentation of a finding, or of something the AI missed, on one image. */
export interface SegmentationRecord {
  id: string;
  series: string;
  sop: string;
  frame: number;
  finding: number | null;
  /** For something the AI missed: its outline that was drawn first, on whichever image. */
  missed: string | null;
  label: string;
  author: string;
  authorId: string;
  version: number;
  /** Bounding box [x0, y0, x1, y1], the centre of the first pixel is [0, 0]; null: its author says there is nothing to outline. */
  box: [number, number, number, number] | null;
  /** URL of its mask, white inside. */
  mask: string;
}

/** Everything the viewer needs to know about one study. */
export interface StudyData {
  study: Study;
  dicomweb: string;
  series: Series[];
  hanging: Hanging;
  presets: Preset[];
  priors: Prior[];
  marks: AnnotationRecord[];
  outlines: SegmentationRecord[];
  reviews: Review[];
}

/** One series of one study: what can be hung in a viewport. */
export interface DisplaySet {
  data: StudyData;
  series: Series;
  isPrior: boolean;
}

/** Fetch a study; throws an `Error` whose message is a sentence for the reader. */
export async function fetchStudy(url: string): Promise<StudyData> {
  const response = await request(url, { headers: { Accept: "application/json" } });
  return (await response.json()) as StudyData;
}

/** Return the series of a study that have images, or a reason why theirs are not shown. */
export function displayableSeries(data: StudyData): Series[] {
  return data.series.filter((series) => series.images.length > 0 || series.whyNotShown !== "");
}
