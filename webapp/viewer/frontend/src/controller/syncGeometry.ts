// Which image of one series belongs to an image of another. Pure.

import { dot, type Vector } from "../dicom/orientation.ts";

export interface Stack {
  /** UID of the frame of reference; "" where the header has none. */
  frame: string;
  normal: Vector | null;
  /** mm along the normal, image by image; empty where the headers do not say. */
  places: readonly number[];
  count: number;
  at: number;
}

const PARALLEL_FROM = 0.95;

/**
 * Return the image of `other` that follows `leader`.
 *
 * In one frame of reference the same place counts; in parallel planes of different ones (a prior) the distance that the
 * reader left between them; else the same number of images. `offset` is what they were apart: without one, what they
 * are apart now.
 */
export function follower(leader: Stack, other: Stack, offset?: number): { at: number; offset: number } {
  const turned = leader.normal && other.normal ? dot(leader.normal, other.normal) : 0;
  if (Math.abs(turned) < PARALLEL_FROM || !leader.places.length || !other.places.length) {
    const apart = offset ?? other.at - leader.at;
    return { at: Math.max(0, Math.min(other.count - 1, leader.at + apart)), offset: apart };
  }
  const place = Math.sign(turned) * (leader.places[leader.at] ?? 0);
  const isSame = leader.frame !== "" && leader.frame === other.frame;
  const apart = isSame ? 0 : (offset ?? (other.places[other.at] ?? 0) - place);
  return { at: nearest(other.places, place + apart), offset: apart };
}

function nearest(places: readonly number[], to: number): number {
  return places.reduce((best, place, index) => (Math.abs(place - to) < Math.abs((places[best] ?? 0) - to) ? index : best), 0);
}
