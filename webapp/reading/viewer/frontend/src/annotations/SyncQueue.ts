// Sends the pending changes to the server, one after the other, until all of them are saved.

import { csrfToken } from "../api/http.ts";
import type { AnnotationRecord, Review, SegmentationRecord } from "../api/study.ts";
import { Emitter } from "../common/Emitter.ts";
import type { NewChange, PendingChange, PendingChanges } from "./PendingChanges.ts";

const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/** How much a page that is being closed may still send (the Fetch Standard allows 64 KiB in flight altogether). */
const KEEPALIVE_CHARACTERS = 50_000;

/** The server's answer to a saved segmentation; `instead`: it replaces what another window drew. */
type SavedSegmentation = SegmentationRecord & { review?: Review; instead?: boolean };
/** What the server answers when it has saved a change. */
export type SavedRecord = AnnotationRecord | SavedSegmentation;
type SyncError = "" | "unreachable" | "signed out" | "somebody else";

interface SyncEvents {
  /** The server has saved a change; `record` is null for a deletion. */
  saved: { change: PendingChange; record: SavedRecord | null };
  /** Somebody else changed it meanwhile; `theirs` is the server's version. */
  conflict: { change: PendingChange; theirs: AnnotationRecord & { hidden: boolean } };
  /** The reader discarded a change that the server had rejected. */
  discarded: PendingChange;
  /** Something else is pending, or the connection is in another state. */
  changed: void;
}

interface ErrorBody {
  detail?: string;
  code?: string;
  mark?: AnnotationRecord & { hidden: boolean };
}

export class SyncQueue extends Emitter<SyncEvents> {
  error: SyncError = "";
  isBusy = false;
  /** What became of the last change that somebody else had changed too, as a sentence. */
  conflictNotice = "";
  readonly changes: PendingChanges;
  private readonly user: string;
  private retryMs = MIN_RETRY_MS;
  private timer = 0;

  constructor(changes: PendingChanges, user: string) {
    super();
    this.changes = changes;
    this.user = user;
    addEventListener("online", () => this.schedule(0));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.schedule(0); });
    this.schedule(0);
  }

  /** Store a change, and send it after a delay. */
  submit(change: NewChange, delayMs: number): void {
    this.changes.put(change);
    this.schedule(delayMs);
    this.emit("changed");
  }

  /** Changes that are still to be sent, without those that the server rejected. */
  pending(): PendingChange[] {
    return this.changes.all().filter(({ rejection }) => !rejection);
  }

  /** Changes that the server rejected. */
  rejected(): PendingChange[] {
    return this.changes.all().filter(({ rejection }) => rejection);
  }

  retryRejected(): void {
    for (const change of this.rejected()) this.changes.put(change);
    this.schedule(0);
  }

  discardRejected(): void {
    for (const change of this.rejected()) {
      this.changes.drop(change.id);
      this.emit("discarded", change);
    }
    this.emit("changed");
  }

  /** Send what is pending after a delay; a later call replaces an earlier one. */
  private schedule(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => { void this.flush(); }, delayMs);
  }

  private async flush(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.emit("changed");
    for (let [change] = this.pending(); change; [change] = this.pending()) {
      this.error = await this.send(change);
      if (this.error) break;
      this.retryMs = MIN_RETRY_MS;
    }
    this.isBusy = false;
    this.emit("changed");
    if (!this.error) return;
    this.schedule(this.retryMs * (0.75 + Math.random() / 2));
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
  }

  private async send(change: PendingChange): Promise<SyncError> {
    let response: Response;
    try {
      response = await this.request(change);
    } catch {
      return "unreachable";
    }
    if (response.ok || (response.status === 404 && !change.body)) {
      const record = change.body ? ((await response.json().catch(() => null)) as SavedRecord | null) : null;
      if (change.body && !record) return "unreachable"; // the answer was cut off
      this.changes.acknowledge(change, record?.version ?? 0);
      this.emit("saved", { change, record });
      this.emit("changed");
      return "";
    }
    const body = (await response.json().catch(() => ({}))) as ErrorBody;
    if (response.status === 409 && body.mark) {
      this.emit("conflict", { change, theirs: body.mark });
      this.emit("changed");
      return "";
    }
    if (response.status >= 500 || response.status === 429) return "unreachable";
    if (body.code === "somebody_else") return "somebody else";
    if (response.status === 401 || (response.status === 403 && body.code !== "not-the-author")) return "signed out";
    this.changes.reject(change, body.detail ?? `The server answered with error ${response.status}.`);
    return "";
  }

  private request({ resource, id, body, baseVersion }: PendingChange): Promise<Response> {
    const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
    const options = { credentials: "same-origin", headers } as const;
    const url = `/api/${resource}/${id}/`;
    if (!body) return fetch(`${url}?version=${baseVersion}`, { ...options, keepalive: true, method: "DELETE" });
    const json = JSON.stringify({ ...body, version: baseVersion, authorId: this.user });
    return fetch(url, { ...options, keepalive: json.length < KEEPALIVE_CHARACTERS, method: "PUT", body: json });
  }
}
