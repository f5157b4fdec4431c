// What the AI found, drawn over the image.

import type { Cell } from "../viewport/Viewport.ts";
import { Layer } from "./ImageOverlay.ts";
import { shown } from "../controller/Visibility.ts";

export const overlays = {
  /** Called once for each new cell. */
  attach(cell: Cell): void {
    new Layer(cell);
    cell.on("imageShown", () => shown.dispatchEvent(new Event("image")));
  },
};
