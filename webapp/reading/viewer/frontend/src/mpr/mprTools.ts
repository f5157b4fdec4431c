// Measurement tools for reformatted planes: Cornerstone's tools under names of their own, so that an annotation on a plane
// is drawn on planes of its own series only, and an annotation on an image on that image only.

import { getEnabledElement, type Types } from "@cornerstonejs/core";
import { AngleTool, EllipticalROITool, LengthTool, RectangleROITool, type Types as ToolTypes } from "@cornerstonejs/tools";

import { PixelProbeTool } from "../tools/PixelProbeTool.ts";

type Annotation = ToolTypes.Annotation;
/** The methods of Cornerstone's tools that are overridden here. */
interface Tool {
  addNewAnnotation(event: ToolTypes.EventTypes.InteractionEventType, interaction: "Mouse" | "Touch"): Annotation | null;
  filterInteractableAnnotationsForElement(element: HTMLDivElement, annotations: Annotation[]): Annotation[] | undefined;
}
/** What places an annotation on a plane. */
interface PlaneReference {
  volumeId: string;
  frameOfReference: string;
  normal: Types.Point3;
  up?: Types.Point3 | undefined;
}
const VOLUME_SCHEME = "cornerstoneStreamingImageVolume:";

/** Return Cornerstone's id for the volume of a series. */
export function volumeIdOf(series: string): string {
  return VOLUME_SCHEME + series;
}

/** Return the series on whose planes an annotation lies; "" where it lies on an image. */
export function mprSeriesOf(annotation: Annotation | undefined): string {
  return ((annotation?.metadata as { mprVolumeId?: string } | undefined)?.mprVolumeId ?? "").slice(VOLUME_SCHEME.length);
}

/** Return the metadata of an annotation on a plane: the same whether it was just drawn or loaded from the server. */
export function mprMetadata(toolName: string, { volumeId, frameOfReference, normal, up }: PlaneReference): object {
  return { toolName, mprVolumeId: volumeId, FrameOfReferenceUID: frameOfReference, viewPlaneNormal: normal, ...(up && { viewUp: up }) };
}

// The arguments are Cornerstone's own; TypeScript accepts no other type than any[] in the constructor of a mixin (TS2545).
/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument */
function forMpr<Base extends new (...args: any[]) => Tool>(Tool: Base, name: string) {
  return class extends Tool {
    static toolName = name;

    constructor(...args: any[]) {
      super(...args);
      const addNewAnnotation = this.addNewAnnotation.bind(this);
      this.addNewAnnotation = (event, interaction) => {
        const added = addNewAnnotation(event, interaction);
        if (added?.metadata) {
          const { FrameOfReferenceUID = "", viewPlaneNormal, viewUp } = added.metadata;
          const reference = { volumeId: shownVolumeId(event.detail.element), frameOfReference: FrameOfReferenceUID, normal: viewPlaneNormal as Types.Point3, up: viewUp };
          added.metadata = mprMetadata(name, reference) as Annotation["metadata"];
        }
        return added;
      };
    }

    override filterInteractableAnnotationsForElement(element: HTMLDivElement, annotations: Annotation[]): Annotation[] {
      const own = annotations?.filter((one) => volumeIdOf(mprSeriesOf(one)) === shownVolumeId(element));
      return super.filterInteractableAnnotationsForElement(element, own) ?? [];
    }
  };
}
/* eslint-enable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument */

function shownVolumeId(element: HTMLDivElement): string {
  return (getEnabledElement(element)?.viewport as unknown as Types.IVolumeViewport).getVolumeId();
}

export const MPR_TOOLS = {
  length: forMpr(LengthTool, "MprLength"),
  angle: forMpr(AngleTool, "MprAngle"),
  rectangle: forMpr(RectangleROITool, "MprRectangle"),
  ellipse: forMpr(EllipticalROITool, "MprEllipse"),
  probe: forMpr(PixelProbeTool, "MprProbe"),
} as const;
export type MprMeasurementId = keyof typeof MPR_TOOLS;
