// The study page: joins slices, zoom and marks, and renews them when the answer comes in.

import { bindKeys } from "../keys.js";
import { Layers } from "./layers.js";
import { Slices } from "./slices.js";
import { say as sayOf } from "./verdicts.js";
import { Zoom } from "./zoom.js";

const byId = (id) => document.getElementById(id);
const svg = byId("picture");
const layers = new Layers(svg, () => { document.querySelector(".heat-of").hidden = !layers.isOn("heat") || !byId("heat-choice").length; });
const zoom = new Zoom(byId("screen"), svg, ({ pixel, scale }) => {
  layers.scaleTo(pixel);
  byId("zoom-shown").textContent = scale === 1 ? "Fit" : `Zoom ${scale.toFixed(1)}`;
});
const slices = new Slices(show);
let data = { slices: [], findings: [], heats: [], outlines: [] };

function say(sentence) {
  byId("message").hidden = !sentence;
  byId("message").textContent = sentence;
}

/** Show one slice: its marks only together with its own picture. */
async function show(slice, at) {
  const patience = setTimeout(() => say("Loading …"), 250);
  try {
    const image = await slices.load(slice.src);
    if (at !== slices.at) return;
    const size = [image.naturalWidth, image.naturalHeight];
    const picture = byId("slice");
    picture.setAttribute("href", slice.src);
    picture.setAttribute("width", size[0]);
    picture.setAttribute("height", size[1]);
    byId("side").textContent = slice.side ? `Laterality: ${slice.side}` : "";
    drawMarks(at, size);
    zoom.setPicture(...size);
    say("");
    viewerAt(at + 1);
  } catch (trouble) {
    if (at === slices.at) {
      byId("slice").removeAttribute("href");
      layers.draw([], [], "", [1, 1]);
      byId("continues").hidden = true;
      say(trouble.message);
    }
  } finally {
    clearTimeout(patience);
  }
}

/** Let the viewer open at this image. */
function viewerAt(image) {
  const link = byId("to-viewer");
  if (link) link.href = Object.assign(new URL(link.href), { search: `?series=${new URLSearchParams(link.search).get("series")}&image=${image}` }).href;
}

const toViewer = () => byId("to-viewer")?.click();
/** Enter presses what has the focus; only where nothing has, it opens the viewer. */
const entered = (event) => (event.target === document.body || event.target.id === "screen" ? toViewer() : false);

function drawMarks(at, size) {
  const here = data.findings.filter((finding) => finding.slice === at);
  const heats = [
    ...here.filter((finding) => finding.heat).map((finding) => ({ title: `Finding ${finding.number}`, src: finding.heat })),
    ...data.heats.filter((heat) => heat.slice === at),
  ];
  layers.draw(here, data.outlines.filter(({ slice }) => slice === at), chosenHeat(heats), size);
  // A finding is marked on its clearest slice only; on its others the reader is told where.
  const near = data.findings.filter(({ slice, first, last }) => slice !== at && first <= at && at <= last);
  // One of whole slices has no mark: its name stands over the picture instead.
  const whole = here.filter(({ box }) => !box).map(({ number, title, probability }) => `Finding ${number}: ${title} ${probability}, no box`);
  const told = [...whole, ...near.map(({ number, slice, box }) => `Finding ${number}: ${box ? "marked" : "clearest"} on slice ${slice + 1}`)];
  byId("continues").hidden = !told.length;
  byId("continues").textContent = told.join(" · ");
  for (const button of document.querySelectorAll(".finding")) {
    button.classList.toggle("is-shown", Number(button.dataset.slice) === at);
  }
}

/** Offer the heat maps of this slice; keep what was chosen where this slice has it too. */
function chosenHeat(heats) {
  const choice = byId("heat-choice");
  const kept = choice.value;
  choice.replaceChildren(...heats.map(({ title }) => new Option(`Heat map of: ${title}`, title)));
  choice.parentElement.hidden = !heats.length || !layers.isOn("heat");
  const found = heats.find(({ title }) => title === kept) ?? heats[0];
  if (found) choice.value = found.title;
  return found?.src ?? "";
}

/** Read what the server knows now. Only the first time does it choose the slice: it never moves a reader. */
function renew({ first }) {
  data = JSON.parse(byId("viewer-data").textContent);
  slices.set(data.slices, data.findings);
  const start = data.findings[0]?.slice ?? Math.floor(data.slices.length / 2);
  if (data.slices.length) slices.go(first ? start : slices.at);
  else say("No image to show.");
}

function nextFinding(by) {
  const places = [...new Set(data.findings.map(({ slice }) => slice))].sort((one, other) => one - other);
  if (!places.length) return;
  const ahead = by > 0 ? places.find((slice) => slice > slices.at) : places.findLast((slice) => slice < slices.at);
  slices.go(ahead ?? (by > 0 ? places[0] : places.at(-1)));
}

byId("heat-choice").addEventListener("change", () => slices.go(slices.at));
byId("zoom-in").addEventListener("click", () => zoom.by(1.4));
byId("zoom-out").addEventListener("click", () => zoom.by(1 / 1.4));
byId("zoom-fit").addEventListener("click", () => zoom.fit());

document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-slice]");
  if (!asked) return;
  if (asked.dataset.heat) {
    layers.set("heat", true);
    slices.go(Number(asked.dataset.slice));
    byId("heat-choice").replaceChildren(new Option(asked.dataset.heat, asked.dataset.heat));
  }
  slices.go(Number(asked.dataset.slice));
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, serverResponse } = event.detail;
  if (!["answer", "criticals"].includes(target.id) || xhr.status === 204) return;
  if (serverResponse.includes(`id="${target.id}"`)) return;
  event.detail.shouldSwap = false; // The session is over: the answer is the sign-in page.
  if (xhr.status < 400) location.reload();
});
document.addEventListener("htmx:afterSettle", (event) => {
  const empty = !data.slices.length;
  if (event.target.id === "answer" || event.detail.elt?.id === "answer") renew({ first: empty });
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "criticals") document.querySelector("#criticals summary")?.focus();
});

/** Open the form that is due: somebody was told of what waits, else another critical result. */
function critical() {
  const asks = document.querySelector("#criticals .critical:not(.settled) .tell") ?? document.querySelector("#criticals .record");
  if (!asks) return false;
  asks.open = true;
  asks.querySelector("input:not([type=hidden])").focus();
  return true;
}

const by = (steps) => () => slices.go(slices.at + steps);
bindKeys({
  ArrowUp: by(-1), ArrowLeft: by(-1), ArrowDown: by(1), ArrowRight: by(1), PageUp: by(-10), PageDown: by(10),
  Home: () => slices.go(0), End: () => slices.go(data.slices.length - 1),
  a: () => sayOf("agree"), d: () => sayOf("disagree"), e: () => sayOf("edit"),
  N: () => byId("finish")?.click(), c: critical,
  r: () => byId("to-report")?.click(), S: () => byId("to-sign")?.click(),
  n: () => nextFinding(1), p: () => nextFinding(-1),
  b: () => layers.toggle("box"), m: () => layers.toggle("mask"), h: () => layers.toggle("heat"), l: () => layers.toggle("outline"), o: () => layers.toggleAll(),
  v: toViewer, Enter: entered,
  "+": () => zoom.by(1.4), "=": () => zoom.by(1.4), "-": () => zoom.by(1 / 1.4), 0: () => zoom.fit(),
});

layers.set("heat", false);
renew({ first: true });
