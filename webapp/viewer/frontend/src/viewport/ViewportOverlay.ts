// What stands round an image: identity, window, zoom, slice number, letters, laterality, scale bar.

import { pixelSize } from "../dicom/calibration.ts";
import { endsOf, lettersOf, lettersShown, type Letters, type Vector } from "../dicom/orientation.ts";
import { TAG, word, type Header } from "../dicom/tags.ts";
import { windowOf } from "../dicom/window.ts";
import type { Hung, Study } from "../api/study.ts";

const SIDES: Record<string, string> = { L: "Left", R: "Right", B: "Both sides", U: "Unpaired" };
/** Lengths of a scale bar, in mm. */
const LENGTHS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

export type Place = readonly [number, number];

/** What a cell shows at this moment. */
export interface View {
  hung: Hung;
  header: Header;
  at: number;
  count: number;
  range: { lower: number; upper: number } | undefined;
  isColour: boolean;
  isInverted: boolean;
  /** Steps on the screen, in CSS pixels, for one column and one row of the image; null in a cut through a volume. */
  steps: { along: Place; down: Place } | null;
  /** Directions in the patient to the right and down on the screen, for a cut through a volume. */
  directions: { right: Vector; down: Vector } | null;
  /** mm for one CSS pixel of a cut. */
  mmPerPixel: number;
  plane: string;
  width: number;
}

/** The elements of one cell that `draw` fills. */
export class Furniture {
  private readonly root: HTMLElement;

  constructor(root: HTMLElement) {
    this.root = root;
    root.insertAdjacentHTML(
      "beforeend",
      `<div class="corner top left"></div><div class="corner top right"></div>
       <div class="corner bottom left"></div><div class="corner bottom right"></div>
       <span class="letter at-top"></span><span class="letter at-right"></span>
       <span class="letter at-bottom"></span><span class="letter at-left"></span>
       <div class="scale" hidden><span></span><i></i></div>`,
    );
  }

  /** Write down who and what is shown; texts that stay the same are not touched. */
  draw(view: View): void {
    const { study } = view.hung.data;
    this.lines(".top.left", [patientLine(study), ...identityLines(study)]);
    this.lines(".top.right", [view.hung.isPrior ? `Prior · ${dateShown(study.date)}` : dateShown(study.date), study.description, study.site]);
    this.lines(".bottom.left", [...seriesLines(view), sideShown(view.header), orientationNote(view)]);
    this.lines(".bottom.right", [windowShown(view), zoomShown(view), `${view.plane || "Slice"} ${view.at + 1} / ${view.count}`]);
    this.letters(lettersNow(view));
    this.scale(view);
  }

  private lines(where: string, texts: string[]): void {
    const corner = this.root.querySelector(`.corner${where}`) as HTMLElement;
    const said = texts.filter(Boolean);
    while (corner.children.length > said.length) corner.lastElementChild?.remove();
    said.forEach((text, index) => put(corner.children[index] ?? corner.appendChild(document.createElement("span")), text));
  }

  private letters(letters: Letters | null): void {
    for (const edge of ["top", "right", "bottom", "left"] as const) {
      put(this.root.querySelector(`.letter.at-${edge}`) as Element, letters?.[edge] ?? "");
    }
  }

  private scale(view: View): void {
    const bar = this.root.querySelector(".scale") as HTMLElement;
    const mm = mmPerPixel(view);
    bar.hidden = mm === 0;
    if (mm === 0) return;
    const most = view.width / 4;
    const length = [...LENGTHS].reverse().find((one) => one / mm <= most) ?? (LENGTHS[0] as number);
    (bar.lastElementChild as HTMLElement).style.width = `${(length / mm).toFixed(1)}px`;
    const note = view.steps ? pixelSize(view.header).note : "";
    put(bar.firstElementChild as Element, `${length >= 10 ? `${length / 10} cm` : `${length} mm`}${note ? ` · ${note}` : ""}`);
  }
}

function put(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function patientLine(study: Study): string {
  return study.patientName || "No header: picture";
}

function identityLines(study: Study): string[] {
  const born = study.birthDate ? `born ${dateShown(study.birthDate)}` : "";
  return [study.patientId, [born, study.sex].filter(Boolean).join(" · ")];
}

function seriesLines({ hung }: View): string[] {
  const { number, modality, description, bodyPart } = hung.series;
  return [[number === null ? "" : `${number}.`, modality, bodyPart].filter(Boolean).join(" "), description];
}

function sideShown(header: Header): string {
  const side = word(header, TAG.imageLaterality) || word(header, TAG.laterality);
  return side ? `Side stated: ${SIDES[side] ?? side}` : "";
}

function orientationNote(view: View): string {
  if (view.directions || endsOf(view.header)) return view.steps && !pixelSize(view.header).isCalibrated ? "Not calibrated: pixels" : "";
  return pixelSize(view.header).isCalibrated ? "Orientation unknown" : "Orientation unknown · not calibrated: pixels";
}

function windowShown(view: View): string {
  if (view.isColour || !view.range) return view.isInverted ? "Inverted" : "";
  const { width, centre } = windowOf(view.range);
  return `W ${Math.round(width)} L ${Math.round(centre)}${view.isInverted ? " · inverted" : ""}`;
}

function zoomShown(view: View): string {
  return view.steps ? `Zoom ${Math.hypot(...view.steps.along).toFixed(2)}` : "";
}

function lettersNow(view: View): Letters | null {
  if (view.directions) {
    const ends = { row: lettersOf(view.directions.right), column: lettersOf(view.directions.down) };
    return lettersShown(ends, { along: [1, 0], down: [0, 1] });
  }
  const ends = endsOf(view.header);
  if (!ends || !view.steps) return null;
  return lettersShown(ends, { along: unit(view.steps.along), down: unit(view.steps.down) });
}

function mmPerPixel(view: View): number {
  if (!view.steps) return view.mmPerPixel;
  const size = pixelSize(view.header);
  const step = Math.hypot(...view.steps.along);
  return size.isCalibrated && step > 0 ? size.columns / step : 0;
}

function unit([x, y]: Place): Place {
  const length = Math.hypot(x, y) || 1;
  return [x / length, y / length];
}

/** Return a date as the pages write it. */
export function dateShown(stated: string | null): string {
  if (!stated) return "";
  const at = new Date(`${stated}T00:00:00Z`);
  return Number.isNaN(at.valueOf()) ? stated : at.toLocaleDateString("en-GB", { day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" });
}
