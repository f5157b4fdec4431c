// What every page has: times, the help, and the ways to other pages.

import { bindKeys } from "./keys.js";
import "./once.js";
import "./time.js";

const help = document.getElementById("help");
const link = (word) => document.querySelector(`.bar nav a[href*="${word}"]`);
let wentG = 0;

const open = () => help.showModal();
const afterG = (way) => (way && Date.now() - wentG < 1500 ? way.click() : false);
document.querySelector("[data-help]").addEventListener("click", open);

// The pages of the house fold away again by Escape, and by a press beside them.
const house = document.querySelector(".house");
document.addEventListener("click", (event) => { if (house && !house.contains(event.target)) house.open = false; });
house?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  house.open = false;
  house.querySelector("summary").focus();
});

bindKeys({
  "?": open,
  u: () => link("/upload/")?.click(),
  g: () => { wentG = Date.now(); },
  w: () => afterG(document.querySelector(".brand")),
  c: () => afterG(link("/critical-results/")),
  h: () => afterG(link("/hand-over/")),
});
