// The probe: the value of one pixel.

import type { Types } from "@cornerstonejs/core";
import { ProbeTool } from "@cornerstonejs/tools";

interface ProbeStats {
  value?: number | readonly number[] | null;
  modalityUnit?: string;
}

/** Cornerstone's probe (5.14) reads past the end of the pixel data on every image of a stack but the first; this one does not. */
export class PixelProbeTool extends ProbeTool {
  override getTargetImageData(targetId: string): ReturnType<ProbeTool["getTargetImageData"]> {
    const image = super.getTargetImageData(targetId);
    const voxels = image?.voxelManager;
    if (!voxels || !targetId.startsWith("imageId:")) return image;
    // An image of a stack holds its own pixels only, whichever of the stack it is.
    const own = { getAtIJKPoint: ([column, row]: Types.Point3) => voxels.getAtIJK(column, row, 0) };
    return { ...image, voxelManager: own } as typeof image;
  }
}

/** Return the text beside the probe: the value of the pixel, or the three values of a colour. */
export function probeTextLines(data: { cachedStats: Record<string, ProbeStats> }, targetId: string): string[] | undefined {
  const { value, modalityUnit } = data.cachedStats[targetId] ?? {};
  if (value === undefined || value === null) return undefined;
  const values = [value].flat().map((one) => String(Math.round(one * 100) / 100)).join(", ");
  return [`${values} ${modalityUnit === "raw" ? "" : (modalityUnit ?? "")}`.trim()];
}
