// Where the picture lies on the screen: fit, zoom, drag. One SVG viewBox carries picture and marks alike.

const MOST = 12;

export class Zoom {
  constructor(screen, svg, onChange) {
    Object.assign(this, { screen, svg, onChange, columns: 1, rows: 1, scale: 1, x: 0.5, y: 0.5 });
    new ResizeObserver(() => this.apply()).observe(screen);
    this.#listen();
  }

  /** Take a picture's size; the view stays where it is while the shape stays the same. */
  setPicture(columns, rows) {
    this.columns = columns || 1;
    this.rows = rows || 1;
    this.apply();
  }

  /** Screen pixels that one picture pixel covers. */
  get pixel() {
    const { width, height } = this.screen.getBoundingClientRect();
    return Math.max(1e-6, Math.min(width / this.columns, height / this.rows)) * this.scale;
  }

  by(factor, at = [0.5, 0.5]) {
    const before = this.#under(at);
    this.scale = Math.min(MOST, Math.max(1, this.scale * factor));
    const after = this.#under(at);
    this.#moveTo(this.x + (before[0] - after[0]) / this.columns, this.y + (before[1] - after[1]) / this.rows);
  }

  fit() {
    this.scale = 1;
    this.#moveTo(0.5, 0.5);
  }

  apply() {
    const { width, height } = this.screen.getBoundingClientRect();
    if (!width || !height) return;
    const [wide, high] = [width / this.pixel, height / this.pixel];
    const box = [this.x * this.columns - wide / 2, this.y * this.rows - high / 2, wide, high];
    this.svg.setAttribute("viewBox", box.map((number) => number.toFixed(3)).join(" "));
    this.screen.classList.toggle("zoomed", this.scale > 1);
    this.onChange(this);
  }

  #moveTo(x, y) {
    const held = (at) => (this.scale === 1 ? 0.5 : Math.min(1, Math.max(0, at)));
    [this.x, this.y] = [held(x), held(y)];
    this.apply();
  }

  /** The picture's point under a point of the screen (shares of its width and height). */
  #under([across, down]) {
    const { width, height } = this.screen.getBoundingClientRect();
    return [
      this.x * this.columns + ((across - 0.5) * width) / this.pixel,
      this.y * this.rows + ((down - 0.5) * height) / this.pixel,
    ];
  }

  #listen() {
    this.screen.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const seen = this.screen.getBoundingClientRect();
      this.by(event.deltaY < 0 ? 1.2 : 1 / 1.2, [
        (event.clientX - seen.left) / seen.width, (event.clientY - seen.top) / seen.height,
      ]);
    }, { passive: false });
    this.screen.addEventListener("dblclick", () => this.fit());
    this.screen.addEventListener("pointermove", (event) => {
      if (!(event.buttons & 1) || this.scale === 1) return;
      this.#moveTo(this.x - event.movementX / this.pixel / this.columns, this.y - event.movementY / this.pixel / this.rows);
    });
  }
}
