// How large a pixel is, and whether the header allows to say so in millimetres (PS3.3 10.7.1.1, 10.7.1.3 and C.8.5.5).

import { type Header, numbers, TAG, word } from "./tags.ts";

export interface PixelSize {
  /** Millimetres between rows and between columns; [1, 1] and the shape of a pixel where it is not calibrated. */
  rows: number;
  columns: number;
  isCalibrated: boolean;
  /** What is told beside the scale bar. */
  note: string;
}

/** Modalities whose detector lies behind the patient: spacing at the detector is none in the patient. */
const PROJECTION = new Set(["CR", "DX", "MG", "RG", "XA", "RF", "PX", "IO", "XR"]);

/** Return the size of a pixel by the header. */
export function pixelSize(header: Header): PixelSize {
  const spacing = pairOf(header, TAG.pixelSpacing);
  const imager = pairOf(header, TAG.imagerPixelSpacing);
  const isProjection = PROJECTION.has(word(header, TAG.modality));
  if (spacing) {
    const isAtDetector =
      isProjection && imager !== null && same(spacing, imager) && word(header, TAG.calibrationType) === "";
    if (!isAtDetector) return { rows: spacing[0], columns: spacing[1], isCalibrated: true, note: "" };
    return uncalibrated(spacing, "Spacing is known at the detector only");
  }
  const [magnification = 0] = numbers(header, TAG.magnification);
  if (imager && magnification >= 1) {
    const note = `Estimated: magnified ${magnification} times`;
    return { rows: imager[0] / magnification, columns: imager[1] / magnification, isCalibrated: true, note };
  }
  const region = regionsPair(header);
  if (region) return { rows: region[0], columns: region[1], isCalibrated: true, note: "By the scanner's image regions" };
  if (imager) return uncalibrated(imager, "Spacing is known at the detector only");
  return uncalibrated(pairOf(header, TAG.aspectRatio) ?? [1, 1], "The header states no pixel spacing");
}

/** Kinds of region and unit, as PS3.3 C.8.5.5.1 numbers them: what traces and graphics show is measured by nobody. */
const [PICTURE, TRACE, GRAPHICS, CENTIMETRES] = [1, 4, 5, 3];

/** Spacing by an ultrasound's regions. A motion or a spectrum beside the picture, or a second scale, forbids one for all. */
function regionsPair(header: Header): [number, number] | null {
  const value = (region: Header, tag: string): number => numbers(region, tag)[0] ?? 0;
  const regions = ((header[TAG.regions]?.Value ?? []) as Header[]).filter((region) => ![0, TRACE, GRAPHICS].includes(value(region, TAG.regionFormat)));
  const pairs = regions.map((region): [number, number] | null => {
    const isLength = [TAG.regionUnitsX, TAG.regionUnitsY].every((tag) => value(region, tag) === CENTIMETRES);
    const pair: [number, number] = [10 * Math.abs(value(region, TAG.regionDeltaY)), 10 * Math.abs(value(region, TAG.regionDeltaX))];
    return value(region, TAG.regionFormat) === PICTURE && isLength && Math.min(...pair) > 0 ? pair : null;
  });
  const [first] = pairs;
  return first && pairs.every((pair) => pair && same(first, pair)) ? first : null;
}

function pairOf(header: Header, tag: string): [number, number] | null {
  const [down, across] = numbers(header, tag);
  return down !== undefined && across !== undefined && down > 0 && across > 0 ? [down, across] : null;
}

function same(one: [number, number], other: [number, number]): boolean {
  return one.every((value, index) => Math.abs(value - (other[index] ?? 0)) <= 1e-4 * value);
}

/** Keep the shape of a pixel, not its size. */
function uncalibrated([down, across]: [number, number], why: string): PixelSize {
  return { rows: down / across, columns: 1, isCalibrated: false, note: `Not calibrated: pixels. ${why}.` };
}
