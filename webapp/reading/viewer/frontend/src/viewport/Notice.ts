// A message in place of an image, with a way to retry.

const LOADING_DELAY_MS = 250;

export class Notice {
  private readonly box: HTMLElement;
  private timer = 0;

  constructor(root: HTMLElement) {
    this.box = document.createElement("div");
    this.box.className = "notice-over";
    this.box.setAttribute("role", "status");
    this.box.hidden = true;
    root.append(this.box);
  }

  /** Say that something is loading, unless it arrives at once. */
  showLoading(sentence: string): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.render("is-waiting", sentence), LOADING_DELAY_MS);
  }

  /** Cover the image, which is no longer the one requested, and say why. */
  cover(sentence: string, retry?: () => void): void {
    clearTimeout(this.timer);
    this.render("is-covering", sentence);
    if (!retry) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Retry";
    button.addEventListener("click", retry);
    this.box.append(button);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.box.hidden = true;
  }

  private render(look: string, sentence: string): void {
    this.box.className = `notice-over ${look}`;
    const text = document.createElement("p");
    text.textContent = sentence;
    this.box.replaceChildren(text);
    this.box.hidden = false;
  }
}
