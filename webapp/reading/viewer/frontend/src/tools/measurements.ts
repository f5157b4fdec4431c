// Removing measurements, so that undo brings them back.

import { annotation, AnnotationTool, type Types as ToolTypes } from "@cornerstonejs/tools";

/** Remove the selected ones of these measurements, else the last one; false where there is none. */
export function removeAnnotations(candidates: ToolTypes.Annotation[], element: HTMLDivElement): boolean {
  const chosen = candidates.filter((one) => one.isSelected).map((one) => one.annotationUID ?? "");
  if (!chosen.length && candidates.length) chosen.push(candidates.at(-1)?.annotationUID ?? "");
  for (const uid of chosen) {
    AnnotationTool.createAnnotationMemo(element, annotation.state.getAnnotation(uid), { deleting: true });
    annotation.state.removeAnnotation(uid);
  }
  return chosen.length > 0;
}
