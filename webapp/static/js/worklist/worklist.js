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

bindKeys({
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
