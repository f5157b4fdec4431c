// The segmentations of a study, fetched after the image that they lie on, and what of them lies on an image.

import { headerOf, planeOf } from "../cornerstone/setup.ts";
import type { Plane } from "../dicom/imagePlane.ts";
import { numbers, TAG, word } from "../dicom/tags.ts";
import type { Cell } from "../viewport/Viewport.ts";
import { answered, type Hung, type Series, type StudyData } from "../api/study.ts";
import { headersFetched, seriesAddress } from "../api/dicomweb.ts";
import { painted } from "./maskCanvas.ts";
import { imageOf, matrixOf, type Matrix } from "./segPlacement.ts";
import { insideOf, segmentationRead, type Segment, type SegmentFrame, type Segmentation } from "./dicomSeg.ts";
import { shown } from "../controller/Visibility.ts";

const SAME: Matrix = [1, 0, 0, 1, 0, 0];

/** A segment on one image. */
export interface Placed {
  segment: Segment;
  matrix: Matrix;
  rows: number;
  columns: number;
  picture(): Promise<string>;
}

interface OfSeries {
  segments: Segment[];
  byImage: Map<number, Placed[]>;
}

class Segmentations {
  trouble = "";
  private readonly ofSeries = new Map<string, OfSeries>();
  private readonly read = new Map<string, Promise<Segmentation[]>>();
  private readonly off = new Set<string>();

  /** Fetch what may lie on a cell's series, and find out on which images. */
  async wanted({ hung, imageIds }: Cell): Promise<void> {
    if (!hung || this.ofSeries.has(hung.series.id)) return;
    const placed: OfSeries = { segments: [], byImage: new Map() };
    for (const series of hung.data.series.filter(({ modality, images }) => modality === "SEG" && !images.length)) {
      try {
        for (const one of await this.fetched(hung.data, series)) put(placed, one, { ...hung, series }, imageIds);
      } catch (trouble) {
        this.say(trouble);
      }
      // What Readroom filed says the same as the masks of its findings: offered, not drawn twice.
      if (series.isOurs) for (const { id } of placed.segments) this.off.add(id);
    }
    this.ofSeries.set(hung.series.id, placed);
    shown.changed();
  }

  /** Return what is drawn over the image that a cell shows. */
  on(cell: Cell): Placed[] {
    const all = this.ofSeries.get(cell.hung?.series.id ?? "")?.byImage.get(cell.at) ?? [];
    return all.filter(({ segment }) => this.isOn(segment));
  }

  /** Return the segments that lie somewhere on a series, and the first image of each. */
  of(series: string): { segment: Segment; image: number }[] {
    const placed = this.ofSeries.get(series);
    if (!placed) return [];
    const images = [...placed.byImage].sort(([one], [other]) => one - other);
    return placed.segments.flatMap((segment) => {
      const [image] = images.find(([, list]) => list.some((one) => one.segment === segment)) ?? [];
      return image === undefined ? [] : [{ segment, image }];
    });
  }

  isOn({ id }: Segment): boolean {
    return !this.off.has(id);
  }

  set({ id }: Segment, isOn: boolean): void {
    if (isOn) this.off.delete(id);
    else this.off.add(id);
    shown.changed();
  }

  /** Another answer came: what was filed with it is looked for again. */
  forget(): void {
    this.ofSeries.clear();
  }

  say(trouble: unknown): void {
    this.trouble = `A segmentation or mask cannot be drawn. ${trouble instanceof Error ? trouble.message : ""}`;
    shown.changed();
  }

  private fetched(data: StudyData, series: Series): Promise<Segmentation[]> {
    const held = this.read.get(series.id);
    if (held) return held;
    const coming = headersFetched({ data, series, isPrior: false }).then((headers) => headers.map(segmentationRead));
    coming.catch(() => this.read.delete(series.id));
    this.read.set(series.id, coming);
    return coming;
  }
}

/** Put each frame of a segmentation onto the image that it lies on. */
function put(placed: OfSeries, one: Segmentation, hung: Hung, imageIds: readonly string[]): void {
  const headers = imageIds.map(headerOf);
  const planes = imageIds.map(planeOf);
  const isInSpace = one.frameOfReference !== "" && headers.some((header) => word(header, TAG.frameOfReference) === one.frameOfReference && numbers(header, TAG.position).length === 3);
  placed.segments.push(...one.segments);
  for (const frame of one.frames) {
    const found = isInSpace && frame.plane ? inSpace(frame.plane, frame, planes) : bySource(frame, imageIds);
    if (!found) continue;
    const shows = frame.segment === null ? one.segments : one.segments.filter(({ number }) => number === frame.segment);
    const list = placed.byImage.get(found.image) ?? [];
    list.push(...shows.map((segment) => ({ segment, matrix: found.matrix, rows: one.rows, columns: one.columns, picture: () => pictureOf(one, frame, segment, hung) })));
    placed.byImage.set(found.image, list);
  }
}

function inSpace(plane: Plane, { thickness }: SegmentFrame, planes: readonly Plane[]): { image: number; matrix: Matrix } | null {
  const image = imageOf(planes, plane, thickness);
  return image < 0 ? null : { image, matrix: matrixOf(planes[image] as Plane, plane) };
}

/** Images without a place in the patient (projections, captures) are named by the frame that lies on them. */
function bySource({ sources }: SegmentFrame, imageIds: readonly string[]): { image: number; matrix: Matrix } | null {
  const image = imageIds.findIndex((id) => sources.some((source) => id.endsWith(`/instances/${source.replace("/", "/frames/")}`)));
  return image < 0 ? null : { image, matrix: SAME };
}

function pictureOf(one: Segmentation, { frame }: SegmentFrame, segment: Segment, hung: Hung): Promise<string> {
  const address = `${seriesAddress(hung)}/instances/${one.sop}/frames/${frame}`;
  return painted(`${address} ${segment.number}`, segment.colour, segment.isAutomatic, async () => {
    // No transfer syntax asked for: the server unpacks what a codec packed.
    const answer = await answered(address, { headers: { Accept: "application/octet-stream" } });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { inside: insideOf(bytes, one, segment.number), rows: one.rows, columns: one.columns };
  });
}

export const segmentations = new Segmentations();
