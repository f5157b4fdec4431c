// The brush on the one picture that a campaign asks about. What is drawn, or that nothing is to be outlined, goes with
// the reader's answer. Keys press the buttons of the page (its own script binds them); the brush goes by the pointer, or
// by arrow keys and space on the picture.

import { maskFetched, painted, type Bits } from "../segmentation/maskCanvas.ts";
import { SIZES, sizeFor, stroked, type Pixel, type Rect } from "../segmentation/brush.ts";
import { tinted } from "../segmentation/EditCanvas.ts";
import { insideOf, runsOf } from "../segmentation/runLength.ts";

const SVG = "http://www.w3.org/2000/svg";
const SQUARE = { along: 1, down: 1 };
const STEPS: Record<string, Pixel> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** What the page says of its case: its picture, and where the outlines of the reader and of others are fetched. */
interface Told {
  columns: number;
  rows: number;
  own: string | null;
  masks: (string | null)[];
}

/** What was said at one moment. */
interface Said {
  runs: number[];
  isEmpty: boolean;
}

function of<T extends Element>(id: string): T {
  return document.getElementById(id) as unknown as T;
}

class Picture {
  private readonly bits: Bits;
  private readonly svg = of<SVGSVGElement>("picture");
  private readonly canvas = document.createElement("canvas");
  private readonly ring = document.createElementNS(SVG, "circle");
  private readonly empty = of<HTMLInputElement>("is-empty");
  private readonly eraser = of<HTMLButtonElement>("eraser");
  private readonly before: Said[] = [];
  private size: number;
  private at: Pixel;
  /** Where the stroke that is being drawn has come to. */
  private stroke: Pixel | null = null;

  constructor({ columns, rows }: Told) {
    this.bits = { inside: new Uint8Array(rows * columns), rows, columns };
    this.size = sizeFor(this.bits);
    this.at = [Math.floor(columns / 2), Math.floor(rows / 2)];
    Object.assign(this.canvas, { width: columns, height: rows, className: "outlining" });
    const frame = document.createElementNS(SVG, "foreignObject");
    for (const [name, value] of Object.entries({ width: columns, height: rows })) frame.setAttribute(name, String(value));
    frame.append(this.canvas);
    this.ring.setAttribute("class", "brush");
    of("outlining").append(frame, this.ring);
    this.listen();
    this.sized(0);
    this.told();
  }

  /** Begin with an outline that is kept: one's own of before, or a reader's whom a third takes. */
  async take(address: string | null, isUndone: boolean): Promise<void> {
    const { rows, columns, inside } = address ? await maskFetched(address) : { ...this.bits, inside: new Uint8Array(this.bits.inside.length) };
    if (rows !== this.bits.rows || columns !== this.bits.columns) return;
    if (isUndone) this.remember();
    this.put({ runs: runsOf(inside), isEmpty: !address });
  }

