// A person's mark as the server keeps it, and as Cornerstone draws it.

import { metaData, type Types } from "@cornerstonejs/core";
import { annotation, type Types as ToolTypes } from "@cornerstonejs/tools";

import { headerOf, planeOf } from "../cornerstone/setup.ts";
import { pixelSize } from "../dicom/calibration.ts";
import { onPlane, planeWords } from "../dicom/reformat.ts";
import { cross, type Vector } from "../dicom/orientation.ts";
import { pixelOf, placeOf } from "../dicom/imagePlane.ts";
import { CUT_TOOLS, cutTold, seriesCut, volumeOf } from "../mpr/mprTools.ts";
import { TOOLS } from "../tools/StackTools.ts";
import type { Cell } from "../viewport/Viewport.ts";
import type { Mark, OnCut, OnImage } from "../api/study.ts";
import { type Body, isOnCut } from "./PendingChanges.ts";

type Kind = Mark["kind"];
/** A box is drawn as a rectangle and stays a box. */
const TOOL_OF: Record<Kind, string> = {
  length: TOOLS.length, angle: TOOLS.angle, rectangle: TOOLS.rectangle, ellipse: TOOLS.ellipse, probe: TOOLS.probe, box: TOOLS.rectangle,
};
const POINTS: Record<Kind, number> = { length: 2, angle: 3, rectangle: 4, ellipse: 4, probe: 1, box: 2 };
const FIGURES = ["length", "angle", "area", "mean", "stdDev", "min", "max", "value"] as const;
/** mm from its plane at which a place is brought back onto it. */
const LEAST = 0.001;
/** Another reader's marks: another colour, and they cannot be moved. */
const OF_OTHERS = "rgb(166, 226, 174)";

/** Where an annotation lies: its series as the web names it, object and frame. */
export interface Spot {
  study: string;
  series: string;
  sop: string;
  frame: number;
}

/** Return what the server is told of an annotation on an image; null while it is not finished. */
export function bodyOf(drawn: ToolTypes.Annotation, spot: Spot, known: Kind | undefined): OnImage | null {
  const kind = known ?? kindOf(drawn.metadata?.toolName);
  const imageId = drawn.metadata?.referencedImageId;
  if (!kind || !imageId) return null;
  const plane = planeOf(imageId);
  const places = (drawn.data.handles?.points ?? []) as Types.Point3[];
  const corners = places.map((place) => pixelOf(plane, place).map(rounded) as [number, number]);
  const points = kind === "box" ? ([corners[0], corners[3]].filter(Boolean) as [number, number][]) : corners;
  if (points.length !== POINTS[kind] || points.flat().some((value) => !Number.isFinite(value))) return null;
  return {
    series: spot.series,
    sop: spot.sop,
    frame: spot.frame,
    kind,
    points,
    text: drawn.data.label ?? "",
    figures: figuresOf(drawn),
    unit: pixelSize(headerOf(imageId)).isCalibrated ? "mm" : "px",
  };
}

/**
 * Return what the server is told of an annotation on a cut; null while it is not finished.
 *
 * A mark stays on its plane: moved on a cut a little beside it, it is brought back onto it.
 */
export function cutBodyOf(drawn: ToolTypes.Annotation, known: OnCut | undefined): OnCut | null {
  const kind = known?.kind ?? cutKindOf(drawn.metadata?.toolName);
  const { FrameOfReferenceUID: frameOfReference, viewPlaneNormal } = drawn.metadata ?? {};
  const places = (drawn.data.handles?.points ?? []) as Types.Point3[];
  const [first] = places;
  if (!kind || !frameOfReference || !viewPlaneNormal || !first || places.length !== POINTS[kind]) return null;
  const normal = known?.normal ?? (viewPlaneNormal.map(fine) as Types.Point3);
  const flat = places.map((place) => onPlane(place, normal, known?.points[0] ?? first));
  if (flat.some((place, index) => Math.hypot(...place.map((value, axis) => value - (places[index] as Types.Point3)[axis as 0])) > LEAST)) {
    places.splice(0, places.length, ...flat);
    drawn.invalidated = true;
  }
  const points = flat.map((place) => place.map(rounded) as Types.Point3);
  if (points.flat().some((value) => !Number.isFinite(value))) return null;
  return { series: seriesCut(drawn), frameOfReference, normal, kind, points, text: drawn.data.label ?? "", figures: figuresOf(drawn), unit: "mm" };
}

