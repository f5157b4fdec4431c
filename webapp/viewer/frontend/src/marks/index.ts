// What people marked, saved as it is made.

import type { Cell } from "../reading/cell.ts";

export const marks = {
  /** Called once for each new cell. */
  attach(_cell: Cell): void {},
};