  private listen(): void {
    this.svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary || this.isElsewhere) return;
      event.preventDefault();
      this.svg.setPointerCapture(event.pointerId);
      this.begin(this.pixelOf(event), event.shiftKey);
    });
    this.svg.addEventListener("pointermove", (event) => {
      event.stopPropagation(); // a drag draws; it does not move the picture
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.to(this.pixelOf(one), event.shiftKey);
    });
    for (const kind of ["pointerup", "pointercancel"] as const) this.svg.addEventListener(kind, () => this.end());
    const screen = of<HTMLElement>("screen");
    screen.addEventListener("keydown", (event) => this.pressed(event));
    screen.addEventListener("keyup", ({ key }) => { if (key === " ") this.end(); });
    screen.addEventListener("blur", () => this.end());
    this.eraser.addEventListener("click", () => this.erases(!this.isEraser));
    of("smaller").addEventListener("click", () => this.sized(-1));
    of("larger").addEventListener("click", () => this.sized(1));
    of("undo").addEventListener("click", () => this.undo());
    this.empty.addEventListener("change", () => {
      this.before.push({ runs: runsOf(this.bits.inside), isEmpty: !this.empty.checked });
      this.put({ runs: this.empty.checked ? [this.bits.inside.length] : runsOf(this.bits.inside), isEmpty: this.empty.checked });
    });
    of<HTMLFormElement>("say").addEventListener("submit", (event) => {
      const { submitter } = event;
      if (!(submitter instanceof HTMLButtonElement) || !submitter.value || this.isSaid) return;
      event.preventDefault();
      this.say("Outline it first, or say (x) that there is nothing to outline.");
    });
  }

  /** Draw by keys: arrows move the brush, and draw while space is held. */
  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.isElsewhere) return;
    const step = STEPS[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    this.at = [Math.round(this.at[0]), Math.round(this.at[1])]; // keys go from pixel to pixel, a pointer lies between
    if (!step) return void (this.stroke || event.repeat || this.begin(this.at, event.shiftKey));
    const far = Math.max(1, Math.round(this.radius));
    const within = (at: number, most: number): number => Math.min(most - 1, Math.max(0, at));
    this.to([within(this.at[0] + step[0] * far, this.bits.columns), within(this.at[1] + step[1] * far, this.bits.rows)], event.shiftKey);
  }

  private begin(at: Pixel, isTurned: boolean): void {
    this.remember();
    this.empty.checked = false;
    this.stroke = at;
    this.to(at, isTurned);
  }

  private to(at: Pixel, isTurned: boolean): void {
    this.at = at;
    this.ringed();
    if (!this.stroke) return;
    this.drawn(stroked(this.bits, this.stroke, at, { radius: this.radius, ...SQUARE }, this.isEraser === isTurned ? 1 : 0));
    this.stroke = at;
  }

  private end(): void {
    if (!this.stroke) return;
    this.stroke = null;
    this.told();
  }

  private remember(): void {
    this.before.push({ runs: runsOf(this.bits.inside), isEmpty: this.empty.checked });
  }

  private undo(): void {
    const said = this.before.pop();
    if (said) this.put(said);
  }

  private put({ runs, isEmpty }: Said): void {
    this.bits.inside.set(insideOf(runs, this.bits.inside.length));
    this.empty.checked = isEmpty;
    const { width, height } = this.canvas;
    this.canvas.getContext("2d")?.clearRect(0, 0, width, height);
    this.drawn({ left: 0, top: 0, right: width, bottom: height });
    this.told();
  }

  private drawn(changed: Rect): void {
    tinted(this.canvas, this.bits, changed);
  }

  /** Say in words what goes with the answer, and lay it into the form. */
  private told(): void {
    const count = this.count;
    of<HTMLInputElement>("runs").value = count ? JSON.stringify(runsOf(this.bits.inside)) : "";
    of<HTMLButtonElement>("undo").disabled = !this.before.length;
    this.say(count ? `Outlined: ${count} pixel${count === 1 ? "" : "s"}.` : this.empty.checked ? "Said: nothing to outline." : "Not outlined yet.");
  }

  private say(words: string): void {
    of("outline-state").textContent = words;
  }

  private get count(): number {
    return this.bits.inside.reduce((sum, one) => sum + one, 0);
  }

  private get isSaid(): boolean {
    return this.empty.checked || this.count > 0;
  }

  /** Whether another slice is shown than the one that is asked about. */
  private get isElsewhere(): boolean {
    return of("outlining").hasAttribute("hidden");
  }

  private get isEraser(): boolean {
    return this.eraser.getAttribute("aria-pressed") === "true";
  }

  private erases(isOn: boolean): void {
    this.eraser.setAttribute("aria-pressed", String(isOn));
    this.ringed();
  }

  private get radius(): number {
    return SIZES[this.size] as number;
  }

  private sized(by: number): void {
    this.size = Math.max(0, Math.min(SIZES.length - 1, this.size + by));
    of("brush-size").textContent = `Brush: ${2 * this.radius} pixel${this.radius === 0.5 ? "" : "s"} across`;
    this.ringed();
  }

  private ringed(): void {
    const [x, y] = this.at;
    for (const [name, value] of Object.entries({ cx: x + 0.5, cy: y + 0.5, r: this.radius })) this.ring.setAttribute(name, value.toFixed(3));
    this.ring.classList.toggle("erases", this.isEraser);
  }

  /** Return where a pointer is, the centre of the first pixel being [0, 0]; the picture begins at that pixel's corner. */
  private pixelOf({ clientX, clientY }: PointerEvent): Pixel {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM()?.inverse());
    return [x - 0.5, y - 0.5];
  }
}

/** Show the outlines of the readers between whom somebody decides, each with its line. */
async function othersShown({ masks, columns, rows }: Told): Promise<void> {
  const names = ["--accent", "--violet"];
  for (const [reader, address] of masks.entries()) {
    if (!address) continue;
    const colour = getComputedStyle(document.documentElement).getPropertyValue(names[reader % 2] as string).trim();
    const image = document.createElementNS(SVG, "image");
    const href = await painted(address, colour, reader % 2 === 1, () => maskFetched(address));
    for (const [name, value] of Object.entries({ href, width: columns, height: rows, class: "other-mask" })) image.setAttribute(name, String(value));
    of("others").append(image);
  }
}

const told = JSON.parse(of("case-data").textContent ?? "") as Told;
const picture = new Picture(told);
if (told.own) void picture.take(told.own, false);
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-take-outline]")) {
  button.addEventListener("click", () => { void picture.take(told.masks[Number(button.dataset.takeOutline)] ?? null, true); });
}
void othersShown(told);
