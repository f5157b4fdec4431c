// One slice of many: the slider with its findings, the wheel, a finger, and pictures loaded ahead.

const SVG = "http://www.w3.org/2000/svg";
const AHEAD = 4;

export class Slices {
  constructor(onShow) {
    this.onShow = onShow;
    this.all = [];
    this.at = 0;
    this.loaded = new Map();
    this.input = document.getElementById("slice-input");
    this.input.addEventListener("input", () => this.go(Number(this.input.value) - 1));
    document.getElementById("slice-back").addEventListener("click", () => this.go(this.at - 1));
    document.getElementById("slice-on").addEventListener("click", () => this.go(this.at + 1));
    this.#listen(document.getElementById("screen"));
  }

  /** Take the slices of a series; the reader stays on the slice that they are on. */
  set(slices, findings) {
    this.all = slices;
    document.getElementById("slider").hidden = slices.length < 2;
    this.input.max = Math.max(1, slices.length);
    this.#ticks(findings);
  }

  go(to) {
    if (!this.all.length) return;
    this.at = Math.min(this.all.length - 1, Math.max(0, to));
    this.input.value = this.at + 1;
    document.getElementById("slice-number").textContent =
      this.all.length > 1 ? `Slice ${this.at + 1} / ${this.all.length}` : "";
    this.onShow(this.all[this.at], this.at);
    for (let ahead = 1; ahead <= AHEAD; ahead += 1) {
      for (const near of [this.at + ahead, this.at - ahead]) if (this.all[near]) this.load(this.all[near].src);
    }
  }

  /** Load a picture once; resolves when it can be shown, rejects with a plain sentence when it cannot. */
  load(src) {
    if (!this.loaded.has(src)) {
      if (this.loaded.size > 400) this.loaded.delete(this.loaded.keys().next().value);
      const image = new Image();
      image.src = src;
      const ready = image.decode().then(() => image, () => this.#reason(src));
      ready.catch(() => this.loaded.delete(src));
      this.loaded.set(src, ready);
    }
    return this.loaded.get(src);
  }

  async #reason(src) {
    const answer = await fetch(src).catch(() => null);
    if (answer?.status === 422) throw new Error(`This image cannot be shown. ${await answer.text()}`);
    throw new Error("This image could not be loaded. Check the connection and reload the page.");
  }

  #ticks(findings) {
    const ticks = document.getElementById("ticks");
    ticks.setAttribute("viewBox", `0 0 ${Math.max(1, this.all.length)} 14`);
    ticks.replaceChildren();
    const mark = (from, to, y, height, fill) => {
      const rect = document.createElementNS(SVG, "rect");
      for (const [key, value] of Object.entries({ x: from, width: to - from, y, height, fill })) rect.setAttribute(key, value);
      ticks.append(rect);
    };
    for (const { first, last, slice, colour } of findings) {
      mark(first, last + 1, 8, 4, colour);
      mark(slice, slice + 1, 1, 11, colour);
    }
  }

  #listen(screen) {
    let rest = 0;
    screen.addEventListener("wheel", (event) => {
      if (event.ctrlKey || this.all.length < 2) return;
      event.preventDefault();
      rest += event.deltaMode ? event.deltaY * 40 : event.deltaY;
      const steps = Math.trunc(rest / 40);
      rest -= steps * 40;
      if (steps) this.go(this.at + Math.sign(steps) * Math.min(5, Math.abs(steps)));
    }, { passive: false });
    screen.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch" || screen.classList.contains("zoomed") || this.all.length < 2) return;
      rest += event.movementY;
      const steps = Math.trunc(rest / 10);
      rest -= steps * 10;
      if (steps) this.go(this.at + steps);
    });
  }
}
