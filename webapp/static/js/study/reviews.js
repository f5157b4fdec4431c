// What one thinks of a finding: said by key, and kept in this browser until the server has it.
//
// The finding that is meant is the one that has the focus, else the one that is shown, else the next.

import { unsent } from "./unsent.js";

const items = () => [...document.querySelectorAll(".findings > li")];
const isOpen = (item) => item.querySelector(".review-form") && !item.querySelector(".review-recorded, .unsent");
const formOf = (finding) => document.querySelector(`.review-form input[name=finding][value="${CSS.escape(finding)}"]`)?.form;

function meant() {
  const focused = document.activeElement?.closest(".findings > li");
  const shown = items().filter((item) => item.querySelector(".finding.is-shown"));
  return focused ?? shown.find(isOpen) ?? shown[0] ?? items().find(isOpen);
}

/** Press a finding's button: its slice is shown, and the keys mean it. */
function goTo(item) {
  const more = item.closest("details.more:not(.measures)");
  if (more) more.open = true;
  const button = item.querySelector(".finding");
  button.click();
  button.focus();
}

/** Agree at once; for the others open what they ask, and let the reader type. */
export function say(word) {
  const control = meant()?.querySelector(`[data-say="${word}"]`);
  if (!control) return false;
  if (control instanceof HTMLDetailsElement) {
    control.open = true;
    control.querySelector("input").focus();
  } else control.click();
  return true;
}

const isReview = ({ detail }) => (detail.requestConfig?.path ?? "").endsWith("/reviews/");

/** Say under a finding that what was said of it is not saved yet. */
function told({ finding, words }) {
  const item = formOf(finding)?.closest("li");
  if (!item || item.querySelector(".unsent")) return;
  const line = document.createElement("p");
  line.className = "notice warn unsent";
  line.setAttribute("role", "status");
  line.textContent = `Not saved yet: ${words}. It is kept in this browser and sent when the connection is back.`;
  item.append(line);
}

/** Send again what could not be sent. */
function again() {
  for (const { path, values, finding } of unsent.all(location.pathname)) {
    const item = formOf(finding)?.closest("li");
    if (item && navigator.onLine) window.htmx.ajax("POST", path, { values, source: item.querySelector(".review-form"), target: item, swap: "outerHTML" });
  }
}

document.addEventListener("htmx:sendError", (event) => {
  if (!isReview(event)) return;
  const values = Object.fromEntries([...event.detail.requestConfig.formData.keys()].map((name) => [name, event.detail.requestConfig.formData.getAll(name)]));
  const words = document.querySelector(`.review-form button[value="${CSS.escape(values.says[0])}"]`)?.textContent.trim() ?? values.says[0];
  told(unsent.keep(location.pathname, { path: event.detail.requestConfig.path, values, finding: values.finding[0], words }));
});

/** When an answer of the server has taken a finding's place, go on with the next that nothing was said of. */
document.addEventListener("htmx:afterSwap", (event) => {
  if (!isReview(event)) return;
  unsent.drop(location.pathname, event.detail.requestConfig.formData.get("finding"));
  const number = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").querySelector(".finding")?.id;
  const here = number && document.getElementById(number)?.closest("li");
  if (!here) return;
  const next = here.querySelector("[role=alert]") ? here : items().find(isOpen);
  goTo(next ?? here);
});

addEventListener("online", again);
setInterval(again, 10_000);
for (const one of unsent.all(location.pathname)) told(one);
addEventListener("load", again);
