// The line that says for a moment what has just happened.

const VISIBLE_MS = 4000;

export class StatusLine {
  private readonly line: HTMLElement;
  private timer = 0;

  constructor(line: HTMLElement) {
    this.line = line;
  }

  show(sentence: string): void {
    clearTimeout(this.timer);
    this.line.textContent = sentence;
    this.line.hidden = false;
    this.timer = window.setTimeout(() => { this.line.hidden = true; }, VISIBLE_MS);
  }
}
