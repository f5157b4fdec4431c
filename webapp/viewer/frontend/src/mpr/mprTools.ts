// Measuring on cuts through a volume: the tools of the stacks under names of their own, so that what lies on a cut is
// drawn on cuts of its series, and what lies on an image on that image.

import { getEnabledElement, type Types } from "@cornerstonejs/core";
import { AngleTool, EllipticalROITool, LengthTool, RectangleROITool, type Types as ToolTypes } from "@cornerstonejs/tools";

import { PointTool } from "../tools/PixelProbeTool.ts";

type Annotation = ToolTypes.Annotation;
/** What is changed of a tool of Cornerstone's. */
interface Tool {
  addNewAnnotation(event: ToolTypes.EventTypes.InteractionEventType, way: "Mouse" | "Touch"): Annotation | null;
  filterInteractableAnnotationsForElement(element: HTMLDivElement, annotations: Annotation[]): Annotation[] | undefined;
}
const VOLUME = "cornerstoneStreamingImageVolume:";

/** Return the name under which Cornerstone keeps the volume of a series. */
export function volumeOf(series: string): string {
  return VOLUME + series;
}

/** Return the series on whose cuts an annotation lies; "" where it lies on an image. */
export function seriesCut(drawn: Annotation | undefined): string {
  return ((drawn?.metadata as { cutOf?: string } | undefined)?.cutOf ?? "").slice(VOLUME.length);
}

/** Return what Cornerstone needs to know of an annotation on a cut: just this, whether it was drawn now or before. */
export function cutTold(toolName: string, cut: { cutOf: string; frameOfReference: string; normal: Types.Point3; up?: Types.Point3 | undefined }): object {
  const { cutOf, frameOfReference, normal, up } = cut;
  return { toolName, cutOf, FrameOfReferenceUID: frameOfReference, viewPlaneNormal: normal, ...(up && { viewUp: up }) };
}

// TypeScript asks for `any` where a class is extended that it does not know by name.
function onCuts<Base extends new (...given: any[]) => Tool>(Tool: Base, name: string) {
  return class extends Tool {
    static toolName = name;

    constructor(...given: any[]) {
      super(...given);
      const begun = this.addNewAnnotation;
      this.addNewAnnotation = (event, way) => {
        const drawn = begun.call(this, event, way);
        if (drawn?.metadata) {
          const { FrameOfReferenceUID = "", viewPlaneNormal, viewUp } = drawn.metadata;
          const cut = { cutOf: volumeShown(event.detail.element), frameOfReference: FrameOfReferenceUID, normal: viewPlaneNormal as Types.Point3, up: viewUp };
          drawn.metadata = cutTold(name, cut) as Annotation["metadata"];
        }
        return drawn;
      };
    }

    override filterInteractableAnnotationsForElement(element: HTMLDivElement, annotations: Annotation[]): Annotation[] {
      const own = annotations?.filter((one) => volumeOf(seriesCut(one)) === volumeShown(element));
      return super.filterInteractableAnnotationsForElement(element, own) ?? [];
    }
  };
}

function volumeShown(element: HTMLDivElement): string {
  return (getEnabledElement(element)?.viewport as unknown as Types.IVolumeViewport).getVolumeId();
}

export const CUT_TOOLS = {
  length: onCuts(LengthTool, "CutLength"),
  angle: onCuts(AngleTool, "CutAngle"),
  rectangle: onCuts(RectangleROITool, "CutRectangle"),
  ellipse: onCuts(EllipticalROITool, "CutEllipse"),
  probe: onCuts(PointTool, "CutProbe"),
} as const;
export type CutTool = keyof typeof CUT_TOOLS;
