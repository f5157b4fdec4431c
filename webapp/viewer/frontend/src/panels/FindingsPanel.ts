// What the AI found on the series of the active viewport; a click or Enter goes to its clearest image.

import type { Reading } from "../controller/ViewerController.ts";
import type { Finding, Series } from "../api/study.ts";
import { outlineButton } from "./SegmentationPanel.ts";
import { store, wordsOf } from "../segmentation/SegmentationStore.ts";
import { mayMark } from "../app/rights.ts";
import { button, element, replaced } from "./dom.ts";
import { jumped } from "../controller/navigation.ts";
import type { News } from "../controller/AnalysisPolling.ts";
import { opined } from "./secondOpinion.ts";
import { segmentations } from "../segmentation/DicomSegStore.ts";

export class Findings {
  private readonly box: HTMLElement;
  private readonly reading: Reading;
  private readonly news: News;

  constructor(box: HTMLElement, reading: Reading, news: News) {
    this.box = box;
    this.reading = reading;
    this.news = news;
  }

  renew(): void {
    const hung = this.reading.cells.length ? this.reading.active.hung : null;
    const series = hung?.series ?? null;
    const troubles = [this.news.trouble, segmentations.trouble];
    replaced(this.box, [series?.id, series?.run, series?.findings, hung?.isPrior, this.reading.data.verdicts, series?.findings.map(({ id }) => wordsOf(store.ofFinding(id))), troubles], () => [
      element("h2", "", hung?.isPrior ? "AI on the prior" : "AI findings"),
      ...(series ? this.list(series) : [element("p", "quiet", "No series is shown.")]),
      ...troubles.filter(Boolean).map((trouble) => said(trouble)),
    ]);
  }

  private list(series: Series): Node[] {
    const { run, findings } = series;
    const words: Node[] = [];
    if (run && !run.finished) words.push(element("p", "ai-going", element("i", "spinner"), run.words));
    else if (run) words.push(element("p", "quiet", run.words));
    else words.push(element("p", "quiet", "The AI was not asked about this series."));
    const list = element("ol", "findings");
    list.append(...findings.map((finding) => element("li", "", this.one(finding, series), ...finding.opinions.map((told) => opined(told, finding)), this.mayOutline() ? outlineButton(this.reading, series, finding) : "")));
    return findings.length ? [...words, list] : words;
  }

  private mayOutline(): boolean {
    return mayMark && !this.reading.active.hung?.isPrior;
  }

  private one(finding: Finding, series: Series): HTMLElement {
    const sign = element("span", "finding-sign", String(finding.number));
    sign.style.setProperty("--of", finding.colour);
    const made = button("finding", () => { void jumped(this.reading, series, finding); },
      sign,
      element("b", "", finding.title),
      element("span", "percent", finding.percent),
      finding.size ? element("span", "size", finding.size) : "",
      element("span", "quiet", placesOf(finding, series.images.length)),
      element("span", "quiet", [finding.threshold === null ? "" : `shown from ${Math.round(100 * finding.threshold)} %`, [finding.model, finding.version].filter(Boolean).join(" ")].filter(Boolean).join(" · ")),
      finding.marks.length ? "" : element("span", "quiet", "No box: whole slices were judged."),
      this.said(finding),
      finding.experimental ? element("span", "experimental-flag", `Experimental: ${finding.experimental}`) : "",
    );
    made.dataset.name = `finding ${finding.number}`;
    made.title = finding.sentence;
    return made;
  }

  /** What the reader said of it. */
  private said(finding: Finding): HTMLElement | string {
    const told = this.reading.data.verdicts.find((one) => one.finding === finding.id);
    return told ? element("span", "told", [`You: ${told.words}`, wordsOf(store.ofFinding(finding.id)), told.label].filter(Boolean).join(": ")) : "";
  }
}

function placesOf({ image, first, last }: Finding, count: number): string {
  if (count < 2) return "";
  return first === last ? `Slice ${image + 1}` : `Slice ${image + 1}, seen on ${first + 1} to ${last + 1}`;
}

function said(sentence: string): HTMLElement {
  const line = element("p", "trouble", sentence);
  line.setAttribute("role", "status");
  return line;
}
