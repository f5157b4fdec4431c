// Boxes on the picture, in its pixels: drawn by a pointer, listed, taken away, kept in a field of the form.

const SVG = "http://www.w3.org/2000/svg";
const LEAST = 2;

export function rectangle([x0, y0, x1, y1], className) {
  const rect = document.createElementNS(SVG, "rect");
  for (const [key, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0, class: className })) {
    rect.setAttribute(key, value);
  }
  return rect;
}

export class Boxes {
  constructor(svg, { columns, rows, boxes }) {
    Object.assign(this, { svg, columns, rows, all: boxes.map((box) => [...box]), isShown: true });
    this.layer = document.getElementById("drawn");
    this.list = document.getElementById("boxes");
    this.value = document.getElementById("boxes-value");
    this.#listen();
    this.show(true);
  }

  /** Show the boxes: on the picture that is asked about, and there alone. */
  show(isShown) {
    this.isShown = isShown;
    this.layer.replaceChildren(...(isShown ? this.all.map((box) => rectangle(box, "own")) : []));
    this.value.value = JSON.stringify(this.all);
    this.list.replaceChildren(...this.all.map((box, index) => this.#line(box, index)));
  }

  /** Add a box, cut to the picture; false where nothing of it is left. */
  add([x0, y0, x1, y1]) {
    const within = (edge, most) => Math.round(Math.min(most, Math.max(0, edge)) * 10) / 10;
    const box = [within(Math.min(x0, x1), this.columns), within(Math.min(y0, y1), this.rows),
      within(Math.max(x0, x1), this.columns), within(Math.max(y0, y1), this.rows)];
    if (!(box[2] - box[0] >= LEAST && box[3] - box[1] >= LEAST)) return false;
    this.all.push(box);
    this.show(this.isShown);
    return true;
  }

  remove(index = this.all.length - 1) {
    this.all.splice(index, 1);
    this.show(this.isShown);
  }

  #line(box, index) {
    const line = document.createElement("li");
    const button = document.createElement("button");
    const [left, top, right, bottom] = box.map(Math.round);
    line.textContent = `${left}, ${top} to ${right}, ${bottom}`;
    Object.assign(button, { type: "button", textContent: "Take away", className: "plain" });
    button.setAttribute("aria-label", `Take away box ${index + 1}`);
    button.addEventListener("click", () => this.remove(index));
    line.append(button);
    return line;
  }

  #at(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [point.x, point.y];
  }

  #listen() {
    let from = null;
    let preview = null;
    this.svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.isShown) return;
      from = this.#at(event);
      this.svg.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.svg.addEventListener("pointermove", (event) => {
      event.stopPropagation(); // a drag draws; it does not move the picture
      if (!from) return;
      const to = this.#at(event);
      preview?.remove();
      preview = rectangle([Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])], "own");
      this.layer.append(preview);
    });
    const end = (event) => {
      if (!from) return;
      const start = from;
      from = null;
      preview?.remove();
      if (event.type === "pointerup") this.add([...start, ...this.#at(event)]);
    };
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", end);
  }
}
