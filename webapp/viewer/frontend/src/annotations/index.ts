// What people marked, saved as it is made.

import type { Cell } from "../viewport/Viewport.ts";
import { Keeper } from "./AnnotationStore.ts";

export const keeper = new Keeper(document.getElementById("viewer")?.dataset.user ?? "");

export const marks = {
  /** Called once for each new cell. */
  attach(cell: Cell): void {
    keeper.attach(cell);
  },
};
