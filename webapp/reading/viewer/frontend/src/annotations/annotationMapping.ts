// Conversion between annotations as the server stores them and as Cornerstone draws them.

import { metaData, type Types } from "@cornerstonejs/core";
import { annotation, type Types as ToolTypes } from "@cornerstonejs/tools";

import type { AnnotationRecord, ImageAnnotationBody, MprAnnotationBody } from "../api/study.ts";
import { headerOf, imagePlaneOf } from "../cornerstone/setup.ts";
import { pixelSize } from "../dicom/calibration.ts";
import { pixelToWorld, worldToPixel } from "../dicom/imagePlane.ts";
import { cross, type Vector } from "../dicom/orientation.ts";
import { planeName, projectOntoPlane } from "../dicom/reformat.ts";
import { MPR_TOOLS, mprMetadata, mprSeriesOf, volumeIdOf } from "../mpr/mprTools.ts";
import { TOOL_NAMES } from "../tools/StackTools.ts";
import type { Viewport } from "../viewport/Viewport.ts";
import { isMprAnnotation, type AnnotationBody } from "./PendingChanges.ts";

type Kind = AnnotationRecord["kind"];
/** Cornerstone's tool for each kind; a box is drawn as a rectangle and remains a box. */
const TOOL_NAME_OF: Record<Kind, string> = {
  length: TOOL_NAMES.length, angle: TOOL_NAMES.angle, rectangle: TOOL_NAMES.rectangle, ellipse: TOOL_NAMES.ellipse, probe: TOOL_NAMES.probe, box: TOOL_NAMES.rectangle,
};
const POINT_COUNTS: Record<Kind, number> = { length: 2, angle: 3, rectangle: 4, ellipse: 4, probe: 1, box: 2 };
const MEASURED = ["length", "angle", "area", "mean", "stdDev", "min", "max", "value"] as const;
/** A point farther than this from its plane, in mm, is projected back onto it. */
const OFF_PLANE_MM = 0.001;
/** Annotations by other readers have another colour and are locked. */
const OTHERS_COLOUR = "rgb(166, 226, 174)";

/** The image that an annotation lies on: study and series by the server's ids, object and frame. */
export interface ImageLocation {
  study: string;
  series: string;
  sop: string;
  frame: number;
}

/** Return what is sent of an annotation on an image; null while it is incomplete. */
export function imageAnnotationBody(drawn: ToolTypes.Annotation, location: ImageLocation, known: Kind | undefined): ImageAnnotationBody | null {
  const kind = known ?? kindOf(drawn.metadata?.toolName);
  const imageId = drawn.metadata?.referencedImageId;
  if (!kind || !imageId) return null;
  const plane = imagePlaneOf(imageId);
  const handles = (drawn.data.handles?.points ?? []);
  const corners = handles.map((handle) => worldToPixel(plane, handle).map(round) as [number, number]);
  const points = kind === "box" ? ([corners[0], corners[3]].filter(Boolean) as [number, number][]) : corners;
  if (points.length !== POINT_COUNTS[kind] || points.flat().some((value) => !Number.isFinite(value))) return null;
  return {
    series: location.series,
    sop: location.sop,
    frame: location.frame,
    kind,
    points,
    text: drawn.data.label ?? "",
    figures: measuredValues(drawn),
    unit: pixelSize(headerOf(imageId)).isCalibrated ? "mm" : "px",
  };
}

/**
 * Return what is sent of an annotation on a reformatted plane; null while it is incomplete.
 *
 * An annotation stays on its plane: if it was moved on a plane slightly beside it, it is projected back.
 */
export function mprAnnotationBody(drawn: ToolTypes.Annotation, known: MprAnnotationBody | undefined): MprAnnotationBody | null {
  const kind = known?.kind ?? mprKindOf(drawn.metadata?.toolName);
  const { FrameOfReferenceUID: frameOfReference, viewPlaneNormal } = drawn.metadata ?? {};
  const handles = (drawn.data.handles?.points ?? []);
  const [first] = handles;
  if (!kind || !frameOfReference || !viewPlaneNormal || !first || handles.length !== POINT_COUNTS[kind]) return null;
  const normal = known?.normal ?? (viewPlaneNormal.map(roundDirection) as Types.Point3);
  const flat = handles.map((handle) => projectOntoPlane(handle, normal, known?.points[0] ?? first));
  if (flat.some((point, index) => Math.hypot(...point.map((value, axis) => value - (handles[index] as Types.Point3)[axis as 0])) > OFF_PLANE_MM)) {
    handles.splice(0, handles.length, ...flat);
    drawn.invalidated = true;
  }
  const points = flat.map((point) => point.map(round) as Types.Point3);
  if (points.flat().some((value) => !Number.isFinite(value))) return null;
  return { series: mprSeriesOf(drawn), frameOfReference, normal, kind, points, text: drawn.data.label ?? "", figures: measuredValues(drawn), unit: "mm" };
}

/** Draw an annotation: on the reformatted planes of its series, or on its image in a viewport. */
export function drawAnnotation(id: string, body: AnnotationBody, viewport: Viewport, imageId: string, isOwn: boolean): void {
  const added = isMprAnnotation(body) ? createMprAnnotation(id, body, isOwn) : createImageAnnotation(id, body, imageId, isOwn);
  annotation.state.addAnnotation(added, isMprAnnotation(body) ? body.frameOfReference : viewport.element);
  if (isOwn) return;
  annotation.locking.setAnnotationLocked(id, true);
  annotation.config.style.setAnnotationStyles(id, { color: OTHERS_COLOUR, textBoxColor: OTHERS_COLOUR });
}

