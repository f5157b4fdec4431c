// The value of one pixel.

import type { Types } from "@cornerstonejs/core";
import { ProbeTool } from "@cornerstonejs/tools";

interface Read {
  value?: number | readonly number[] | null;
  modalityUnit?: string;
}

/** Cornerstone's probe, which on every image of a stack but the first looks for the pixel behind the end of the image. */
export class PointTool extends ProbeTool {
  override getTargetImageData(targetId: string): ReturnType<ProbeTool["getTargetImageData"]> {
    const image = super.getTargetImageData(targetId);
    const voxels = image?.voxelManager;
    if (!voxels || !targetId.startsWith("imageId:")) return image;
    // An image of a stack holds its own pixels only, whichever of the stack it is.
    const own = { getAtIJKPoint: ([column, row]: Types.Point3) => voxels.getAtIJK(column, row, 0) };
    return { ...image, voxelManager: own } as typeof image;
  }
}

/** Return what stands beside the point: its value, or the three of a coloured pixel. */
export function valueShown(data: { cachedStats: Record<string, Read> }, targetId: string): string[] | undefined {
  const { value, modalityUnit } = data.cachedStats[targetId] ?? {};
  if (value === undefined || value === null) return undefined;
  const figures = [value].flat().map((one) => String(Math.round(one * 100) / 100)).join(", ");
  return [`${figures} ${modalityUnit === "raw" ? "" : (modalityUnit ?? "")}`.trim()];
}
