// Boxes, masks, heat maps and readers' outlines over the picture: drawn in the picture's own pixels, each layer switched and
// faded for itself.

const SVG = "http://www.w3.org/2000/svg";
export const LAYERS = ["box", "mask", "heat", "outline"];

/** A person's lines, in the viewer too: a colour that no finding of the AI has. */
const HUMAN = "#ffdd57";

function made(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

export class Layers {
  constructor(root, onSwitch) {
    this.onSwitch = onSwitch;
    this.groups = Object.fromEntries(LAYERS.map((name) => [name, root.querySelector(`#layer-${name}`)]));
    this.edge = root.querySelector("#edge-width");
    this.controls = Object.fromEntries(LAYERS.map((name) => [name, document.querySelector(`.layer[data-layer=${name}]`)]));
    for (const name of LAYERS) {
      this.controls[name].querySelector("button").addEventListener("click", () => this.toggle(name));
      this.controls[name].querySelector("input").addEventListener("input", () => this.#fade(name));
      this.#fade(name);
    }
  }

  isOn(name) {
    return this.controls[name].querySelector("button").getAttribute("aria-pressed") === "true";
  }

  set(name, on) {
    this.controls[name].querySelector("button").setAttribute("aria-pressed", String(on));
    if (on) this.groups[name].removeAttribute("display");
    else this.groups[name].setAttribute("display", "none");
    this.onSwitch();
  }

  toggle(name) {
    this.set(name, !this.isOn(name));
  }

  toggleAll() {
    const on = !LAYERS.some((name) => this.isOn(name));
    for (const name of LAYERS) this.set(name, on);
  }

  /** Draw what belongs to one slice. `size` is [columns, rows]; `heat` the address of a heat map or "". */
  draw(findings, outlines, heat, [columns, rows]) {
    const whole = { x: 0, y: 0, width: columns, height: rows };
    for (const group of Object.values(this.groups)) group.replaceChildren();
    if (heat) made("image", { ...whole, href: heat, preserveAspectRatio: "none" }, this.groups.heat);
    for (const finding of findings) {
      if (finding.mask) this.#mask(finding.mask, finding.colour, `cut-${finding.number}`, whole, this.groups.mask);
      if (finding.box) this.#box(finding);
    }
    for (const [at, outline] of outlines.entries()) this.#outline(outline, at, whole);
    this.controls.outline.classList.toggle("none", !outlines.length);
    this.controls.heat.classList.toggle("none", !heat);
    this.controls.mask.classList.toggle("none", !findings.some((finding) => finding.mask));
    this.controls.box.classList.toggle("none", !findings.some((finding) => finding.box));
  }

  /** Keep words and edges the same size on the screen, whatever the zoom. */
  scaleTo(pixel) {
    this.edge.setAttribute("radius", (1.4 / pixel).toFixed(3));
    for (const text of [this.groups.box, this.groups.outline].flatMap((group) => [...group.querySelectorAll("text")])) {
      const { top, below } = text.dataset;
      text.setAttribute("font-size", 14 / pixel);
      text.setAttribute("stroke-width", 3.5 / pixel);
      text.setAttribute("y", below ? Number(below) + 16 / pixel : Number(top) - 6 / pixel);
    }
  }

  /** What a reader drew: in the colour of people, named below, so that the AI's name stays above. */
  #outline({ mask, by, number, title, box: [x0, , , y1] }, at, whole) {
    this.#mask(mask, HUMAN, `drawn-${at}`, whole, this.groups.outline);
    const text = made("text", { x: x0, class: "mark-name", fill: HUMAN, "data-below": y1 }, this.groups.outline);
    text.textContent = [number ? `${number}` : "", title, by].filter(Boolean).join(" · ");
  }

  #box({ box: [x0, y0, x1, y1], colour, number, title, probability }) {
    const place = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    made("rect", { ...place, class: "mark-halo" }, this.groups.box);
    made("rect", { ...place, class: "mark-box", stroke: colour }, this.groups.box);
    const text = made("text", { x: x0, class: "mark-name", fill: colour, "data-top": y0 }, this.groups.box);
    text.textContent = `${number}  ${title} ${probability}`;
  }

  #mask(mask, colour, id, whole, group) {
    const cut = made("mask", { id, maskUnits: "userSpaceOnUse", ...whole }, group);
    made("image", { ...whole, href: mask, preserveAspectRatio: "none" }, cut);
    const area = { ...whole, fill: colour, mask: `url(#${id})` };
    made("rect", { ...area, "fill-opacity": 0.38 }, group);
    made("rect", area, made("g", { filter: "url(#edge)" }, group));
  }

  #fade(name) {
    this.groups[name].setAttribute("opacity", this.controls[name].querySelector("input").value / 100);
  }
}
