// While an analysis is running, asks the server for its results and adds them to the study; what is displayed stays.

import type { StudyData } from "../api/study.ts";
import type { ViewerController } from "./ViewerController.ts";

const MIN_INTERVAL_MS = 2000;
const MAX_INTERVAL_MS = 30_000;

export class AnalysisPolling {
  /** Why no results can be fetched, as a sentence; "" where they can. */
  error = "";
  private readonly controller: ViewerController;
  private intervalMs = MIN_INTERVAL_MS;
  private etag = "";

  constructor(controller: ViewerController) {
    this.controller = controller;
    this.scheduleNext();
  }

  private scheduleNext(): void {
    if (isRunning(this.controller.data)) setTimeout(() => { void this.poll(); }, this.intervalMs);
  }

  private async poll(): Promise<void> {
    try {
      const response = await fetch(`/api/studies/${this.controller.data.study.id}/viewer/`, {
        credentials: "same-origin",
        headers: { Accept: "application/json", ...(this.etag ? { "If-None-Match": this.etag } : {}) },
      });
      if (response.status === 200) {
        this.etag = response.headers.get("ETag") ?? "";
        this.controller.updateStudy((await response.json()) as StudyData);
        this.intervalMs = MIN_INTERVAL_MS;
      } else if (response.status !== 304) throw new Error(response.status === 403 ? "You are signed out." : `Error ${response.status}.`);
      this.error = "";
    } catch (error) {
      this.error = `Results of the analysis cannot be retrieved. ${error instanceof TypeError ? "The server cannot be reached." : error instanceof Error ? error.message : ""}`;
    }
    this.controller.emit("changed");
    this.intervalMs = Math.min(this.intervalMs * 1.3, MAX_INTERVAL_MS);
    this.scheduleNext();
  }
}

function isRunning(data: StudyData): boolean {
  return data.series.some(({ run }) => run !== null && !run.finished);
}
