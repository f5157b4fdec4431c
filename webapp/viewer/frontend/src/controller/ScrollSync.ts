// Synced scroll: what lies at the same place is shown beside it.

import { headerOf } from "../cornerstone/setup.ts";
import { normalOf, placeAlong } from "../dicom/volumeGeometry.ts";
import { TAG, word } from "../dicom/tags.ts";
import type { Cell } from "../viewport/Viewport.ts";
import { follower, type Stack } from "./syncGeometry.ts";

export class Link {
  isOn = false;
  /** What a pair of cells was apart when they were linked: mm, or images. */
  private offsets = new Map<string, number>();

  toggle(): void {
    this.isOn = !this.isOn;
    this.offsets.clear();
  }

  /** Let the other cells go where this one went. */
  follow(leader: Cell, cells: readonly Cell[]): void {
    if (!this.isOn || leader.at < 0) return;
    for (const other of cells) if (other !== leader && other.at >= 0) this.move(leader, other);
  }

  /** Remember how far apart the cells are now. */
  hold(cells: readonly Cell[]): void {
    for (const leader of cells) {
      for (const other of cells) {
        if (leader === other || leader.at < 0 || other.at < 0) continue;
        this.offsets.set(`${leader.id} ${other.id}`, follower(stackOf(leader), stackOf(other)).offset);
      }
    }
  }

  private move(leader: Cell, other: Cell): void {
    const { at } = follower(stackOf(leader), stackOf(other), this.offsets.get(`${leader.id} ${other.id}`));
    void other.show(at);
  }
}

const stacks = new WeakMap<string[], Omit<Stack, "at">>();

function stackOf(cell: Cell): Stack {
  const held = stacks.get(cell.imageIds);
  if (held) return { ...held, at: cell.at };
  const headers = cell.imageIds.map(headerOf);
  const normal = (headers[0] && normalOf(headers[0])) ?? null;
  const places = normal ? headers.map((header) => placeAlong(header, normal)) : [];
  const made = {
    frame: word(headers[0] ?? {}, TAG.frameOfReference),
    normal,
    places: places.every((place) => place !== null) ? (places as number[]) : [],
    count: headers.length,
  };
  stacks.set(cell.imageIds, made);
  return { ...made, at: cell.at };
}
