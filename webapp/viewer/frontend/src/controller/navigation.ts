// To a finding or a mark: its series, its image, and the place in the middle of the viewport.

import type { Cell } from "../viewport/Viewport.ts";
import type { Reading } from "./ViewerController.ts";
import type { Finding, Series } from "../api/study.ts";

/** Show a finding in the viewport that holds its series, else in the active one. */
export async function jumped(reading: Reading, series: Series, finding: Finding): Promise<void> {
  reading.outliner.looked = finding.id;
  const box = finding.marks.find(({ image }) => image === finding.image)?.box;
  await goneTo(reading, series, finding.image, box ? [(box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2] : null);
}

/** Show a pixel of an image, null: all of the image as it lies. */
export async function goneTo(reading: Reading, series: Series, image: number, pixel: readonly [number, number] | null): Promise<void> {
  const holds = (cell: Cell): boolean => cell.hung?.series === series;
  const cell = holds(reading.active) ? reading.active : reading.cells.find(holds);
  if (!cell) return;
  reading.activate(cell);
  await cell.show(image);
  if (!pixel || cell.at !== image) return;
  const [x, y] = cell.toCanvas(pixel);
  const [left, top] = cell.viewport.getPan();
  cell.viewport.setPan([left + cell.root.clientWidth / 2 - x, top + cell.root.clientHeight / 2 - y]);
  cell.viewport.render();
}
