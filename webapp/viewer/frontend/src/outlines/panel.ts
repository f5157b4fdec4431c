// Beside the wall: whose outline is in hand and how wide the brush is, and naming what the AI missed.

import { button, element, replaced } from "../overlays/elements.ts";
import { goneTo, jumped } from "../overlays/jump.ts";
import type { Reading } from "../reading/reading.ts";
import type { Finding, Series } from "../study.ts";
import { SIZES } from "./brush.ts";
import { store, type Held } from "./store.ts";

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
    const form = element("div", "missing", this.label, button("outline", () => this.begin(), "Outline what the AI missed"));
    box.append(element("h2", "", "Outline ", element("kbd", "", "E")), this.state, element("label", "fader", this.width, this.size), this.missed, form);
  }

  renew(): void {
    const { outliner, cells, active } = this.reading;
    if (!cells.length) return;
    this.state.textContent = outliner.state();
    this.width.textContent = `Brush: ${outliner.width()}`;
    this.size.value = String(outliner.step);
    const series = active.hung?.series;
    const missed = series && !active.hung?.isPrior ? store.missedOn(series.id) : [];
    replaced(this.missed, missed.map(({ id, label, form }) => [id, label, form]), () => missed.map((one) => this.one(one, series as Series)));
  }

  private begin(): void {
    const label = this.label.value.trim();
    if (!label) {
      this.label.focus();
      return this.reading.say("Say first what the AI missed; then outline it.");
    }
    this.label.value = "";
    this.reading.outliner.outline({ finding: null, label });
  }

  private one(held: Held, series: Series): HTMLElement {
    const at = series.images.findIndex(({ sop, frame }) => sop === held.sop && frame === held.frame);
    const [x0, y0, x1, y1] = held.box;
    const go = button("finding", () => {
      void goneTo(this.reading, series, at, [(x0 + x1) / 2, (y0 + y1) / 2]).then(() => this.reading.outliner.outline({ finding: null, label: held.label }));
    }, element("b", "", held.label), element("span", "quiet", ["outlined by you, missed by the AI", series.images.length > 1 ? `slice ${at + 1}` : ""].filter(Boolean).join(" · ")));
    go.dataset.name = `missed ${held.id}`;
    return element("li", "", go);
  }
}

/** Make the button under a finding that takes the brush to it. */
export function outlineButton(reading: Reading, series: Series, finding: Finding): HTMLElement {
  const own = store.ofFinding(finding.id).length;
  const words = own ? `Outline corrected by you${own > 1 ? ` on ${own} images` : ""}` : "Correct the outline";
  const made = button("outline", () => {
    const { active } = reading;
    const isHere = active.hung?.series === series && finding.marks.some(({ image }) => image === active.at);
    void (isHere ? Promise.resolve() : jumped(reading, series, finding)).then(() => reading.outliner.outline({ finding: finding.id, label: "" }));
  }, words);
  made.dataset.name = `outline ${finding.number}`;
  made.setAttribute("aria-label", `${words}: finding ${finding.number}, ${finding.title}`);
  return made;
}
