// How large a pixel is, and whether the header allows to say so in millimetres (PS3.3 10.7.1.1 and 10.7.1.3).

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
  if (imager) return uncalibrated(imager, "Spacing is known at the detector only");
  return uncalibrated(pairOf(header, TAG.aspectRatio) ?? [1, 1], "The header states no pixel spacing");
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
