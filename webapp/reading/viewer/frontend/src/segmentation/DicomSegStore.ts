// The DICOM segmentations of the study: loaded after the images that they belong to, and placed on these images.

import { fetchMetadata, seriesUrl } from "../api/dicomweb.ts";
import { request } from "../api/http.ts";
import type { DisplaySet, Series, StudyData } from "../api/study.ts";
import { Emitter } from "../common/Emitter.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import { headerOf, imagePlaneOf } from "../cornerstone/setup.ts";
import type { ImagePlane } from "../dicom/imagePlane.ts";
import { numberValues, stringValue, TAG } from "../dicom/tags.ts";
import type { Viewport } from "../viewport/Viewport.ts";
import { parseDicomSeg, unpackFrame, type DicomSeg, type Segment, type SegmentFrame } from "./dicomSeg.ts";
import { maskImageUrl } from "./maskCanvas.ts";
import { frameToImage, imageIndexOf, type Matrix } from "./segPlacement.ts";

const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

/** A segment on one image. */
interface PlacedSegment {
  segment: Segment;
  /** From pixels of the segmentation to pixels of the image. */
  matrix: Matrix;
  rows: number;
  columns: number;
  imageUrl: () => Promise<string>;
}

/** Segments on one series of images. */
interface SeriesSegments {
  segments: Segment[];
  byImage: Map<number, PlacedSegment[]>;
}

export class DicomSegStore extends Emitter<{ changed: void }> {
  /** Why a segmentation or mask is missing, as a sentence; "" where none is. */
  error = "";
  private readonly bySeries = new Map<string, SeriesSegments>();
  private readonly objects = new Map<string, Promise<DicomSeg[]>>();
  /** Ids of segments that are switched off. */
  private readonly hidden = new Set<string>();

  constructor(controller: ViewerController) {
    super();
    controller.on("viewportAdded", (viewport) => viewport.on("seriesShown", () => void this.load(viewport)));
    controller.on("studyUpdated", () => {
      this.bySeries.clear(); // segmentations may have been created together with the results
      for (const viewport of controller.viewports) void this.load(viewport);
    });
  }

  /** Return what is drawn over the image that a viewport displays. */
  visibleIn(viewport: Viewport): PlacedSegment[] {
    const all = this.bySeries.get(viewport.displaySet?.series.id ?? "")?.byImage.get(viewport.imageIndex) ?? [];
    return all.filter(({ segment }) => this.isVisible(segment));
  }

  /** Return the segments on a series, each with its first image. */
  segmentsOf(series: string): { segment: Segment; image: number }[] {
    const placed = this.bySeries.get(series);
    if (!placed) return [];
    const images = [...placed.byImage].sort(([one], [other]) => one - other);
    return placed.segments.flatMap((segment) => {
      const [image] = images.find(([, list]) => list.some((one) => one.segment === segment)) ?? [];
      return image === undefined ? [] : [{ segment, image }];
    });
  }

  isVisible({ id }: Segment): boolean {
    return !this.hidden.has(id);
  }

  setVisible({ id }: Segment, isVisible: boolean): void {
    if (isVisible) this.hidden.delete(id);
    else this.hidden.add(id);
    this.emit("changed");
  }

  reportError(error: unknown): void {
    const sentence = `A segmentation or mask cannot be drawn. ${error instanceof Error ? error.message : ""}`;
    if (sentence === this.error) return; // listeners draw again, and would report the same failure again
    this.error = sentence;
    this.emit("changed");
  }

  /** Load the study's segmentations, and place those that lie on a viewport's series. */
  private async load({ displaySet, imageIds }: Viewport): Promise<void> {
    if (!displaySet || this.bySeries.has(displaySet.series.id)) return;
    const placed: SeriesSegments = { segments: [], byImage: new Map() };
    for (const series of displaySet.data.series.filter(({ modality, images }) => modality === "SEG" && !images.length)) {
      try {
        for (const object of await this.fetchObjects(displaySet.data, series)) placeFrames(placed, object, { ...displaySet, series }, imageIds);
      } catch (error) {
        this.reportError(error);
      }
      // What Readroom created shows the same as the masks of its findings: offered, but not drawn twice.
      if (series.isOurs) for (const { id } of placed.segments) this.hidden.add(id);
    }
    this.bySeries.set(displaySet.series.id, placed);
    this.emit("changed");
  }

  private fetchObjects(data: StudyData, series: Series): Promise<DicomSeg[]> {
    const cached = this.objects.get(series.id);
    if (cached) return cached;
    const download = fetchMetadata({ data, series, isPrior: false }).then((headers) => headers.map(parseDicomSeg));
    download.catch(() => this.objects.delete(series.id));
    this.objects.set(series.id, download);
    return download;
  }
}

/** Place each frame of a segmentation on the image that it lies on. */
function placeFrames(placed: SeriesSegments, object: DicomSeg, displaySet: DisplaySet, imageIds: readonly string[]): void {
  const headers = imageIds.map(headerOf);
  const planes = imageIds.map(imagePlaneOf);
  const hasGeometry = object.frameOfReference !== "" && headers.some((header) => stringValue(header, TAG.frameOfReference) === object.frameOfReference && numberValues(header, TAG.position).length === 3);
  placed.segments.push(...object.segments);
  for (const frame of object.frames) {
    const match = hasGeometry && frame.plane ? matchByGeometry(frame.plane, frame, planes) : matchBySource(frame, imageIds);
    if (!match) continue;
    const segments = frame.segment === null ? object.segments : object.segments.filter(({ number }) => number === frame.segment);
    const list = placed.byImage.get(match.image) ?? [];
    list.push(...segments.map((segment) => ({
      segment, matrix: match.matrix, rows: object.rows, columns: object.columns, imageUrl: () => segmentImageUrl(object, frame, segment, displaySet),
    })));
    placed.byImage.set(match.image, list);
  }
}

function matchByGeometry(plane: ImagePlane, { thickness }: SegmentFrame, planes: readonly ImagePlane[]): { image: number; matrix: Matrix } | null {
  const image = imageIndexOf(planes, plane, thickness);
  return image < 0 ? null : { image, matrix: frameToImage(planes[image] as ImagePlane, plane) };
}

/** Images without a position in patient space (projections, captures) are matched by the frame's source images. */
function matchBySource({ sources }: SegmentFrame, imageIds: readonly string[]): { image: number; matrix: Matrix } | null {
  const image = imageIds.findIndex((id) => sources.some((source) => id.endsWith(`/instances/${source.replace("/", "/frames/")}`)));
  return image < 0 ? null : { image, matrix: IDENTITY };
}

function segmentImageUrl(object: DicomSeg, { frame }: SegmentFrame, segment: Segment, displaySet: DisplaySet): Promise<string> {
  const url = `${seriesUrl(displaySet)}/instances/${object.sop}/frames/${frame}`;
  return maskImageUrl(`${url} ${segment.number}`, segment.colour, segment.isAutomatic, async () => {
    // No transfer syntax is requested, so the server decompresses.
    const response = await request(url, { headers: { Accept: "application/octet-stream" } });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { inside: unpackFrame(bytes, object, segment.number), rows: object.rows, columns: object.columns };
  });
}
