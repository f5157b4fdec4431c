// The annotations of the study, by this reader and by others. What a person draws is stored in this browser at once and
// sent to the server soon; what the server has is drawn when its series is hung.

import { eventTarget, utilities as coreUtilities } from "@cornerstonejs/core";
import { annotation, Enums, utilities, type Types as ToolTypes } from "@cornerstonejs/tools";

import type { AnnotationRecord, ImageAnnotationBody } from "../api/study.ts";
import { Emitter } from "../common/Emitter.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import type { Visibility } from "../controller/Visibility.ts";
import { mprSeriesOf } from "../mpr/mprTools.ts";
import type { Viewport } from "../viewport/Viewport.ts";
import { drawAnnotation, imageAnnotationBody, isUnchanged, mprAnnotationBody, type ImageLocation } from "./annotationMapping.ts";
import { isMprAnnotation, type AnnotationBody, type AnnotationChange } from "./PendingChanges.ts";
import type { SyncQueue } from "./SyncQueue.ts";

/** How long an annotation must be left alone before it is sent: measurements are computed, and the hand moves on. */
const SEND_DELAY_MS = 500;

interface KnownAnnotation {
  study: string;
  body: AnnotationBody;
  /** 0 while the server has none. */
  version: number;
  author: string;
  isOwn: boolean;
  isRemoved?: boolean;
}

export class AnnotationStore extends Emitter<{ changed: void }> {
  private readonly user: string;
  private readonly controller: ViewerController;
  private readonly visibility: Visibility;
  private readonly queue: SyncQueue;
  private readonly known = new Map<string, KnownAnnotation>();
  /** Location of each image that was hung, by Cornerstone's image id. */
  private readonly locations = new Map<string, ImageLocation>();
  /** Study of each series that was hung: what is drawn on its reformatted planes belongs to it. */
  private readonly studyOfSeries = new Map<string, string>();
  /** Cornerstone may still report what was drawn before a conflict; that id now belongs to another annotation. */
  private readonly replaced = new WeakSet<ToolTypes.Annotation>();
  /** While this class draws or removes annotations itself: that is no change by the reader. */
  private isSilent = false;

  constructor(user: string, controller: ViewerController, visibility: Visibility, queue: SyncQueue) {
    super();
    this.user = user;
    this.controller = controller;
    this.visibility = visibility;
    this.queue = queue;
    queue.on("saved", ({ change, record }) => { if (change.resource === "annotations") this.onSaved(change, record); });
    queue.on("conflict", ({ change, theirs }) => { if (change.resource === "annotations") this.keepBoth(change, theirs); });
    controller.on("viewportAdded", (viewport) => viewport.on("seriesShown", () => this.onSeriesShown(viewport)));
    controller.history.onRestored((id) => this.reportRestored(id));
    visibility.on("changed", () => this.applyVisibility());
    this.listenToCornerstone();
  }

  /** Return the annotations that are drawn on a series now. */
  onSeries(series: string): { id: string; known: KnownAnnotation }[] {
    const drawn = [...this.known].filter(([id, { body }]) => body.series === series && annotation.state.getAnnotation(id));
    return drawn.map(([id, known]) => ({ id, known }));
  }

