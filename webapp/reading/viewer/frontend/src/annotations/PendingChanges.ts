// Changes that the server has not confirmed yet, kept in this browser's storage until it has. One key for each annotation,
// so that two windows do not overwrite each other. No patient's name is stored.

import type { AnnotationRecord, ImageAnnotationBody, MprAnnotationBody, SegmentationRecord } from "../api/study.ts";

/** What is sent of an annotation. */
export type AnnotationBody = ImageAnnotationBody | MprAnnotationBody;

/** Whether an annotation lies on a reformatted plane rather than on an image. */
export function isMprAnnotation(body: AnnotationBody): body is MprAnnotationBody {
  return "normal" in body;
}

/** What is sent of a segmentation: its mask as runs (see segmentation/runLength.ts), its area, and the label. */
export interface SegmentationBody extends Pick<SegmentationRecord, "series" | "sop" | "frame" | "finding" | "missed"> {
  label_title: string;
  runs: number[];
  /** The reader states that there is nothing to outline on this image. */
  is_empty: boolean;
  figures: { area: number };
  unit: AnnotationRecord["unit"];
}

interface ChangeBase {
  id: string;
  study: string;
  /** The version that the reader saw and changed; 0 for a new annotation. */
  baseVersion: number;
  /** Counts the changes to one annotation, so that the answer to an earlier one does not confirm a later one. */
  sequence: number;
  /** Why the server rejected it for good, as a sentence; "" where it did not. */
  rejection: string;
}

/** A change of an annotation; its body is null where it was deleted. `resource` is the name in the API's URL. */
export interface AnnotationChange extends ChangeBase {
  resource: "annotations";
  body: AnnotationBody | null;
}
export interface SegmentationChange extends ChangeBase {
  resource: "outlines";
  body: SegmentationBody | null;
}
export type PendingChange = AnnotationChange | SegmentationChange;
/** A change before it is stored. */
export type NewChange = Omit<AnnotationChange, "sequence" | "rejection"> | Omit<SegmentationChange, "sequence" | "rejection">;

export class PendingChanges {
  /** Set where this browser stores nothing; the changes then live as long as the page. */
  error = "";
  private readonly prefix: string;
  private readonly changes = new Map<string, PendingChange>();

  constructor(user: string) {
    this.prefix = `readroom-mark ${user} `;
    for (const change of this.stored()) this.changes.set(change.id, change);
  }

  all(): PendingChange[] {
    return [...this.changes.values()];
  }

  get(id: string): PendingChange | undefined {
    return this.changes.get(id);
  }

  put(change: NewChange): void {
    const next: PendingChange = { ...change, sequence: (this.changes.get(change.id)?.sequence ?? 0) + 1, rejection: "" };
    this.changes.set(change.id, next);
    this.persist(next);
  }

  /** The server rejected a change: keep it, but send it again only when the reader asks for that. */
  reject(change: PendingChange, reason: string): void {
    const rejected = { ...change, rejection: reason };
    this.changes.set(change.id, rejected);
    this.persist(rejected);
  }

  /** The server saved a change. If there was another one meanwhile, it now builds on that version. */
  acknowledge(change: PendingChange, version: number): void {
    const current = this.changes.get(change.id);
    if (current && current.sequence !== change.sequence) this.put({ ...current, baseVersion: version });
    else this.drop(change.id);
  }

  drop(id: string): void {
    const sequence = this.changes.get(id)?.sequence ?? 0;
    this.changes.delete(id);
    try {
      const stored = JSON.parse(localStorage.getItem(this.prefix + id) ?? "null") as PendingChange | null;
      if (stored && stored.sequence > sequence) return; // another window has changed it since
      localStorage.removeItem(this.prefix + id);
    } catch {
      // Nothing was stored, so there is nothing to remove.
    }
  }

  private persist(change: PendingChange): void {
    try {
      localStorage.setItem(this.prefix + change.id, JSON.stringify(change));
      this.error = "";
    } catch {
      this.error = "This browser cannot store annotations: unsaved ones are lost when this page is closed.";
    }
  }

  private stored(): PendingChange[] {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
      return keys.map((key) => JSON.parse(localStorage.getItem(key) as string) as PendingChange);
    } catch {
      return [];
    }
  }
}
