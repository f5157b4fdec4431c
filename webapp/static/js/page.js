// What every page has: times, the help, and the ways to other pages.

import { bindKeys } from "./keys.js";
import "./time.js";

const help = document.getElementById("help");
const link = (word) => document.querySelector(`.bar nav a[href*="${word}"]`);
let wentG = 0;

const open = () => help.showModal();
document.querySelector("[data-help]").addEventListener("click", open);

bindKeys({
  "?": open,
  u: () => link("/upload/")?.click(),
  g: () => { wentG = Date.now(); },
  w: () => (Date.now() - wentG < 1500 ? document.querySelector(".brand").click() : false),
});
