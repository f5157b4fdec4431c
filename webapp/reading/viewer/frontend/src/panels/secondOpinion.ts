// A second opinion below its finding: the answer or why there is none, by which model, and how it compares with others.

import type { Finding, Opinion } from "../api/study.ts";
import { element } from "./dom.ts";

export function secondOpinion(opinion: Opinion, finding: Finding): HTMLElement {
  const sign = element("span", "", "≠ ");
  sign.ariaHidden = "true";
  const created = element("div", opinion.disagrees ? "opinion is-against" : "opinion",
    element("p", "", element("span", "quiet", `Second opinion · ${opinion.title}`), element("b", opinion.isAnswer ? "" : "is-open", opinion.answer)),
    opinion.why ? element("p", "", opinion.why) : "",
    opinion.beside ? element("p", opinion.disagrees ? "disagrees" : "", opinion.disagrees ? sign : "", opinion.beside) : "",
    element("p", "quiet", `${[opinion.model, opinion.version].filter(Boolean).join(" ")} · It does not affect priority.`),
    opinion.experimental ? element("p", "experimental-flag", `Experimental: ${opinion.experimental}`) : "",
  );
  created.setAttribute("role", "group");
  created.setAttribute("aria-label", `${opinion.title}: second opinion on finding ${finding.number}`);
  return created;
}
