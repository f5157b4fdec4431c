// Which image of one series corresponds to an image of another. Pure functions.

import { dot, type Vector } from "../dicom/orientation.ts";

/** The geometry of a series, and the image of it that is displayed. */
export interface StackPosition {
  /** UID; "" where the header has none. */
  frameOfReference: string;
  normal: Vector | null;
  /** mm along the normal, image by image; empty where the headers do not state it. */
  positions: readonly number[];
  count: number;
  index: number;
}

/** Cosine between the normals above which two series count as parallel. */
const PARALLEL_FROM = 0.95;

/**
 * Return the image of `other` that corresponds to the image of `leader`.
 *
 * In one frame of reference it is the image at the same position; in parallel planes of different ones (a prior study) the
 * image at the distance that the reader left between the two; otherwise the same number of images is passed. `offset` is
 * that distance, in mm or in images; without one it is the distance now.
 */
export function followingImage(leader: StackPosition, other: StackPosition, offset?: number): { index: number; offset: number } {
  const cosine = leader.normal && other.normal ? dot(leader.normal, other.normal) : 0;
  if (Math.abs(cosine) < PARALLEL_FROM || !leader.positions.length || !other.positions.length) {
    const images = offset ?? other.index - leader.index;
    return { index: Math.max(0, Math.min(other.count - 1, leader.index + images)), offset: images };
  }
  const position = Math.sign(cosine) * (leader.positions[leader.index] ?? 0);
  const isSameFrame = leader.frameOfReference !== "" && leader.frameOfReference === other.frameOfReference;
  const distance = isSameFrame ? 0 : (offset ?? (other.positions[other.index] ?? 0) - position);
  return { index: nearestIndex(other.positions, position + distance), offset: distance };
}

function nearestIndex(positions: readonly number[], to: number): number {
  return positions.reduce((best, position, index) => (Math.abs(position - to) < Math.abs((positions[best] ?? 0) - to) ? index : best), 0);
}
