// What is measured on an image, and taking it away again.

import { annotation, AnnotationTool, utilities } from "@cornerstonejs/tools";

import type { Reading } from "./reading.ts";

/** Remove the measurement that is chosen, else the last one on this image; undo brings it back. */
export function removeSelected(reading: Reading): void {
  const image = reading.active.imageIds[reading.active.at];
  const here = annotation.state.getAllAnnotations().filter((one) => one.metadata?.referencedImageId === image);
  const chosen = here.filter((one) => one.isSelected).map((one) => one.annotationUID ?? "");
  if (!chosen.length && here.length) chosen.push(here.at(-1)?.annotationUID ?? "");
  if (!chosen.length) return reading.say("There is no measurement on this image.");
  for (const uid of chosen) {
    AnnotationTool.createAnnotationMemo(reading.active.element, annotation.state.getAnnotation(uid), { deleting: true });
    annotation.state.removeAnnotation(uid);
  }
  utilities.triggerAnnotationRenderForViewportIds(reading.cells.map((cell) => cell.id));
}
