// Beside the wall: whose outline is in hand and how wide the brush is, and naming what the AI missed.

import { button, element, replaced } from "./dom.ts";
import { goneTo, jumped } from "../controller/navigation.ts";
import type { Reading } from "../controller/ViewerController.ts";
import type { Finding, Series } from "../api/study.ts";
import { SIZES } from "../segmentation/brush.ts";
import { store, wordsOf, type Held } from "../segmentation/SegmentationStore.ts";

export class OutlinePanel {
  private readonly reading: Reading;
  private readonly state = element("p", "quiet");
  private readonly size = element("input", "");
  private readonly width = element("span", "");
  private readonly missed = element("ul", "missed");
  private readonly label = element("input", "");

  constructor(box: HTMLElement, reading: Reading) {
    this.reading = reading;
    this.state.setAttribute("role", "status");
    Object.assign(this.size, { type: "range", min: "0", max: String(SIZES.length - 1) });
    this.size.dataset.name = "brush size";
    this.size.addEventListener("input", () => reading.outliner.sized(Number(this.size.value) - reading.outliner.step));
    Object.assign(this.label, { maxLength: 80, placeholder: "What is it?", autocomplete: "off" });
    this.label.setAttribute("aria-label", "What did the AI miss?");
    this.label.addEventListener("keydown", (event) => { if (event.key === "Enter") this.begin(); });
    const nothing = button("outline", () => { void reading.outliner.nothing(); }, "Nothing to outline here ", element("kbd", "", "N"));
    const form = element("div", "missing", this.label, button("outline", () => this.begin(), "Outline what the AI missed"));
    box.append(element("h2", "", "Outline ", element("kbd", "", "E")), this.state, element("label", "fader", this.width, this.size), nothing, this.missed, form);
  }

  renew(): void {
    const { outliner, cells, active } = this.reading;
    if (!cells.length) return;
    this.state.textContent = outliner.state();
    this.width.textContent = `Brush: ${outliner.width()}`;
    this.size.value = String(outliner.step);
    const series = active.hung?.series;
    const missed = series && !active.hung?.isPrior ? store.missedOn(series.id) : [];
    replaced(this.missed, missed.map((own) => own.map(({ id, label, form }) => [id, label, form])), () => missed.map((own) => this.one(own, series as Series)));
  }

  private begin(): void {
    const label = this.label.value.trim();
    if (!label) {
      this.label.focus();
      return this.reading.say("Say first what the AI missed; then outline it.");
    }
    this.label.value = "";
    this.reading.outliner.outline({ finding: null, missed: null, label });
  }

  /** One thing that the AI missed: a click goes to where it was outlined first, with the brush for it in hand. */
  private one(own: readonly Held[], series: Series): HTMLElement {
    const placed = own.map((held) => ({ held, at: series.images.findIndex(({ sop, frame }) => sop === held.sop && frame === held.frame) }));
    const [{ held, at }] = placed as [(typeof placed)[0]];
    const { label, missed } = own.at(-1) as Held;
    const [x0, y0, x1, y1] = held.box ?? [0, 0, 0, 0];
    const slices = placed.map((one) => one.at + 1).sort((one, other) => one - other);
    const where = series.images.length > 1 ? `slice${slices.length > 1 ? "s" : ""} ${slices.join(", ")}` : "";
    const go = button("finding", () => {
      void goneTo(this.reading, series, at, [(x0 + x1) / 2, (y0 + y1) / 2]).then(() => this.reading.outliner.outline({ finding: null, missed, label }));
    }, element("b", "", label), element("span", "quiet", ["outlined by you, missed by the AI", where].filter(Boolean).join(" · ")));
    go.dataset.name = `missed ${missed}`;
    return element("li", "", go);
  }
}

/** Make the button under a finding that takes the brush to it. */
export function outlineButton(reading: Reading, series: Series, finding: Finding): HTMLElement {
  const own = wordsOf(store.ofFinding(finding.id));
  const words = own ? `Corrected by you: ${own}` : "Correct the outline";
  const made = button("outline", () => {
    const { active } = reading;
    const isHere = active.hung?.series === series && finding.marks.some(({ image }) => image === active.at);
    void (isHere ? Promise.resolve() : jumped(reading, series, finding)).then(() => reading.outliner.outline({ finding: finding.id, missed: null, label: "" }));
  }, words);
  made.dataset.name = `outline ${finding.number}`;
  made.setAttribute("aria-label", `${words}: finding ${finding.number}, ${finding.title}`);
  return made;
}
