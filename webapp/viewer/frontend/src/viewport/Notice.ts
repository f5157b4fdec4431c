// A sentence in place of an image, with a way to try again.

const PATIENCE_MS = 250;

export class Notice {
  private readonly box: HTMLElement;
  private patience = 0;

  constructor(root: HTMLElement) {
    this.box = document.createElement("div");
    this.box.className = "notice-over";
    this.box.setAttribute("role", "status");
    this.box.hidden = true;
    root.append(this.box);
  }

  /** Say that something comes, if it does not come soon. */
  wait(sentence: string): void {
    clearTimeout(this.patience);
    this.patience = window.setTimeout(() => this.put("is-waiting", sentence), PATIENCE_MS);
  }

  /** Say why nothing is shown; covers the image, which is no longer what was asked for. */
  say(sentence: string, retry?: () => void): void {
    clearTimeout(this.patience);
    this.put("is-covering", sentence);
    if (!retry) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Retry";
    button.addEventListener("click", retry);
    this.box.append(button);
  }

  clear(): void {
    clearTimeout(this.patience);
    this.box.hidden = true;
  }

  private put(look: string, sentence: string): void {
    this.box.className = `notice-over ${look}`;
    const text = document.createElement("p");
    text.textContent = sentence;
    this.box.replaceChildren(text);
    this.box.hidden = false;
  }
}