function createImageAnnotation(id: string, body: ImageAnnotationBody, imageId: string, isOwn: boolean): ToolTypes.Annotation {
  const plane = imagePlaneOf(imageId);
  const normal = cross(plane.columnStep, plane.rowStep);
  const length = Math.hypot(...normal) || 1;
  const up = Math.hypot(...plane.rowStep) || 1;
  const [from, to] = body.points;
  const corners = body.kind === "box" && from && to ? [from, [to[0], from[1]] as const, [from[0], to[1]] as const, to] : body.points;
  const unit = (vector: Vector, by: number): Types.Point3 => vector.map((value) => value / by) as Types.Point3;
  const metadata = {
    toolName: TOOL_NAME_OF[body.kind],
    referencedImageId: imageId,
    FrameOfReferenceUID: (metaData.get("imagePlaneModule", imageId) as { frameOfReferenceUID?: string } | undefined)?.frameOfReferenceUID,
    viewPlaneNormal: unit(normal, -length),
    viewUp: unit(plane.rowStep, -up),
  };
  return createAnnotation(id, metadata, corners.map((point) => pixelToWorld(plane, point)), body.text, isOwn);
}

function createMprAnnotation(id: string, body: MprAnnotationBody, isOwn: boolean): ToolTypes.Annotation {
  const { frameOfReference, normal, kind } = body;
  const tool = MPR_TOOLS[kind as keyof typeof MPR_TOOLS];
  const metadata = mprMetadata(tool.toolName, { volumeId: volumeIdOf(body.series), frameOfReference, normal });
  return createAnnotation(id, metadata, body.points.map((point) => [...point] as Types.Point3), body.text, isOwn);
}

function createAnnotation(id: string, metadata: object, points: Types.Point3[], label: string, isOwn: boolean): ToolTypes.Annotation {
  const drawn = {
    annotationUID: id,
    highlighted: false,
    invalidated: true,
    isLocked: !isOwn,
    isVisible: true,
    metadata,
    data: {
      label,
      cachedStats: {},
      initialRotation: 0,
      handles: {
        points,
        activeHandleIndex: null,
        textBox: { hasMoved: false, worldPosition: [0, 0, 0], worldBoundingBox: { topLeft: [0, 0, 0], topRight: [0, 0, 0], bottomLeft: [0, 0, 0], bottomRight: [0, 0, 0] } },
      },
    },
  };
  return drawn as unknown as ToolTypes.Annotation;
}

/** Whether an annotation is unchanged: values that were merely computed again are no change. */
export function isUnchanged(one: AnnotationBody, other: AnnotationBody): boolean {
  const isNear = one.points.every((point, index) => Math.hypot(...point.map((value, axis) => value - (other.points[index]?.[axis] ?? 1e9))) < 0.005);
  const isMeasured = Object.keys(other.figures).length > 0 || Object.keys(one.figures).length === 0;
  return isNear && isMeasured && one.text === other.text && one.points.length === other.points.length;
}

const KIND_NAMES: Record<Kind, string> = { length: "Length", angle: "Angle", rectangle: "Rectangle", ellipse: "Ellipse", probe: "Value", box: "Box" };

/** Return an annotation as text: "Length 28.1 mm". */
export function describeAnnotation({ kind, figures, unit, text }: Pick<AnnotationBody, "kind" | "figures" | "unit" | "text">): string {
  const value = (name: (typeof MEASURED)[number], unitText: string): string => (figures[name] === undefined ? "" : `${figures[name].toFixed(1)}${unitText}`);
  const measured = value("length", ` ${unit}`) || value("angle", "°") || value("value", "") || [value("area", ` ${unit}²`), figures.mean === undefined ? "" : `mean ${value("mean", "")}`].filter(Boolean).join(", ");
  return [KIND_NAMES[kind], measured, text].filter(Boolean).join(" ");
}

/** Return where an annotation lies, as text: "slice 12", "coronal reformat". */
export function describeLocation(body: AnnotationBody, imageIndex: number, count: number): string {
  return isMprAnnotation(body) ? planeName(body.normal) : count > 1 ? `slice ${imageIndex + 1}` : "";
}

function mprKindOf(tool: string | undefined): Kind | undefined {
  return (Object.keys(MPR_TOOLS) as (keyof typeof MPR_TOOLS)[]).find((kind) => MPR_TOOLS[kind].toolName === tool);
}

function kindOf(tool: string | undefined): Kind | undefined {
  return (Object.keys(TOOL_NAME_OF) as Kind[]).find((kind) => TOOL_NAME_OF[kind] === tool);
}

/** Return the measured values; none while they are out of date because the annotation is being moved. */
function measuredValues({ data, invalidated }: ToolTypes.Annotation): Record<string, number> {
  if (invalidated) return {};
  const stats = Object.values((data as { cachedStats?: Record<string, Record<string, unknown>> }).cachedStats ?? {})[0] ?? {};
  return Object.fromEntries(MEASURED.flatMap((name) => (Number.isFinite(stats[name]) ? [[name, round(stats[name] as number)]] : [])));
}

/** Round to a thousandth of a degree, so that no point is off by more than a hundredth of a mm. */
function roundDirection(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