  private listenToCornerstone(): void {
    const listen = (kind: string, handle: (drawn: ToolTypes.Annotation) => void): void => {
      eventTarget.addEventListener(kind, ((event: CustomEvent<{ annotation: ToolTypes.Annotation }>) => {
        if (!this.isSilent) handle(event.detail.annotation);
      }));
    };
    const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_ADDED, ANNOTATION_REMOVED } = Enums.Events;
    listen(ANNOTATION_COMPLETED, (drawn) => this.onChanged(drawn));
    listen(ANNOTATION_MODIFIED, (drawn) => { if (this.known.has(idOf(drawn))) this.onChanged(drawn); });
    listen(ANNOTATION_ADDED, (drawn) => { if (this.known.has(idOf(drawn))) this.onChanged(drawn); }); // brought back by undo
    listen(ANNOTATION_REMOVED, (drawn) => this.onRemoved(idOf(drawn)));
  }

  private onSeriesShown({ displaySet, imageIds }: Viewport): void {
    if (!displaySet) return;
    const { data, series } = displaySet;
    this.studyOfSeries.set(series.id, data.study.id);
    series.images.forEach(({ sop, frame }, index) => {
      this.locations.set(imageIds[index] as string, { study: data.study.id, series: series.id, sop, frame });
    });
    for (const record of data.marks) if (record.series === series.id) this.mergeRecord(record);
    for (const change of this.queue.changes.all()) if (change.resource === "annotations") this.mergePending(change, data.study.id, series.id);
    for (const [id, known] of this.known) if (known.body.series === series.id) this.draw(id, known);
    this.applyVisibility();
    this.emit("changed");
  }

  /** Take over the server's version of an annotation, unless a newer one is known. */
  private mergeRecord(record: AnnotationRecord): void {
    if ((this.known.get(record.id)?.version ?? -1) >= record.version) return;
    const body = bodyOf(record);
    const study = this.studyOfSeries.get(body.series);
    if (!study || !(isMprAnnotation(body) || this.imageIdOf(body))) return;
    const isOwn = record.authorId === this.user;
    this.known.set(record.id, { study, body, version: record.version, author: isOwn ? "you" : record.author, isOwn });
  }

  /** Take over a change that was made earlier and is not saved yet. */
  private mergePending({ id, study, body, baseVersion }: AnnotationChange, shownStudy: string, series: string): void {
    if (study !== shownStudy) return;
    if (!body) this.known.delete(id);
    else if (body.series === series) this.known.set(id, { study, body, version: baseVersion, author: "you", isOwn: true });
  }

  private imageIdOf({ series, sop, frame }: ImageAnnotationBody): string | undefined {
    return [...this.locations].find(([, one]) => one.series === series && one.sop === sop && one.frame === frame)?.[0];
  }

  private draw(id: string, { body, isOwn, isRemoved }: KnownAnnotation): void {
    if (isRemoved) return;
    const viewport = this.controller.viewports.find((one) => one.displaySet?.series.id === body.series);
    const imageId = isMprAnnotation(body) ? viewport?.imageIds[0] : this.imageIdOf(body);
    if (imageId === undefined || !viewport?.imageIds.includes(imageId) || annotation.state.getAnnotation(id)) return;
    this.silently(() => drawAnnotation(id, body, viewport, imageId, isOwn));
  }

  private onChanged(drawn: ToolTypes.Annotation): void {
    const id = idOf(drawn);
    const known = this.known.get(id);
    if ((known && !known.isOwn) || !annotation.state.getAnnotation(id) || this.replaced.has(drawn)) return;
    const body = this.currentBody(drawn, known?.body);
    const study = this.studyOfSeries.get(body?.series ?? "");
    const pending = this.queue.changes.get(id);
    if (!body || !study || (known && !known.isRemoved && isUnchanged(body, known.body) && (pending !== undefined || known.version > 0))) return;
    this.known.set(id, { study, body, version: known?.version ?? 0, author: "you", isOwn: true });
    this.queueChange(id, study, body);
  }

  private currentBody(drawn: ToolTypes.Annotation, known: AnnotationBody | undefined): AnnotationBody | null {
    if (!mprSeriesOf(drawn)) {
      const location = this.locations.get(drawn.metadata?.referencedImageId ?? "");
      return location ? imageAnnotationBody(drawn, location, known?.kind) : null;
    }
    const wasMeasured = !drawn.invalidated;
    const body = mprAnnotationBody(drawn, known && isMprAnnotation(known) ? known : undefined);
    if (wasMeasured && drawn.invalidated) utilities.triggerAnnotationRenderForViewportIds([...this.mprViewportIds]); // it was projected back onto its plane
    return body;
  }

  private onRemoved(id: string): void {
    const known = this.known.get(id);
    if (!known?.isOwn) return;
    known.isRemoved = true;
    this.queueChange(id, known.study, null);
  }

  private queueChange(id: string, study: string, body: AnnotationBody | null): void {
    this.queue.submit({ resource: "annotations", id, study, body, baseVersion: this.known.get(id)?.version ?? 0 }, SEND_DELAY_MS);
  }

  private onSaved(change: AnnotationChange, record: { version: number } | null): void {
    const known = this.known.get(change.id);
    // Deleting an annotation makes one version more than the one that was deleted.
    if (known) known.version = record?.version ?? change.baseVersion + 1;
  }

  /** Somebody (the same reader, in another window) changed the annotation meanwhile: theirs stays, ours becomes a new one. */
  private keepBoth(change: AnnotationChange, theirs: AnnotationRecord & { hidden: boolean }): void {
    const { changes } = this.queue;
    changes.drop(change.id);
    if (!change.body && change.baseVersion === 0) { // the answer to the first save was lost, so its version was not known
      changes.put({ ...change, baseVersion: theirs.version });
      return;
    }
    const ours = annotation.state.getAnnotation(change.id);
    if (ours) this.replaced.add(ours);
    this.silently(() => annotation.state.removeAnnotation(change.id));
    this.known.delete(change.id);
    if (!theirs.hidden) {
      this.mergeRecord(theirs);
      const known = this.known.get(change.id);
      if (known) this.draw(change.id, known);
    }
    if (change.body) {
      const id = coreUtilities.uuidv4();
      const own: KnownAnnotation = { study: change.study, body: change.body, version: 0, author: "you", isOwn: true };
      this.known.set(id, own);
      this.draw(id, own);
      changes.put({ resource: "annotations", id, study: change.study, body: change.body, baseVersion: 0 });
    }
    const what = theirs.hidden ? "deleted" : "changed";
    this.queue.conflictNotice = change.body
      ? `An annotation that you changed was ${what} in another window meanwhile. Both are kept: yours is saved as a separate annotation.`
      : "An annotation that you deleted was changed in another window meanwhile. The changed one is kept; delete it again if you want to.";
    this.applyVisibility();
    this.emit("changed");
  }

  /** Show or hide annotations, as the reader has set it. */
  private applyVisibility(): void {
    const isVisible = this.visibility.isVisible("human");
    for (const id of this.known.keys()) {
      if (annotation.state.getAnnotation(id) && annotation.visibility.isAnnotationVisible(id) !== isVisible) annotation.visibility.setAnnotationVisibility(id, isVisible);
    }
    const stackIds = this.controller.viewports.filter(({ imageIndex }) => imageIndex >= 0).map(({ id }) => id);
    utilities.triggerAnnotationRenderForViewportIds([...stackIds, ...this.mprViewportIds]);
  }

  /** Undo and redo cover stacks and planes in one sequence: say so where what changed is not in view. */
  private reportRestored(id: string): void {
    const known = this.known.get(id);
    const isOnPlane = known !== undefined && isMprAnnotation(known.body);
    const { mpr } = this.controller;
    if (isOnPlane && !mpr) this.controller.say("That changed a measurement on a reformatted plane: press f to see it.");
    else if (!isOnPlane && mpr) this.controller.say("That changed the stack: press f to see it.");
  }

  private get mprViewportIds(): readonly string[] {
    return this.controller.mpr?.viewportIds ?? [];
  }

  private silently(draw: () => void): void {
    this.isSilent = true;
    try {
      draw();
    } finally {
      this.isSilent = false;
    }
  }
}

/** Return the part of a record that a browser may change. */
function bodyOf(record: AnnotationRecord): AnnotationBody {
  const { series, kind, text, figures, unit } = record;
  const shape = { series, kind, text, figures, unit };
  if (isMprAnnotation(record)) return { ...shape, frameOfReference: record.frameOfReference, normal: record.normal, points: record.points };
  return { ...shape, sop: record.sop, frame: record.frame, points: record.points };
}

function idOf(drawn: ToolTypes.Annotation): string {
  return drawn.annotationUID ?? "";
}
