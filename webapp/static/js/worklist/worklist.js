// Keys and clicks of the worklist. The list itself fills by htmx; see hold.js for when it may move.

import { bindKeys } from "../keys.js";
import "./hold.js";

const people = () => [...document.querySelectorAll(".worklist .person")];

/** Move the focus by so many studies; from outside the list, to its first or last. */
function step(by) {
  const all = people();
  if (!all.length) return false;
  const here = all.findIndex((one) => one.closest("tbody").contains(document.activeElement));
  const there = here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + by));
  all[there].focus();
  all[there].closest("tbody").scrollIntoView({ block: "nearest" });
  return true;
}

const triage = document.getElementById("triage");

/** Ask for another priority of the row that holds the focus, or whose button was pressed. */
function askPriority(button) {
  if (!button) return false;
  const form = triage.querySelector("form");
  form.action = button.dataset.triage;
  form.reset();
  form.elements.priority.value = button.closest("tbody").dataset.priority;
  document.getElementById("triage-of").textContent = button.dataset.of;
  triage.showModal();
  return true;
}

triage?.querySelector("[data-close]").addEventListener("click", () => triage.close());
document.addEventListener("click", (event) => askPriority(event.target.closest("[data-triage]")));

bindKeys({
  n: () => document.getElementById("next-case")?.click(),
  t: () => askPriority(document.activeElement.closest("tbody")?.querySelector("[data-triage]")),
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  "/": () => document.getElementById("words").select(),
});

// The whole row opens its study, as its link does; text can still be selected and buttons pressed.
document.addEventListener("click", (event) => {
  const body = event.target.closest(".worklist tbody");
  if (!body || event.target.closest("a, button, form") || getSelection().toString()) return;
  body.querySelector(".person").click();
});
