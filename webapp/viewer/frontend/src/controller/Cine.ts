// Cine: the images of a cell one after the other, as fast as the header says and the images come.

import { numbers, TAG } from "../dicom/tags.ts";
import type { Cell } from "../viewport/Viewport.ts";

const USUAL_RATE = 12;

export class Cine {
  private readonly running = new Map<Cell, () => void>();

  isOn(cell: Cell): boolean {
    return this.running.has(cell);
  }

  toggle(cell: Cell): void {
    if (this.isOn(cell)) this.stop(cell);
    else if (cell.imageIds.length > 1) this.start(cell);
  }

  stop(cell: Cell): void {
    this.running.get(cell)?.();
    this.running.delete(cell);
  }

  private start(cell: Cell): void {
    let isStopped = false;
    this.running.set(cell, () => { isStopped = true; });
    const pause = 1000 / rateOf(cell);
    const next = async (due: number): Promise<void> => {
      if (isStopped) return;
      await cell.show((cell.at + 1) % cell.imageIds.length);
      window.setTimeout(() => void next(due + pause), Math.max(0, due - performance.now()));
    };
    void next(performance.now() + pause);
  }
}

/** Return images a second: Cine Rate, else Frame Time (PS3.3 C.7.6.5), else a usual one. */
export function rateOf(cell: Pick<Cell, "header">): number {
  const [rate = 0] = numbers(cell.header, TAG.cineRate);
  const [time = 0] = numbers(cell.header, TAG.frameTime);
  return Math.min(60, rate > 0 ? rate : time > 0 ? 1000 / time : USUAL_RATE);
}
