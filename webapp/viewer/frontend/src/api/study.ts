// A study as the web tells it: GET /api/studies/<id>/viewer/. Data only; nothing here touches the page.

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

export interface FindingMark {
  image: number;
  /** [x0, y0, x1, y1] in pixels of the image. */
  box: [number, number, number, number] | null;
  mask: string | null;
}

/** What the reader says of a finding of the AI, or of a mark that shows what it missed. */
export interface Told {
  finding: number | null;
  mark: string | null;
  /** Of what was missed, on its second image and later: the outline that was drawn first. */
  missed?: string | null;
  says: "agree" | "disagree" | "edit" | "missed";
  words: string;
  label: string;
}

/** What another road says of a finding, or why it says nothing; never a finding, and no part of any priority. */
export interface Opinion {
  title: string;
  answer: string;
  /** Whether it answers; else `answer` says that it does not. */
  isAnswer: boolean;
  why: string;
  /** How it stands to the other opinion of the same question; empty where there is none. */
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
  marks: FindingMark[];
  heat: string | null;
  /** How large its outline is, in words; empty where there is none. */
  size: string;
  opinions: Opinion[];
}

export interface Run {
  /** Null while none was asked for. */
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
  /** Filed by Readroom with an answer of its own. */
  isOurs: boolean;
  run: Run | null;
  /** How soon to look at what was found, 0 to 3; 0 where nothing was, or where it is veiled. */
  urgency: number;
  /** The most urgent first. */
  findings: Finding[];
  heats: { title: string; image: number; src: string }[];
}

export interface HangingCell {
  series: string | null;
  prior: string | null;
  preset: string | null;
}

export interface Hanging {
  protocol: string;
  rows: number;
  columns: number;
  cells: HangingCell[];
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

/** What a person's mark says of its shape, wherever it lies. */
interface Shape {
  series: string;
  kind: "length" | "angle" | "rectangle" | "ellipse" | "probe" | "box";
  text: string;
  figures: Record<string, number>;
  unit: "mm" | "px";
}

/** On an image: points are [x, y] in its pixels, the centre of the first is [0, 0]. */
export interface OnImage extends Shape {
  sop: string;
  frame: number;
  points: [number, number][];
}

/** On a cut through the volume of its series: points are [x, y, z] in the patient, in mm; the normal has the length 1. */
export interface OnCut extends Shape {
  frameOfReference: string;
  normal: [number, number, number];
  points: [number, number, number][];
}

/** A person's mark. */
export type Mark = (OnImage | OnCut) & {
  id: string;
  author: string;
  authorId: string;
  version: number;
  at: string;
};

/** A reader's outline of a finding, or of what the AI missed, on one image. */
export interface Outline {
  id: string;
  series: string;
  sop: string;
  frame: number;
  finding: number | null;
  /** Of what the AI missed: the outline of it that was drawn first, on whichever image. */
  missed: string | null;
  label: string;
  author: string;
  authorId: string;
  version: number;
  /** Round it: [x0, y0, x1, y1], the centre of the first pixel is [0, 0]; null: its author says that nothing lies there. */
  box: [number, number, number, number] | null;
  /** Address of its mask, white inside. */
  mask: string;
}

/** Everything about one study. */
export interface StudyData {
  study: Study;
  dicomweb: string;
  series: Series[];
  hanging: Hanging;
  presets: Preset[];
  priors: Prior[];
  marks: Mark[];
  outlines: Outline[];
  verdicts: Told[];
}

/** One series of one study: what a cell can hold. */
export interface Hung {
  data: StudyData;
  series: Series;
  isPrior: boolean;
}

/** Fetch a study; throws an Error whose message is a sentence for the reader. */
export async function studyFetched(address: string): Promise<StudyData> {
  const answer = await answered(address, { headers: { Accept: "application/json" } });
  return (await answer.json()) as StudyData;
}

/** Fetch, with every failure as a sentence. */
export async function answered(address: string, options: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address, { credentials: "same-origin", ...options });
  } catch (trouble) {
    if (trouble instanceof DOMException && trouble.name === "AbortError") throw trouble;
    throw new Error("The server cannot be reached. Check the network.");
  }
  if (!answer.ok) throw new Error(await refusalOf(answer));
  return answer;
}

async function refusalOf(answer: Response): Promise<string> {
  if (answer.status === 401 || answer.status === 403) return "You are signed out, or may not see this. Sign in again.";
  const told: unknown = await answer.json().catch(() => null);
  if (told && typeof told === "object" && "detail" in told && typeof told.detail === "string") return told.detail;
  if (answer.status === 404) return "The server does not have it.";
  return `The server answered with error ${answer.status}.`;
}

/** The series of a study that hold images. */
export function seriesShown(data: StudyData): Series[] {
  return data.series.filter((series) => series.images.length > 0 || series.whyNotShown !== "");
}
