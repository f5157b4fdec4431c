// One picture of a campaign: answers by their digit, the slices around it, boxes on it.

import { bindKeys } from "../keys.js";
import { Zoom } from "../study/zoom.js";
import { Boxes, rectangle } from "./boxes.js";

const data = JSON.parse(document.getElementById("case-data").textContent);
const [svg, slice, screen] = ["picture", "slice", "screen"].map((id) => document.getElementById(id));
const [message, input, number] = ["message", "slice-input", "slice-number"].map((id) => document.getElementById(id));
const [others, outlining] = ["others", "outlining"].map((id) => document.getElementById(id));
const zoom = new Zoom(screen, svg, () => {});
const boxes = data.asksBoxes ? new Boxes(svg, data) : null;
let at = data.key;

function go(to) {
  at = Math.min(data.slices.length - 1, Math.max(0, to));
  const isKey = at === data.key;
  slice.setAttribute("href", data.slices[at]);
  input.value = at + 1;
  number.textContent = `${at + 1} / ${data.slices.length}${isKey ? ", asked about" : ""}`;
  document.getElementById("to-key").disabled = isKey;
  others.toggleAttribute("hidden", !isKey);
  outlining?.toggleAttribute("hidden", !isKey);
  boxes?.show(isKey);
}

for (const [name, value] of Object.entries({ width: data.columns, height: data.rows })) slice.setAttribute(name, value);
slice.addEventListener("load", () => { message.hidden = true; });
slice.addEventListener("error", async () => {
  const answer = await fetch(data.slices[at]).catch(() => null);
  message.textContent = answer?.status === 422 ? `This image cannot be shown. ${await answer.text()}`
    : "This image could not be loaded. Check the connection and reload the page.";
  message.hidden = false;
});
data.others.forEach((drawn, reader) => others.append(...drawn.map((box) => rectangle(box, `other other-${reader + 1}`))));
document.getElementById("slider").hidden = data.slices.length < 2;
input.max = data.slices.length;
input.addEventListener("input", () => go(Number(input.value) - 1));
document.getElementById("to-key").addEventListener("click", () => go(data.key));
screen.addEventListener("wheel", (event) => {
  if (event.ctrlKey || data.slices.length < 2) return;
  event.preventDefault();
  go(at + Math.sign(event.deltaY));
}, { passive: false });

document.querySelectorAll("[data-take]").forEach((button) => {
  button.addEventListener("click", () => data.others[button.dataset.take].forEach((box) => boxes.add(box)));
});
const edges = [...document.querySelectorAll("[data-edge]")];
document.getElementById("add-box")?.addEventListener("click", () => {
  const drawn = edges.map((edge) => (edge.value === "" ? NaN : Number(edge.value)));
  if (boxes.add(drawn)) edges.forEach((edge) => { edge.value = ""; });
  else (edges.find((edge) => edge.value === "") ?? edges[0]).focus();
});
// Enter in a field of a form would press its first button: an answer that nobody gave.
document.getElementById("say").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  if (edges.includes(event.target)) document.getElementById("add-box").click();
});

const keys = {
  ArrowUp: () => go(at - 1), ArrowDown: () => go(at + 1), k: () => go(data.key),
  "+": () => zoom.by(1.25), "-": () => zoom.by(0.8), f: () => zoom.fit(),
  z: () => boxes?.remove(), b: () => document.getElementById("before")?.click(),
};
document.querySelectorAll("[data-key]").forEach((button) => { keys[button.dataset.key] = () => button.click(); });
bindKeys(keys);
zoom.setPicture(data.columns, data.rows);
go(at);
