// What the AI found, drawn over the image.

import type { Cell } from "../reading/cell.ts";

export const overlays = {
  /** Called once for each new cell. */
  attach(_cell: Cell): void {},
};
