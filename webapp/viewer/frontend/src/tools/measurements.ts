// What is measured on an image, and taking it away again.

import { annotation, AnnotationTool, utilities, type Types as ToolTypes } from "@cornerstonejs/tools";

import type { Reading } from "../controller/ViewerController.ts";

/** Remove the measurement that is chosen, else the last one on this image; undo brings it back. */
export function removeSelected(reading: Reading): void {
  const image = reading.active.imageIds[reading.active.at];
  const here = annotation.state.getAllAnnotations().filter((one) => one.metadata?.referencedImageId === image);
  if (!removedOf(here, reading.active.element)) return reading.say("There is no measurement on this image.");
  utilities.triggerAnnotationRenderForViewportIds(reading.cells.map((cell) => cell.id));
}

/** Remove of these measurements those that are chosen, else the last; false where there is none. */
export function removedOf(here: ToolTypes.Annotation[], element: HTMLDivElement): boolean {
  const chosen = here.filter((one) => one.isSelected).map((one) => one.annotationUID ?? "");
  if (!chosen.length && here.length) chosen.push(here.at(-1)?.annotationUID ?? "");
  for (const uid of chosen) {
    AnnotationTool.createAnnotationMemo(element, annotation.state.getAnnotation(uid), { deleting: true });
    annotation.state.removeAnnotation(uid);
  }
  return chosen.length > 0;
}
