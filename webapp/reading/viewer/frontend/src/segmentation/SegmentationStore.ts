// The readers' segmentations: as the server sent them, and the reader's own as they were drawn since. Each stroke is stored
// in this browser at once and sent to the server soon, through the same queue as the annotations.

import type { DisplaySet, ImageRef, Review, SegmentationRecord } from "../api/study.ts";
import type { SegmentationBody, SegmentationChange } from "../annotations/PendingChanges.ts";
import type { SavedRecord, SyncQueue } from "../annotations/SyncQueue.ts";
import { Emitter } from "../common/Emitter.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import { boundingBox } from "./brush.ts";
import { fetchMask, type Mask } from "./maskCanvas.ts";
import { decodeRuns, encodeRuns } from "./runLength.ts";

const SEND_DELAY_MS = 500;

/** A reader's segmentation on one image. */
export interface ReaderSegmentation {
  id: string;
  study: string;
  series: string;
  sop: string;
  frame: number;
  finding: number | null;
  /** For something the AI missed: its segmentation that was drawn first, on whichever image. */
  missed: string | null;
  label: string;
  author: string;
  isOwn: boolean;
  /** 0 while the server has none. */
  version: number;
  /** Null: its author states that there is nothing to outline on this image, which differs from drawing nothing. */
  box: readonly [number, number, number, number] | null;
  /** Differs for each form that it had, so that no cached image of an earlier form is shown. */
  revision: string;
  mask(): Promise<Mask>;
}

/** What is segmented: an AI finding, or something the AI missed, with the reader's label (`missed` is null before the first stroke). */
export type SegmentationTarget = Pick<ReaderSegmentation, "finding" | "missed" | "label">;
/** Which segmentation, on which image. */
type SegmentationLocation = Pick<ReaderSegmentation, "id" | "study" | "series" | "sop" | "frame">;

export class SegmentationStore extends Emitter<{ changed: void }> {
  private readonly user: string;
  private readonly queue: SyncQueue;
  private readonly segmentations = new Map<string, ReaderSegmentation>();
  /** Versions of segmentations that were removed, in case that is undone. */
  private readonly removedVersions = new Map<string, number>();
  /** The study's reviews, to which those made by segmentations are added. */
  private reviews: Review[] = [];
  private revisions = 0;

  constructor(user: string, controller: ViewerController, queue: SyncQueue) {
    super();
    this.user = user;
    this.queue = queue;
    controller.on("viewportAdded", (viewport) => viewport.on("seriesShown", () => { if (viewport.displaySet) this.load(viewport.displaySet); }));
    queue.on("saved", ({ change, record }) => { if (change.resource === "outlines") this.onSaved(change, record); });
    queue.on("conflict", ({ change, theirs }) => { if (change.resource === "outlines") this.onConflict(change, theirs.version); });
    queue.on("discarded", ({ resource, id }) => {
      if (resource !== "outlines") return;
      this.segmentations.delete(id);
      this.emit("changed");
    });
  }

  /** Return the segmentations on an image, the reader's own last. */
  onImage(series: string, { sop, frame }: ImageRef): ReaderSegmentation[] {
    const here = [...this.segmentations.values()].filter((one) => one.series === series && one.sop === sop && one.frame === frame);
    return here.sort((one, other) => Number(one.isOwn) - Number(other.isOwn));
  }

  /** Return the reader's own segmentations of a finding. */
  ofFinding(finding: number): ReaderSegmentation[] {
    return [...this.segmentations.values()].filter((one) => one.isOwn && one.finding === finding);
  }

  /** Return the reader's own segmentations of one thing that the AI missed. */
  ofMissed(first: string): ReaderSegmentation[] {
    return [...this.segmentations.values()].filter((one) => one.isOwn && one.finding === null && one.missed === first);
  }

  /** Return what the reader outlined on a series that the AI missed, each thing with all its segmentations. */
  missedOn(series: string): ReaderSegmentation[][] {
    const own = [...this.segmentations.values()].filter((one) => one.isOwn && one.finding === null && one.series === series);
    return [...new Set(own.map(({ missed }) => missed))].map((first) => own.filter(({ missed }) => missed === first));
  }

  get(id: string): ReaderSegmentation | undefined {
    return this.segmentations.get(id);
  }

  /** Save what was drawn, or that there is nothing to outline. */
  save(one: SegmentationLocation & SegmentationTarget, mask: Mask, figures: { area: number }, unit: "mm" | "px"): void {
    const { id, study, series, sop, frame, finding, missed, label } = one;
    const version = this.segmentations.get(id)?.version ?? this.removedVersions.get(id) ?? 0;
    const { box } = this.setOwn(one, { ...mask, inside: mask.inside.slice() }, version);
    const body = { series, sop, frame, finding, missed, label_title: label, figures, unit, runs: encodeRuns(mask.inside), is_empty: !box };
    this.queue.submit({ resource: "outlines", id, study, body, baseVersion: version }, SEND_DELAY_MS);
    this.emit("changed");
  }

