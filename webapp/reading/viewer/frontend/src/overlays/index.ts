// What the AI found, drawn over the image.

import type { Cell } from "../reading/cell.ts";
import { Layer } from "./layer.ts";
import { shown } from "./shown.ts";

export const overlays = {
  /** Called once for each new cell. */
  attach(cell: Cell): void {
    new Layer(cell);
    cell.on("imageShown", () => shown.dispatchEvent(new Event("image")));
  },
};
