// Pixel size, and whether the header allows it to be given in millimetres (PS3.3 10.7.1.1, 10.7.1.3 and C.8.5.5).

import { type Header, numberValues, TAG, stringValue } from "./tags.ts";

export interface PixelSize {
  /** Millimetres between rows and between columns; where not calibrated, only their ratio means something. */
  rows: number;
  columns: number;
  isCalibrated: boolean;
  /** Text beside the scale bar. */
  note: string;
}

/** Projection modalities: the spacing at the detector is not the spacing in the patient. */
const PROJECTION = new Set(["CR", "DX", "MG", "RG", "XA", "RF", "PX", "IO", "XR"]);

/** Return the pixel size that a header states. */
export function pixelSize(header: Header): PixelSize {
  const spacing = spacingPair(header, TAG.pixelSpacing);
  const imager = spacingPair(header, TAG.imagerPixelSpacing);
  const isProjection = PROJECTION.has(stringValue(header, TAG.modality));
  if (spacing) {
    const isAtDetector =
      isProjection && imager !== null && isEqual(spacing, imager) && stringValue(header, TAG.calibrationType) === "";
    if (!isAtDetector) return { rows: spacing[0], columns: spacing[1], isCalibrated: true, note: "" };
    return uncalibrated(spacing, "Spacing is known at the detector only");
  }
  const [magnification = 0] = numberValues(header, TAG.magnification);
  if (imager && magnification >= 1) {
    const note = `Estimated: magnified ${magnification} times`;
    return { rows: imager[0] / magnification, columns: imager[1] / magnification, isCalibrated: true, note };
  }
  const region = ultrasoundSpacing(header);
  if (region) return { rows: region[0], columns: region[1], isCalibrated: true, note: "By the scanner's image regions" };
  if (imager) return uncalibrated(imager, "Spacing is known at the detector only");
  return uncalibrated(spacingPair(header, TAG.aspectRatio) ?? [1, 1], "The header states no pixel spacing");
}

/** Region formats and units as PS3.3 C.8.5.5.1 numbers them; nothing is measured on traces and graphics. */
const [TISSUE, TRACE, GRAPHICS, CENTIMETRES] = [1, 4, 5, 3];

/** Return the spacing of an ultrasound's regions; null where M-mode or Doppler lies beside the image, or where scales differ. */
function ultrasoundSpacing(header: Header): [number, number] | null {
  const value = (region: Header, tag: string): number => numberValues(region, tag)[0] ?? 0;
  const regions = ((header[TAG.regions]?.Value ?? []) as Header[]).filter((region) => ![0, TRACE, GRAPHICS].includes(value(region, TAG.regionFormat)));
  const pairs = regions.map((region): [number, number] | null => {
    const isLength = [TAG.regionUnitsX, TAG.regionUnitsY].every((tag) => value(region, tag) === CENTIMETRES);
    const pair: [number, number] = [10 * Math.abs(value(region, TAG.regionDeltaY)), 10 * Math.abs(value(region, TAG.regionDeltaX))];
    return value(region, TAG.regionFormat) === TISSUE && isLength && Math.min(...pair) > 0 ? pair : null;
  });
  const [first] = pairs;
  return first && pairs.every((pair) => pair && isEqual(first, pair)) ? first : null;
}

function spacingPair(header: Header, tag: string): [number, number] | null {
  const [down, across] = numberValues(header, tag);
  return down !== undefined && across !== undefined && down > 0 && across > 0 ? [down, across] : null;
}

function isEqual(one: [number, number], other: [number, number]): boolean {
  return one.every((value, index) => Math.abs(value - (other[index] ?? 0)) <= 1e-4 * value);
}

/** Keep the aspect ratio of a pixel, not its size. */
function uncalibrated([down, across]: [number, number], reason: string): PixelSize {
  return { rows: down / across, columns: 1, isCalibrated: false, note: `Not calibrated: pixels. ${reason}.` };
}
