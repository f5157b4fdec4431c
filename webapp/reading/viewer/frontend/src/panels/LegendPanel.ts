// The legend: the kinds of overlays with their signs, each with a switch, and the opacity of all.

import type { ViewerController } from "../controller/ViewerController.ts";
import { OVERLAY_KINDS, type OverlayKind, type Visibility } from "../controller/Visibility.ts";
import { heatMapsAt } from "../overlays/ImageOverlay.ts";
import type { DicomSegStore } from "../segmentation/DicomSegStore.ts";
import { button, element, replaceIfChanged } from "./dom.ts";

export class LegendPanel {
  private readonly controller: ViewerController;
  private readonly visibility: Visibility;
  private readonly dicomSegs: DicomSegStore;
  private readonly note = element("p", "legend-note");
  private readonly heats = element("select", "");
  private readonly segments = element("ul", "segments");
  private readonly checkboxes = new Map<OverlayKind, HTMLInputElement>();

  constructor(box: HTMLElement, controller: ViewerController, visibility: Visibility, dicomSegs: DicomSegStore) {
    this.controller = controller;
    this.visibility = visibility;
    this.dicomSegs = dicomSegs;
    const list = element("ul", "kinds");
    for (const { id, title, sign } of OVERLAY_KINDS) list.append(element("li", "", this.kindSwitch(id, title, sign)));
    this.heats.setAttribute("aria-label", "Heat map of");
    this.heats.addEventListener("change", () => visibility.chooseHeat(this.heats.value));
    this.note.setAttribute("role", "status");
    box.append(element("h2", "", "Overlays ", element("kbd", "", "O")), this.note, list, this.heats, this.segments, this.opacitySlider());
  }

  update(): void {
    const { visibility, dicomSegs } = this;
    for (const [id, checkbox] of this.checkboxes) checkbox.checked = visibility.isEnabled(id);
    this.note.textContent = visibility.isHidden ? "All overlays are hidden. Press O to show them." : "";
    const viewport = this.controller.viewports.length ? this.controller.active : null;
    const heats = viewport?.displaySet && visibility.isVisible("heat") ? heatMapsAt(viewport.displaySet.series, viewport.imageIndex).map(({ title }) => title) : [];
    this.heats.hidden = heats.length === 0;
    replaceIfChanged(this.heats, heats, () => heats.map((title) => new Option(`Heat map of: ${title}`, title)));
    if (heats.includes(visibility.heat)) this.heats.value = visibility.heat;
    const found = viewport?.displaySet && visibility.isVisible("segment") ? dicomSegs.segmentsOf(viewport.displaySet.series.id) : [];
    replaceIfChanged(this.segments, found.map(({ segment, image }) => [segment.id, image, dicomSegs.isVisible(segment)]), () => found.map((one) => this.segmentItem(one)));
  }

  private kindSwitch(id: OverlayKind, title: string, sign: string): HTMLElement {
    const box = checkbox(() => this.visibility.setEnabled(id, box.checked));
    box.dataset.name = id;
    this.checkboxes.set(id, box);
    return element("label", "kind", box, element("i", `sign sign-${id}`), element("span", "", title), element("span", "quiet", sign));
  }

  private segmentItem({ segment, image }: ReturnType<DicomSegStore["segmentsOf"]>[number]): HTMLElement {
    const box = checkbox(() => this.dicomSegs.setVisible(segment, box.checked));
    box.checked = this.dicomSegs.isVisible(segment);
    box.dataset.name = segment.id;
    const sign = element("i", "sign sign-segment");
    sign.style.setProperty("--of", segment.colour);
    const show = button("plain", () => {
      const { displaySet } = this.controller.active;
      if (displaySet) void this.controller.showImage(displaySet.series, image, null);
    }, `from slice ${image + 1}`);
    return element("li", "", element("label", "kind", box, sign, element("span", "", segment.title), element("span", "quiet", segment.origin)), show);
  }

  private opacitySlider(): HTMLElement {
    const slider = element("input", "");
    Object.assign(slider, { type: "range", min: "10", max: "100", value: String(Math.round(100 * this.visibility.opacity)) });
    slider.addEventListener("input", () => this.visibility.setOpacity(Number(slider.value) / 100));
    return element("label", "fader", "Opacity of AI overlays", slider);
  }
}

function checkbox(onChange: () => void): HTMLInputElement {
  const box = element("input", "");
  box.type = "checkbox";
  box.addEventListener("change", onChange);
  return box;
}
