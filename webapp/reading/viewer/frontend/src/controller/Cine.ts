// Cine: plays the images of a viewport as fast as the header says and as the images can be loaded.

import { numberValues, TAG, type Header } from "../dicom/tags.ts";
import type { Viewport } from "../viewport/Viewport.ts";

const DEFAULT_RATE = 12;

export class Cine {
  private readonly stops = new Map<Viewport, () => void>();

  isPlaying(viewport: Viewport): boolean {
    return this.stops.has(viewport);
  }

  toggle(viewport: Viewport): void {
    if (this.isPlaying(viewport)) this.stop(viewport);
    else if (viewport.imageIds.length > 1) this.start(viewport);
  }

  stop(viewport: Viewport): void {
    this.stops.get(viewport)?.();
    this.stops.delete(viewport);
  }

  private start(viewport: Viewport): void {
    let isStopped = false;
    this.stops.set(viewport, () => { isStopped = true; });
    const interval = 1000 / frameRate(viewport.header);
    const next = async (due: number): Promise<void> => {
      if (isStopped) return;
      await viewport.show((viewport.imageIndex + 1) % viewport.imageIds.length);
      window.setTimeout(() => void next(due + interval), Math.max(0, due - performance.now()));
    };
    void next(performance.now() + interval);
  }
}

/** Return images per second: Cine Rate, else from Frame Time (PS3.3 C.7.6.5), else a default; 60 at most. */
function frameRate(header: Header): number {
  const [rate = 0] = numberValues(header, TAG.cineRate);
  const [time = 0] = numberValues(header, TAG.frameTime);
  return Math.min(60, rate > 0 ? rate : time > 0 ? 1000 / time : DEFAULT_RATE);
}
