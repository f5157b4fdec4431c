// The AI findings on the series of the active viewport; a click or Enter goes to the finding's key image.

import type { Finding, Series } from "../api/study.ts";
import type { AnalysisPolling } from "../controller/AnalysisPolling.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import type { DicomSegStore } from "../segmentation/DicomSegStore.ts";
import type { SegmentationEditor } from "../segmentation/SegmentationEditor.ts";
import { describeSegmentations, type SegmentationStore } from "../segmentation/SegmentationStore.ts";
import { button, element, replaceIfChanged } from "./dom.ts";
import { secondOpinion } from "./secondOpinion.ts";

/** What the panel shows, and what its buttons act on. */
interface FindingsSources {
  controller: ViewerController;
  segmentations: SegmentationStore;
  editor: SegmentationEditor;
  dicomSegs: DicomSegStore;
  polling: AnalysisPolling;
  mayAnnotate: boolean;
}

export class FindingsPanel {
  private readonly box: HTMLElement;
  private readonly sources: FindingsSources;

  constructor(box: HTMLElement, sources: FindingsSources) {
    this.box = box;
    this.sources = sources;
  }

  update(): void {
    const { controller, segmentations, dicomSegs, polling } = this.sources;
    const displaySet = controller.viewports.length ? controller.active.displaySet : null;
    const series = displaySet?.series ?? null;
    const errors = [polling.error, dicomSegs.error];
    const corrections = series?.findings.map(({ id }) => describeSegmentations(segmentations.ofFinding(id)));
    replaceIfChanged(this.box, [series?.id, series?.run, series?.findings, displaySet?.isPrior, controller.data.reviews, corrections, errors], () => [
      element("h2", "", displaySet?.isPrior ? "AI findings on the prior" : "AI findings"),
      ...(series ? this.content(series) : [element("p", "quiet", "No series is shown.")]),
      ...errors.filter(Boolean).map((error) => statusLine(error)),
    ]);
  }

  private content(series: Series): Node[] {
    const { run, findings } = series;
    const status = run && !run.finished
      ? element("p", "ai-going", element("i", "spinner"), run.words)
      : element("p", "quiet", run ? run.words : "This series was not analysed by the AI.");
    if (!findings.length) return [status];
    const list = element("ol", "findings");
    list.append(...findings.map((finding) => element("li", "",
      this.findingButton(finding, series),
      ...finding.opinions.map((opinion) => secondOpinion(opinion, finding)),
      this.mayCorrect() ? this.correctButton(finding, series) : "")));
    return [status, list];
  }

  private mayCorrect(): boolean {
    return this.sources.mayAnnotate && !this.sources.controller.active.displaySet?.isPrior;
  }

  private findingButton(finding: Finding, series: Series): HTMLElement {
    const sign = element("span", "finding-sign", String(finding.number));
    sign.style.setProperty("--of", finding.colour);
    const threshold = finding.threshold === null ? "" : `shown from ${Math.round(100 * finding.threshold)} %`;
    const model = [finding.model, finding.version].filter(Boolean).join(" ");
    const created = button("finding", () => void this.sources.controller.showFinding(series, finding),
      sign,
      element("b", "", finding.title),
      element("span", "percent", finding.percent),
      finding.size ? element("span", "size", finding.size) : "",
      element("span", "quiet", sliceRange(finding, series.images.length)),
      element("span", "quiet", [threshold, model].filter(Boolean).join(" · ")),
      finding.marks.length ? "" : element("span", "quiet", "No box: whole slices were classified."),
      this.ownReview(finding),
      finding.experimental ? element("span", "experimental-flag", `Experimental: ${finding.experimental}`) : "",
    );
    created.dataset.name = `finding ${finding.number}`;
    created.title = finding.sentence;
    return created;
  }

  /** The reader's own review of a finding. */
  private ownReview(finding: Finding): HTMLElement | string {
    const { controller, segmentations } = this.sources;
    const review = controller.data.reviews.find((one) => one.finding === finding.id);
    if (!review) return "";
    return element("span", "told", [`You: ${review.words}`, describeSegmentations(segmentations.ofFinding(finding.id)), review.label].filter(Boolean).join(": "));
  }

  /** The button that starts the brush on a finding. */
  private correctButton(finding: Finding, series: Series): HTMLElement {
    const { controller, segmentations, editor } = this.sources;
    const own = describeSegmentations(segmentations.ofFinding(finding.id));
    const text = own ? `Corrected by you: ${own}` : "Correct the outline";
    const correct = async (): Promise<void> => {
      const { active } = controller;
      const isShown = active.displaySet?.series === series && finding.marks.some(({ image }) => image === active.imageIndex);
      if (!isShown) await controller.showFinding(series, finding);
      editor.edit({ finding: finding.id, missed: null, label: "" });
    };
    const created = button("outline", () => void correct(), text);
    created.dataset.name = `outline ${finding.number}`;
    created.setAttribute("aria-label", `${text}: finding ${finding.number}, ${finding.title}`);
    return created;
  }
}

function sliceRange({ image, first, last }: Finding, count: number): string {
  if (count < 2) return "";
  return first === last ? `Slice ${image + 1}` : `Slice ${image + 1}, seen on ${first + 1} to ${last + 1}`;
}

function statusLine(sentence: string): HTMLElement {
  const line = element("p", "trouble", sentence);
  line.setAttribute("role", "status");
  return line;
}
