// An analysis that is still going: asks for news by itself, and puts them under what is shown, which stays where it is.

import type { Reading } from "./ViewerController.ts";
import type { Series, StudyData } from "../api/study.ts";
import { segmentations } from "../segmentation/DicomSegStore.ts";
import { shown } from "./Visibility.ts";

const SOONEST_MS = 2000;
const LATEST_MS = 30_000;

export class News {
  /** Said beside the findings: "" while nothing is wrong. */
  trouble = "";
  private readonly reading: Reading;
  private wait = SOONEST_MS;
  private tag = "";

  constructor(reading: Reading) {
    this.reading = reading;
    if (isGoing(reading.data)) this.later();
  }

  private later(): void {
    setTimeout(() => { void this.ask(); }, this.wait);
  }

  private async ask(): Promise<void> {
    try {
      const answer = await fetch(`/api/studies/${this.reading.data.study.id}/viewer/`, {
        credentials: "same-origin",
        headers: { Accept: "application/json", ...(this.tag ? { "If-None-Match": this.tag } : {}) },
      });
      if (answer.status === 200) {
        this.tag = answer.headers.get("ETag") ?? "";
        this.put((await answer.json()) as StudyData);
        this.wait = SOONEST_MS;
      } else if (answer.status !== 304) throw new Error(answer.status === 403 ? "You are signed out." : `Error ${answer.status}.`);
      this.trouble = "";
    } catch (trouble) {
      this.trouble = `News of the analysis cannot be fetched. ${trouble instanceof TypeError ? "The server cannot be reached." : trouble instanceof Error ? trouble.message : ""}`;
      shown.changed();
    }
    this.wait = Math.min(this.wait * 1.3, LATEST_MS);
    if (isGoing(this.reading.data)) this.later();
  }

  private put(data: StudyData): void {
    const { series: held } = this.reading.data;
    for (const news of data.series) {
      const series = held.find(({ id }) => id === news.id);
      if (!series) held.push(news); // such as a segmentation that was filed with the answer
      else if (series.images.length === news.images.length) Object.assign(series, { run: news.run, urgency: news.urgency, findings: news.findings, heats: news.heats });
      else Object.assign(series, { run: news.run && { ...news.run, words: "More images have arrived. Open the study again to see them and what was found on them." } });
    }
    segmentations.forget();
    for (const cell of this.reading.cells) void segmentations.wanted(cell);
    shown.changed();
    this.reading.renewed();
  }
}

function isGoing(data: StudyData): boolean {
  return data.series.some(({ run }: Series) => run !== null && !run.finished);
}
