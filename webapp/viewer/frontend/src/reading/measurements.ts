// What is measured on an image, and taking it away again.

import { annotation, utilities } from "@cornerstonejs/tools";

import type { Reading } from "./reading.ts";

/** Remove the measurement that is chosen; undo brings it back. */
export function removeSelected(reading: Reading): void {
  const chosen = annotation.selection.getAnnotationsSelected();
  if (!chosen.length) return reading.say("No measurement is chosen: click on one first.");
  for (const uid of chosen) removed(uid);
  for (const cell of reading.cells) utilities.triggerAnnotationRenderForViewportIds([cell.id]);
}

function removed(uid: string): void {
  annotation.state.removeAnnotation(uid);
}
