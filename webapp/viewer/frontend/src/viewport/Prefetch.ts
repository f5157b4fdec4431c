// The rest of a series, fetched outward from the image that is looked at.

import { cache } from "@cornerstonejs/core";

import { imageFetched } from "../cornerstone/imageLoader.ts";
import { outward } from "./loadOrder.ts";

/** Of the six connections that a browser opens to a server, some stay free for what the reader asks for. */
const AT_ONCE = 4;

/** Fetches one series; `onProgress` hears of each image that came. */
export class Prefetch {
  private left: string[] = [];
  private running = 0;
  private readonly failed = new Set<string>();
  private readonly imageIds: readonly string[];
  private readonly onProgress: () => void;

  constructor(imageIds: readonly string[], onProgress: () => void) {
    this.imageIds = imageIds;
    this.onProgress = onProgress;
  }

  /** Go on from here. */
  from(at: number): void {
    this.left = outward(at, this.imageIds.length)
      .map((index) => this.imageIds[index] as string)
      .filter((id) => !cache.getImageLoadObject(id) && !this.failed.has(id));
    this.next();
  }

  /** Fetch nothing more. */
  stop(): void {
    this.left = [];
  }

  /** How many images are here already, as a list in slice order. */
  here(): boolean[] {
    return this.imageIds.map((id) => cache.isLoaded(id));
  }

  private next(): void {
    while (this.running < AT_ONCE) {
      const id = this.left.shift();
      if (id === undefined) return;
      if (cache.getImageLoadObject(id)) continue;
      this.running += 1;
      imageFetched(id)
        .catch(() => this.failed.add(id)) // told when the reader comes to that image
        .finally(() => {
          this.running -= 1;
          this.onProgress();
          this.next();
        });
    }
  }
}
