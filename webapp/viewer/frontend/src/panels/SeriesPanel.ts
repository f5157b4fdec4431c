// The series of the study and of its priors, as thumbnails that a click or Enter hangs in the active viewport.

import type { Reading } from "../controller/ViewerController.ts";
import { seriesShown, type Hung, type Prior, type Series, type StudyData } from "../api/study.ts";
import { dateShown } from "../viewport/ViewportOverlay.ts";

export class SeriesList {
  private readonly nav: HTMLElement;
  private readonly reading: Reading;

  constructor(nav: HTMLElement, reading: Reading) {
    this.nav = nav;
    this.reading = reading;
    nav.append(headed("This study", listOf(reading.data, false, (hung) => this.hang(hung))));
    for (const prior of reading.data.priors) nav.append(this.priorOf(prior));
    this.renew();
  }

  /** Mark what hangs somewhere, and what hangs in the active viewport. */
  renew(): void {
    const active = this.reading.cells.length ? this.reading.active.hung?.series.id : undefined;
    const hanging = new Set(this.reading.cells.map((cell) => cell.hung?.series.id));
    for (const button of this.nav.querySelectorAll<HTMLElement>("[data-id]")) {
      const id = button.dataset.id as string;
      button.setAttribute("aria-current", String(id === active));
      button.classList.toggle("is-hung", hanging.has(id));
    }
  }

  private hang(hung: Hung): void {
    void this.reading.hang(this.reading.active, hung);
  }

  private priorOf(prior: Prior): HTMLElement {
    const box = document.createElement("details");
    box.className = "prior";
    const title = document.createElement("summary");
    title.textContent = `Prior · ${dateShown(prior.date) || "no date"} · ${[...prior.modalities, prior.description].filter(Boolean).join(" · ")}`;
    const said = document.createElement("p");
    said.textContent = "Loading …";
    box.append(title, said);
    box.addEventListener("toggle", () => { if (box.open && said.isConnected) void this.filled(said, prior); });
    return box;
  }

  private async filled(said: HTMLElement, prior: Prior): Promise<void> {
    try {
      const data = await this.reading.prior(prior.study);
      said.replaceWith(listOf(data, true, (hung) => this.hang(hung)));
      this.renew();
    } catch (trouble) {
      said.textContent = trouble instanceof Error ? trouble.message : "It cannot be opened.";
    }
  }
}

function headed(words: string, list: HTMLElement): HTMLElement {
  const section = document.createElement("section");
  const heading = document.createElement("h2");
  heading.textContent = words;
  section.append(heading, list);
  return section;
}

function listOf(data: StudyData, isPrior: boolean, hang: (hung: Hung) => void): HTMLElement {
  const list = document.createElement("ul");
  for (const series of seriesShown(data)) {
    const item = document.createElement("li");
    item.append(buttonOf(series, () => hang({ data, series, isPrior })));
    list.append(item);
  }
  return list;
}

function buttonOf(series: Series, hang: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "thumb";
  button.dataset.id = series.id;
  button.addEventListener("click", hang);
  if (series.images.length) {
    const picture = document.createElement("img");
    picture.src = `/thumbnails/${series.id}.png`;
    picture.alt = "";
    picture.loading = "lazy";
    button.append(picture);
  }
  const count = series.images.length;
  const title = [series.number === null ? "" : `${series.number}.`, series.modality, series.bodyPart].filter(Boolean).join(" ");
  for (const [name, text] of [["b", title], ["span", series.description], ["span", count ? `${count} image${count === 1 ? "" : "s"}` : "No image"], ["span", series.run && !series.run.finished ? `AI: ${series.run.status}` : ""]] as const) {
    if (!text) continue;
    const line = document.createElement(name);
    line.textContent = text;
    button.append(line);
  }
  return button;
}
