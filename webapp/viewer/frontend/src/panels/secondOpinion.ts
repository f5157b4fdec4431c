// A second opinion under its finding, in words: what it says or why it says nothing, by which model, against whom.

import type { Finding, Opinion } from "../api/study.ts";
import { element } from "./dom.ts";

export function opined(told: Opinion, finding: Finding): HTMLElement {
  const sign = element("span", "", "≠ ");
  sign.ariaHidden = "true";
  const made = element("div", told.disagrees ? "opinion is-against" : "opinion",
    element("p", "", element("span", "quiet", `Second opinion · ${told.title}`), element("b", told.isAnswer ? "" : "is-open", told.answer)),
    told.why ? element("p", "", told.why) : "",
    told.beside ? element("p", told.disagrees ? "disagrees" : "", told.disagrees ? sign : "", told.beside) : "",
    element("p", "quiet", `${[told.model, told.version].filter(Boolean).join(" ")} · It raises or lowers no priority.`),
    told.experimental ? element("p", "experimental-flag", `Experimental: ${told.experimental}`) : "",
  );
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", `${told.title}: second opinion on finding ${finding.number}`);
  return made;
}