/** Draw a mark on the cuts through its series, or on the image of a cell's series that it belongs to. */
export function markDrawn(id: string, body: Body, cell: Cell, imageId: string, isOwn: boolean): void {
  const added = isOnCut(body) ? cutAnnotation(id, body, isOwn) : imageAnnotation(id, body, imageId, isOwn);
  annotation.state.addAnnotation(added, isOnCut(body) ? body.frameOfReference : cell.element);
  if (isOwn) return;
  annotation.locking.setAnnotationLocked(id, true);
  annotation.config.style.setAnnotationStyles(id, { color: OF_OTHERS, textBoxColor: OF_OTHERS });
}

function imageAnnotation(id: string, body: OnImage, imageId: string, isOwn: boolean): ToolTypes.Annotation {
  const plane = planeOf(imageId);
  const normal = cross(plane.along, plane.down);
  const length = Math.hypot(...normal) || 1;
  const up = Math.hypot(...plane.down) || 1;
  const [from, to] = body.points;
  const corners = body.kind === "box" && from && to ? [from, [to[0], from[1]] as const, [from[0], to[1]] as const, to] : body.points;
  const unit = (vector: Vector, by: number): Types.Point3 => vector.map((value) => value / by) as Types.Point3;
  const metadata = {
    toolName: TOOL_OF[body.kind],
    referencedImageId: imageId,
    FrameOfReferenceUID: (metaData.get("imagePlaneModule", imageId) as { frameOfReferenceUID?: string } | undefined)?.frameOfReferenceUID,
    viewPlaneNormal: unit(normal, -length),
    viewUp: unit(plane.down, -up),
  };
  return annotationOf(id, metadata, corners.map((point) => placeOf(plane, point)), body.text, isOwn);
}

function cutAnnotation(id: string, body: OnCut, isOwn: boolean): ToolTypes.Annotation {
  const { frameOfReference, normal, kind } = body;
  const tool = CUT_TOOLS[kind as keyof typeof CUT_TOOLS];
  const metadata = cutTold(tool.toolName, { cutOf: volumeOf(body.series), frameOfReference, normal });
  return annotationOf(id, metadata, body.points.map((place) => [...place] as Types.Point3), body.text, isOwn);
}

function annotationOf(id: string, metadata: object, points: Types.Point3[], label: string, isOwn: boolean): ToolTypes.Annotation {
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

/** Whether a mark says the same: figures that the screen worked out anew are no change. */
export function isSame(one: Body, other: Body): boolean {
  const isNear = one.points.every((point, index) => Math.hypot(...point.map((value, axis) => value - (other.points[index]?.[axis] ?? 1e9))) < 0.005);
  const isMeasured = Object.keys(other.figures).length > 0 || Object.keys(one.figures).length === 0;
  return isNear && isMeasured && one.text === other.text && one.points.length === other.points.length;
}

const WORDS: Record<Kind, string> = { length: "Length", angle: "Angle", rectangle: "Rectangle", ellipse: "Ellipse", probe: "Value", box: "Box" };

/** Return a mark in words: "Length 28.1 mm". */
export function markShown({ kind, figures, unit, text }: Pick<Body, "kind" | "figures" | "unit" | "text">): string {
  const shown = (name: (typeof FIGURES)[number], after: string): string => (figures[name] === undefined ? "" : `${figures[name].toFixed(1)}${after}`);
  const figure = shown("length", ` ${unit}`) || shown("angle", "°") || shown("value", "") || [shown("area", ` ${unit}²`), figures.mean === undefined ? "" : `mean ${shown("mean", "")}`].filter(Boolean).join(", ");
  return [WORDS[kind], figure, text].filter(Boolean).join(" ");
}

/** Return where a mark lies, in words: "slice 12", "coronal reformat". */
export function whereShown(body: Body, image: number, count: number): string {
  return isOnCut(body) ? planeWords(body.normal) : count > 1 ? `slice ${image + 1}` : "";
}

function cutKindOf(tool: string | undefined): Kind | undefined {
  return (Object.keys(CUT_TOOLS) as (keyof typeof CUT_TOOLS)[]).find((kind) => CUT_TOOLS[kind].toolName === tool);
}

function kindOf(tool: string | undefined): Kind | undefined {
  return (Object.keys(TOOL_OF) as Kind[]).find((kind) => TOOL_OF[kind] === tool);
}

/** Return what was measured; nothing while it still belongs to where the hand was before. */
function figuresOf({ data, invalidated }: ToolTypes.Annotation): Record<string, number> {
  if (invalidated) return {};
  const stats = Object.values((data as { cachedStats?: Record<string, Record<string, unknown>> }).cachedStats ?? {})[0] ?? {};
  return Object.fromEntries(FIGURES.flatMap((name) => (Number.isFinite(stats[name]) ? [[name, rounded(stats[name] as number)]] : [])));
}

/** A direction: a thousandth of a degree, so that nothing is off by more than a hundredth of a mm. */
function fine(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