  /** Remove a segmentation: its first stroke was undone. */
  remove(id: string): void {
    const one = this.segmentations.get(id);
    if (!one) return;
    this.segmentations.delete(id);
    this.removedVersions.set(id, one.version);
    this.queue.submit({ resource: "outlines", id, study: one.study, body: null, baseVersion: one.version }, SEND_DELAY_MS);
    this.emit("changed");
  }

  /** Load what is known of a series: the server's records, and what was drawn here and is not saved yet. */
  private load({ data, series, isPrior }: DisplaySet): void {
    if (!isPrior) this.reviews = data.verdicts;
    for (const record of data.outlines.filter((one) => one.series === series.id)) this.mergeRecord(record, data.study.id);
    for (const change of this.queue.changes.all()) {
      if (change.resource !== "outlines" || change.study !== data.study.id) continue;
      if (!change.body) this.segmentations.delete(change.id);
      else if (change.body.series === series.id) this.mergePending(change.id, change.study, change.body, change.baseVersion, series.images);
    }
    this.emit("changed");
  }

  private mergeRecord(record: SegmentationRecord, study: string): void {
    if ((this.segmentations.get(record.id)?.version ?? -1) >= record.version) return;
    const { id, series, sop, frame, finding, missed, label, version, box, mask } = record;
    const isOwn = record.authorId === this.user;
    this.segmentations.set(id, {
      id, study, series, sop, frame, finding, missed, label, version, box, isOwn, author: isOwn ? "you" : record.author, revision: mask, mask: () => fetchMask(mask),
    });
  }

  private mergePending(id: string, study: string, body: SegmentationBody, version: number, images: readonly ImageRef[]): void {
    const image = images.find(({ sop, frame }) => sop === body.sop && frame === body.frame);
    if (!image) return;
    const { rows, columns } = image;
    const { series, sop, frame, finding, missed, label_title: label } = body;
    this.setOwn({ id, study, series, sop, frame, finding, missed, label }, { inside: decodeRuns(body.runs, rows * columns), rows, columns }, version);
  }

  /** Hold a segmentation of the reader as it is now in this browser. */
  private setOwn({ id, study, series, sop, frame, finding, missed, label }: SegmentationLocation & SegmentationTarget, mask: Mask, version: number): ReaderSegmentation {
    this.revisions += 1;
    const own = {
      id, study, series, sop, frame, finding, missed, label, version, box: boundingBox(mask), author: "you", isOwn: true,
      revision: `stroke ${this.revisions}`, mask: () => Promise.resolve(mask),
    };
    this.segmentations.set(id, own);
    return own;
  }

  private onSaved(change: SegmentationChange, record: SavedRecord | null): void {
    const one = this.segmentations.get(change.id);
    const version = record?.version ?? change.baseVersion + 1;
    if (one) one.version = version;
    else this.removedVersions.set(change.id, version);
    if (record && "instead" in record && record.instead) this.queue.conflictNotice = "Another window drew a different outline here meanwhile. Yours counts now; the other is kept unchanged.";
    if (record && "verdict" in record && record.verdict) this.addReview(record.verdict);
    else if (!change.body) this.dropReview(change.id);
    this.emit("changed");
  }

  private addReview(review: Review): void {
    const subject = subjectOf(review);
    const others = this.reviews.filter((one) => subjectOf(one) !== subject);
    this.reviews.splice(0, this.reviews.length, ...others, review);
  }

  /** A review that was made by a segmentation alone ends with it. */
  private dropReview(id: string): void {
    const remains = (one: Review): boolean => (one.finding === null ? this.ofMissed(String(subjectOf(one))).length > 0 : one.label !== "" || this.ofFinding(one.finding).length > 0);
    this.reviews.splice(0, this.reviews.length, ...this.reviews.filter((one) => one.mark !== id || remains(one)));
  }

  /** The same reader changed it in another window meanwhile: that form is kept as a version, ours becomes the current one. */
  private onConflict(change: SegmentationChange, version: number): void {
    const one = this.segmentations.get(change.id);
    if (one) one.version = version;
    this.queue.submit({ ...change, baseVersion: version }, SEND_DELAY_MS);
    if (change.baseVersion > 0) this.queue.conflictNotice = "An outline that you changed was changed in another window meanwhile. Yours counts now; the other is kept as an earlier version.";
    this.emit("changed");
  }
}

/** Return what a review is about: a finding, or the annotation that first showed what the AI missed. */
function subjectOf({ finding, missed, mark }: Review): number | string | null {
  return finding ?? missed ?? mark;
}

/** Return what the reader outlined of one thing, as text; "" where there is nothing. */
export function describeSegmentations(own: readonly ReaderSegmentation[]): string {
  const empty = own.filter(({ box }) => !box).length;
  const counted = (text: string, count: number): string => (count ? text + (count > 1 ? ` on ${count} images` : "") : "");
  return [counted("outline", own.length - empty), counted("nothing to outline", empty)].filter(Boolean).join(", ");
}
