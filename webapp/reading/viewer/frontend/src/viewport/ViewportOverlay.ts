// The text around an image: patient and series, window, zoom, slice number, orientation labels, laterality, scale bar.

import { pixelSize } from "../dicom/calibration.ts";
import { axisLabels, directionLabel, edgeLabels, type EdgeLabels, type Vector } from "../dicom/orientation.ts";
import { TAG, stringValue, type Header } from "../dicom/tags.ts";
import { rangeToWindow } from "../dicom/window.ts";
import type { DisplaySet, Study } from "../api/study.ts";

const LATERALITIES: Record<string, string> = { L: "Left", R: "Right", B: "Both sides", U: "Unpaired" };
/** Lengths of the scale bar to choose from, in mm. */
const SCALE_BAR_LENGTHS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

export type Point = readonly [number, number];

/** What a viewport displays at this moment. */
export interface ViewState {
  displaySet: DisplaySet;
  header: Header;
  imageIndex: number;
  count: number;
  range: { lower: number; upper: number } | undefined;
  isColour: boolean;
  isInverted: boolean;
  /** Vectors on the screen, in CSS pixels, for one column and one row of the image; null on a reformatted plane. */
  pixelSteps: { along: Point; down: Point } | null;
  /** Directions in patient space to the right and down on the screen; for a reformatted plane only. */
  directions: { right: Vector; down: Vector } | null;
  /** mm per CSS pixel of a reformatted plane. */
  mmPerPixel: number;
  /** Title of a reformatted plane; "" for an image. */
  plane: string;
  width: number;
}

/** The text elements of one viewport, which `draw` fills. */
export class ViewportOverlay {
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

  /** Show the text for what is displayed; text that stays the same is not touched. */
  draw(view: ViewState): void {
    const { study } = view.displaySet.data;
    this.setLines(".top.left", [patientLine(study), ...identityLines(study)]);
    this.setLines(".top.right", [view.displaySet.isPrior ? `Prior · ${formatDate(study.date)}` : formatDate(study.date), study.description, study.site]);
    this.setLines(".bottom.left", [...seriesLines(view), lateralityText(view.header), orientationNote(view)]);
    this.setLines(".bottom.right", [windowText(view), zoomText(view), `${view.plane || "Slice"} ${view.imageIndex + 1} / ${view.count}`]);
    this.drawLabels(currentLabels(view));
    this.drawScaleBar(view);
  }

  private setLines(where: string, texts: string[]): void {
    const corner = this.root.querySelector(`.corner${where}`) as HTMLElement;
    const lines = texts.filter(Boolean);
    while (corner.children.length > lines.length) corner.lastElementChild?.remove();
    lines.forEach((text, index) => setText(corner.children[index] ?? corner.appendChild(document.createElement("span")), text));
  }

  private drawLabels(labels: EdgeLabels | null): void {
    for (const edge of ["top", "right", "bottom", "left"] as const) {
      setText(this.root.querySelector(`.letter.at-${edge}`) as Element, labels?.[edge] ?? "");
    }
  }

  private drawScaleBar(view: ViewState): void {
    const bar = this.root.querySelector(".scale") as HTMLElement;
    const mm = scaleOnScreen(view);
    bar.hidden = mm === 0;
    if (mm === 0) return;
    const maxWidth = view.width / 4;
    const length = [...SCALE_BAR_LENGTHS].reverse().find((one) => one / mm <= maxWidth) ?? Math.min(...SCALE_BAR_LENGTHS);
    (bar.lastElementChild as HTMLElement).style.width = `${(length / mm).toFixed(1)}px`;
    const note = view.pixelSteps ? pixelSize(view.header).note : "";
    setText(bar.firstElementChild as Element, `${length >= 10 ? `${length / 10} cm` : `${length} mm`}${note ? ` · ${note}` : ""}`);
  }
}

function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function patientLine(study: Study): string {
  return study.patientName || "No header: picture";
}

function identityLines(study: Study): string[] {
  const born = study.birthDate ? `born ${formatDate(study.birthDate)}` : "";
  return [study.patientId, [born, study.sex].filter(Boolean).join(" · ")];
}

function seriesLines({ displaySet }: ViewState): string[] {
  const { number, modality, description, bodyPart } = displaySet.series;
  return [[number === null ? "" : `${number}.`, modality, bodyPart].filter(Boolean).join(" "), description];
}

function lateralityText(header: Header): string {
  const side = stringValue(header, TAG.imageLaterality) || stringValue(header, TAG.laterality);
  return side ? `Laterality: ${LATERALITIES[side] ?? side}` : "";
}

function orientationNote(view: ViewState): string {
  if (view.directions || axisLabels(view.header)) return view.pixelSteps && !pixelSize(view.header).isCalibrated ? "Not calibrated: pixels" : "";
  return pixelSize(view.header).isCalibrated ? "Orientation unknown" : "Orientation unknown · not calibrated: pixels";
}

function windowText(view: ViewState): string {
  if (view.isColour || !view.range) return view.isInverted ? "Inverted" : "";
  const { width, centre } = rangeToWindow(view.range);
  return `W ${Math.round(width)} L ${Math.round(centre)}${view.isInverted ? " · inverted" : ""}`;
}

function zoomText(view: ViewState): string {
  return view.pixelSteps ? `Zoom ${Math.hypot(...view.pixelSteps.along).toFixed(2)}` : "";
}

function currentLabels(view: ViewState): EdgeLabels | null {
  if (view.directions) {
    const ends = { row: directionLabel(view.directions.right), column: directionLabel(view.directions.down) };
    return edgeLabels(ends, { along: [1, 0], down: [0, 1] });
  }
  const ends = axisLabels(view.header);
  if (!ends || !view.pixelSteps) return null;
  return edgeLabels(ends, { along: unit(view.pixelSteps.along), down: unit(view.pixelSteps.down) });
}

function scaleOnScreen(view: ViewState): number {
  if (!view.pixelSteps) return view.mmPerPixel;
  const size = pixelSize(view.header);
  const step = Math.hypot(...view.pixelSteps.along);
  return size.isCalibrated && step > 0 ? size.columns / step : 0;
}

function unit([x, y]: Point): Point {
  const length = Math.hypot(x, y) || 1;
  return [x / length, y / length];
}

/** Return a date as the pages write it: 01 Mar 2026. */
export function formatDate(text: string | null): string {
  if (!text) return "";
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.valueOf()) ? text : date.toLocaleDateString("en-GB", { day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" });
}
