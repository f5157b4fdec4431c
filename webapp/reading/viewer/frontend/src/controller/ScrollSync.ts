// Synchronised scrolling: the other viewports follow to the same anatomical position.

import { headerOf } from "../cornerstone/setup.ts";
import { stringValue, TAG } from "../dicom/tags.ts";
import { positionAlong, sliceNormal } from "../dicom/volumeGeometry.ts";
import type { Viewport } from "../viewport/Viewport.ts";
import { followingImage, type StackPosition } from "./syncGeometry.ts";

export class ScrollSync {
  isOn = false;
  /** The offset between each pair of viewports when they were linked: mm, or images. */
  private readonly offsets = new Map<string, number>();

  toggle(): void {
    this.isOn = !this.isOn;
    this.offsets.clear();
  }

  /** Let the other viewports follow this one. */
  follow(leader: Viewport, viewports: readonly Viewport[]): void {
    if (!this.isOn || leader.imageIndex < 0) return;
    for (const other of viewports) if (other !== leader && other.imageIndex >= 0) this.moveViewport(leader, other);
  }

  /** Remember the offsets between the viewports as they are now. */
  rememberOffsets(viewports: readonly Viewport[]): void {
    for (const leader of viewports) {
      for (const other of viewports) {
        if (leader === other || leader.imageIndex < 0 || other.imageIndex < 0) continue;
        this.offsets.set(`${leader.id} ${other.id}`, followingImage(stackPosition(leader), stackPosition(other)).offset);
      }
    }
  }

  private moveViewport(leader: Viewport, other: Viewport): void {
    const { index } = followingImage(stackPosition(leader), stackPosition(other), this.offsets.get(`${leader.id} ${other.id}`));
    void other.show(index);
  }
}

/** By the list of image ids, which is another one whenever another series is hung. */
const geometries = new WeakMap<string[], Omit<StackPosition, "index">>();

function stackPosition(viewport: Viewport): StackPosition {
  const cached = geometries.get(viewport.imageIds);
  if (cached) return { ...cached, index: viewport.imageIndex };
  const headers = viewport.imageIds.map(headerOf);
  const normal = (headers[0] && sliceNormal(headers[0])) ?? null;
  const positions = normal ? headers.map((header) => positionAlong(header, normal)) : [];
  const geometry = {
    frameOfReference: stringValue(headers[0] ?? {}, TAG.frameOfReference),
    normal,
    positions: positions.every((position) => position !== null) ? positions : [],
    count: headers.length,
  };
  geometries.set(viewport.imageIds, geometry);
  return { ...geometry, index: viewport.imageIndex };
}
