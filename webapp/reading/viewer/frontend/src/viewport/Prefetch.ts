// Loads the rest of a series, nearest first from the image that is displayed.

import { cache } from "@cornerstonejs/core";

import { fetchImage } from "../cornerstone/imageLoader.ts";
import { nearestFirst } from "./loadOrder.ts";

/** Of the six connections that a browser opens to a server, some stay free for what the reader requests. */
const MAX_CONCURRENT = 4;

/** Prefetches one series; `onProgress` is called after each image. */
export class Prefetch {
  private queue: string[] = [];
  private running = 0;
  private readonly failed = new Set<string>();
  private readonly imageIds: readonly string[];
  private readonly onProgress: () => void;

  constructor(imageIds: readonly string[], onProgress: () => void) {
    this.imageIds = imageIds;
    this.onProgress = onProgress;
  }

  /** Continue from this image. */
  startFrom(index: number): void {
    this.queue = nearestFirst(index, this.imageIds.length)
      .map((number) => this.imageIds[number] as string)
      .filter((id) => !cache.getImageLoadObject(id) && !this.failed.has(id));
    this.next();
  }

  /** Load nothing more. */
  stop(): void {
    this.queue = [];
  }

  /** Return for each image, in slice order, whether it is loaded. */
  loaded(): boolean[] {
    return this.imageIds.map((id) => cache.isLoaded(id));
  }

  private next(): void {
    while (this.running < MAX_CONCURRENT) {
      const id = this.queue.shift();
      if (id === undefined) return;
      if (cache.getImageLoadObject(id)) continue;
      this.running += 1;
      fetchImage(id)
        .catch(() => this.failed.add(id)) // reported when the reader comes to that image
        .finally(() => {
          this.running -= 1;
          this.onProgress();
          this.next();
        });
    }
  }
}
