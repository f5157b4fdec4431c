// The series of the study and of its priors, as thumbnails; a click or Enter hangs one in the active viewport.

import { displayableSeries, type DisplaySet, type Prior, type Series, type StudyData } from "../api/study.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import { formatDate } from "../viewport/ViewportOverlay.ts";

type Hang = (displaySet: DisplaySet) => void;

export class SeriesPanel {
  private readonly nav: HTMLElement;
  private readonly controller: ViewerController;
  private readonly hang: Hang;

  constructor(nav: HTMLElement, controller: ViewerController) {
    this.nav = nav;
    this.controller = controller;
    this.hang = (displaySet) => void controller.hang(controller.active, displaySet);
    nav.append(titledSection("This study", seriesList(controller.data, false, this.hang)));
    for (const prior of controller.data.priors) nav.append(this.priorSection(prior));
    this.update();
  }

  /** Mark the series that hang in some viewport, and the one in the active viewport. */
  update(): void {
    const active = this.controller.viewports.length ? this.controller.active.displaySet?.series.id : undefined;
    const hanging = new Set(this.controller.viewports.map((viewport) => viewport.displaySet?.series.id));
    for (const button of this.nav.querySelectorAll<HTMLElement>("[data-id]")) {
      const id = button.dataset.id as string;
      button.setAttribute("aria-current", String(id === active));
      button.classList.toggle("is-hung", hanging.has(id));
    }
  }

  private priorSection(prior: Prior): HTMLElement {
    const box = document.createElement("details");
    box.className = "prior";
    const title = document.createElement("summary");
    title.textContent = `Prior · ${formatDate(prior.date) || "no date"} · ${[...prior.modalities, prior.description].filter(Boolean).join(" · ")}`;
    const status = document.createElement("p");
    status.textContent = "Loading …";
    box.append(title, status);
    box.addEventListener("toggle", () => { if (box.open && status.isConnected) void this.fillPrior(status, prior); });
    return box;
  }

  /** Replace the status line with the series of a prior study, or with why there are none. */
  private async fillPrior(status: HTMLElement, prior: Prior): Promise<void> {
    try {
      const data = await this.controller.fetchPrior(prior.study);
      status.replaceWith(seriesList(data, true, this.hang));
      this.update();
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : "It cannot be opened.";
    }
  }
}

function titledSection(title: string, list: HTMLElement): HTMLElement {
  const section = document.createElement("section");
  const heading = document.createElement("h2");
  heading.textContent = title;
  section.append(heading, list);
  return section;
}

function seriesList(data: StudyData, isPrior: boolean, hang: Hang): HTMLElement {
  const list = document.createElement("ul");
  for (const series of displayableSeries(data)) {
    const item = document.createElement("li");
    item.append(seriesButton(series, () => hang({ data, series, isPrior })));
    list.append(item);
  }
  return list;
}

function seriesButton(series: Series, hang: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "thumb";
  button.dataset.id = series.id;
  button.addEventListener("click", hang);
  const count = series.images.length;
  if (count) {
    const thumbnail = document.createElement("img");
    thumbnail.src = `/thumbnails/${series.id}.png`;
    thumbnail.alt = "";
    thumbnail.loading = "lazy";
    button.append(thumbnail);
  }
  const title = [series.number === null ? "" : `${series.number}.`, series.modality, series.bodyPart].filter(Boolean).join(" ");
  const lines = [
    ["b", title],
    ["span", series.description],
    ["span", count ? `${count} image${count === 1 ? "" : "s"}` : "No image"],
    ["span", series.run && !series.run.finished ? `AI: ${series.run.status}` : ""],
  ] as const;
  for (const [name, text] of lines) {
    if (!text) continue;
    const line = document.createElement(name);
    line.textContent = text;
    button.append(line);
  }
  return button;
}
