// What is drawn over the images, each kind switched by itself, with the sign that it is known by.

import type { Reading } from "../controller/ViewerController.ts";
import { element, replaced } from "./dom.ts";
import { goneTo } from "../controller/navigation.ts";
import { heatsAt } from "../overlays/ImageOverlay.ts";
import { segmentations } from "../segmentation/DicomSegStore.ts";
import { KINDS, shown } from "../controller/Visibility.ts";

export class Legend {
  private readonly reading: Reading;
  private readonly note = element("p", "legend-note");
  private readonly heats = element("select", "");
  private readonly segments = element("ul", "segments");
  private readonly boxes = new Map<string, HTMLInputElement>();

  constructor(box: HTMLElement, reading: Reading) {
    this.reading = reading;
    const list = element("ul", "kinds");
    for (const { id, title, sign } of KINDS) list.append(element("li", "", this.kind(id, title, sign)));
    this.heats.setAttribute("aria-label", "Heat map of");
    this.heats.addEventListener("change", () => shown.chooseHeat(this.heats.value));
    this.note.setAttribute("role", "status");
    const keys = element("kbd", "", "O");
    box.append(element("h2", "", "Overlays ", keys), this.note, list, this.heats, this.segments, this.fader());
  }

  renew(): void {
    for (const { id } of KINDS) (this.boxes.get(id) as HTMLInputElement).checked = shown.isChosen(id);
    this.note.textContent = shown.isHidden ? "All overlays are hidden. Press O to show them." : "";
    const cell = this.reading.cells.length ? this.reading.active : null;
    const heats = cell?.hung && shown.isOn("heat") ? heatsAt(cell.hung.series, cell.at).map(({ title }) => title) : [];
    this.heats.hidden = heats.length === 0;
    replaced(this.heats, heats, () => heats.map((title) => new Option(`Heat map of: ${title}`, title)));
    if (heats.includes(shown.heat)) this.heats.value = shown.heat;
    const found = cell?.hung && shown.isOn("segment") ? segmentations.of(cell.hung.series.id) : [];
    replaced(this.segments, found.map(({ segment, image }) => [segment.id, image, segmentations.isOn(segment)]), () => found.map((one) => this.segment(one)));
  }

  private kind(id: (typeof KINDS)[number]["id"], title: string, sign: string): HTMLElement {
    const box = check(() => shown.set(id, box.checked));
    box.dataset.name = id;
    this.boxes.set(id, box);
    return element("label", "kind", box, element("i", `sign sign-${id}`), element("span", "", title), element("span", "quiet", sign));
  }

  private segment({ segment, image }: ReturnType<typeof segmentations.of>[number]): HTMLElement {
    const box = check(() => segmentations.set(segment, box.checked));
    box.checked = segmentations.isOn(segment);
    box.dataset.name = segment.id;
    const sign = element("i", "sign sign-segment");
    sign.style.setProperty("--of", segment.colour);
    const go = element("button", "plain", `from slice ${image + 1}`);
    go.type = "button";
    go.addEventListener("click", () => { const { hung } = this.reading.active; if (hung) void goneTo(this.reading, hung.series, image, null); });
    return element("li", "", element("label", "kind", box, sign, element("span", "", segment.title), element("span", "quiet", segment.by)), go);
  }

  private fader(): HTMLElement {
    const fader = element("input", "");
    Object.assign(fader, { type: "range", min: "10", max: "100", value: String(Math.round(100 * shown.opacity)) });
    fader.addEventListener("input", () => shown.fade(Number(fader.value) / 100));
    return element("label", "fader", "Opacity of what the AI drew", fader);
  }
}

function check(does: () => void): HTMLInputElement {
  const box = element("input", "");
  box.type = "checkbox";
  box.addEventListener("change", does);
  return box;
}
