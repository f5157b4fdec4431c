// A queue that sends files to the upload API, a few at once, and tells what became of each.

const AT_ONCE = 3;
const TRY_AGAIN = new Set([429, 503]);
const PATIENCE = 4;

export class Sending {
  /** `on` has: progress(item), done(item, files), refused(item, reason), lost(item, reason). */
  constructor({ api, on }) {
    Object.assign(this, { api, on, waiting: [], active: new Set() });
  }

  get isBusy() {
    return this.waiting.length + this.active.size > 0;
  }

  add(items) {
    this.waiting.push(...items);
    this.#next();
  }

  #next() {
    while (this.active.size < AT_ONCE && this.waiting.length) this.#send(this.waiting.shift());
  }

  async #send(item) {
    this.active.add(item);
    item.sent = 0;
    try {
      await this.#attempt(item, PATIENCE);
    } finally {
      this.active.delete(item);
      this.#next();
    }
  }

  /** Busy servers are asked again after the time that they name; everything else is told at once. */
  async #attempt(item, left) {
    const { status, body, after } = await this.#request(item);
    if (status === 200 || status === 201) this.on.done(item, body.files ?? []);
    else if (TRY_AGAIN.has(status) && left) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(30, after || 2)));
      await this.#attempt(item, left - 1);
    } else if (status === 413 || status === 400) this.on.refused(item, body.detail ?? "The file was refused.");
    else this.on.lost(item, REASONS[status] ?? body.detail ?? "The server did not answer as expected.");
  }

  #request(item) {
    const form = new FormData();
    form.append("name", item.name); // before the file, so that it is known while the file still comes in
    form.append("file", item.file);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const answer = () => resolve({ status: request.status, body: parsed(request), after: Number(request.getResponseHeader("Retry-After")) });
      request.open("POST", this.api);
      request.setRequestHeader("X-CSRFToken", token());
      request.upload.addEventListener("progress", ({ loaded, total }) => {
        item.sent = total ? loaded / total : 0;
        this.on.progress(item);
      });
      request.addEventListener("load", answer);
      request.addEventListener("error", () => resolve({ status: 0, body: {}, after: 0 }));
      request.addEventListener("abort", () => resolve({ status: 0, body: {}, after: 0 }));
      request.send(form);
    });
  }
}

const REASONS = {
  0: "The connection was lost before the server answered. Nothing was lost: send it again.",
  401: "Your session is over. Sign in again in another tab, then send the rest.",
};

/** The token of the session as it is now: signing in again in another tab renews it. */
function token() {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

function parsed(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}
