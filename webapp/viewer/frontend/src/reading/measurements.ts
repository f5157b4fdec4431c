// What is measured on an image, and taking it away again.

import { annotation, AnnotationTool, utilities } from "@cornerstonejs/tools";

import type { Reading } from "./reading.ts";

/** Remove the measurement that is chosen; undo brings it back. */
export function removeSelected(reading: Reading): void {
  const chosen = annotation.selection.getAnnotationsSelected();
  if (!chosen.length) return reading.say("No measurement is chosen: click on one first.");
  for (const uid of chosen) {
    AnnotationTool.createAnnotationMemo(reading.active.element, annotation.state.getAnnotation(uid), { deleting: true });
    annotation.state.removeAnnotation(uid);
  }
  utilities.triggerAnnotationRenderForViewportIds(reading.cells.map((cell) => cell.id));
}
