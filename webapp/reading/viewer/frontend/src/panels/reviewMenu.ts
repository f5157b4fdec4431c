// Below the reader's own annotation: its review of the AI, which missed what is annotated, or located it wrongly.

import { csrfToken } from "../api/http.ts";
import type { Review, Series } from "../api/study.ts";
import { button, element } from "./dom.ts";

const MISSED = "";

/** Return the review that belongs to an annotation, as text: "missed by AI: Fracture"; "" for a mere measurement. */
export function reviewText(reviews: readonly Review[], annotation: string): string {
  const review = reviews.find((one) => one.mark === annotation);
  return review ? [review.words, review.label].filter(Boolean).join(": ") : "";
}

/** Create the form for a review; a saved one is added to `reviews`. */
export function reviewMenu(study: string, annotation: string, series: Series, reviews: Review[], onSaved: () => void): HTMLElement {
  const box = element("details", "tell", element("summary", "", "About the AI …"));
  box.dataset.name = `tell ${annotation}`;
  const choice = element("select", "");
  choice.append(new Option("The AI missed this", MISSED), ...series.findings.map(({ number, title, id }) => new Option(`Finding ${number} (${title}) is here`, String(id))));
  choice.setAttribute("aria-label", "How does this annotation relate to the AI?");
  const label = element("input", "");
  Object.assign(label, { maxLength: 80, placeholder: "What is it?", autocomplete: "off" });
  label.setAttribute("aria-label", "What is it?");
  const error = element("p", "trouble");
  error.setAttribute("role", "alert");
  box.append(choice, label, button("plain", () => void save(), "Save"), error);

  async function save(): Promise<void> {
    const isMissed = choice.value === MISSED;
    const body = { says: isMissed ? "missed" : "edit", mark: annotation, label_title: label.value, ...(isMissed ? {} : { finding: Number(choice.value) }) };
    error.textContent = "";
    try {
      const review = await postReview(study, body);
      const others = reviews.filter((one) => one.mark !== annotation && (one.finding === null || one.finding !== review.finding));
      reviews.splice(0, reviews.length, ...others, review);
      onSaved();
    } catch (reason) {
      error.textContent = `Not saved: ${reason instanceof TypeError ? "the server cannot be reached. Try again." : (reason as Error).message}`;
    }
  }
  return box;
}

async function postReview(study: string, body: object): Promise<Review> {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  const response = await fetch(`/api/studies/${study}/verdicts/`, { method: "POST", credentials: "same-origin", headers, body: JSON.stringify(body) });
  const saved = (await response.json().catch(() => ({}))) as Review & { detail?: string };
  if (!response.ok) throw new Error(saved.detail ?? `The server answered with error ${response.status}.`);
  return saved;
}
