// Under a mark of the reader's own: what it has to do with the AI, which missed it or has it in the wrong place.

import { button, element } from "./dom.ts";
import type { Series, Told } from "../api/study.ts";
import { token } from "../annotations/SyncQueue.ts";

const MISSED = "";

/** Return the words that stand beside a mark: "missed by AI: Fracture"; "" where it is a measurement alone. */
export function toldOf(told: Told[], mark: string): string {
  const about = told.find((one) => one.mark === mark);
  return about ? [about.words, about.label].filter(Boolean).join(": ") : "";
}

/** Make the form that says it. */
export function tell(study: string, mark: string, series: Series, told: Told[], done: () => void): HTMLElement {
  const box = element("details", "tell", element("summary", "", "About the AI …"));
  box.dataset.name = `tell ${mark}`;
  const choice = element("select", "");
  choice.append(new Option("It missed this", MISSED), ...series.findings.map(({ number, title, id }) => new Option(`Finding ${number} (${title}) is here`, String(id))));
  const label = element("input", "");
  Object.assign(label, { maxLength: 80, placeholder: "What is it?", autocomplete: "off" });
  label.setAttribute("aria-label", "What is it?");
  choice.setAttribute("aria-label", "What does this mark say of the AI?");
  const trouble = element("p", "trouble");
  trouble.setAttribute("role", "alert");
  const keep = button("plain", () => { void kept(); }, "Keep");
  box.append(choice, label, keep, trouble);

  async function kept(): Promise<void> {
    const said = { says: choice.value === MISSED ? "missed" : "edit", mark, label_title: label.value, ...(choice.value === MISSED ? {} : { finding: Number(choice.value) }) };
    trouble.textContent = "";
    try {
      const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token() };
      const answer = await fetch(`/api/studies/${study}/verdicts/`, { method: "POST", credentials: "same-origin", headers, body: JSON.stringify(said) });
      const body = (await answer.json().catch(() => ({}))) as Told & { detail?: string };
      if (!answer.ok) throw new Error(body.detail ?? `The server answered with error ${answer.status}.`);
      told.splice(0, told.length, ...told.filter((one) => one.mark !== mark && (one.finding === null || one.finding !== body.finding)), body);
      done();
    } catch (why) {
      trouble.textContent = `Not kept: ${why instanceof TypeError ? "the server cannot be reached. Try again." : (why as Error).message}`;
    }
  }
  return box;
}
