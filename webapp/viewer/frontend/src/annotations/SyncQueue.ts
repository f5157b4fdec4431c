// Sends what was drawn, one mark after the other, until the server has all of it.

import type { Mark, Outline, Told } from "../api/study.ts";
import type { Wish, Wishes } from "./PendingChanges.ts";

const SOONEST_MS = 1000;
const LATEST_MS = 30_000;

/** At most so much is sent by a page that is closed meanwhile (the Fetch Standard allows 64 KiB of all that is on its way). */
const ALIVE_CHARACTERS = 50_000;

/** What the server says of what it saved. */
export type Answer = Mark | (Outline & { verdict: Told });
/** What came of a wish. */
export interface Heard {
  saved(wish: Wish, answer: Answer | null): void;
  /** Somebody changed the mark meanwhile: `theirs` is what it says now. */
  changedMeanwhile(wish: Wish, theirs: Mark & { hidden: boolean }): void;
  /** The state is another one. */
  renewed(): void;
}
export type Trouble = "" | "unreachable" | "signed out" | "somebody else";

interface Refusal {
  detail?: string;
  code?: string;
  mark?: Mark & { hidden: boolean };
}

export class Sender {
  trouble: Trouble = "";
  isBusy = false;
  private readonly wishes: Wishes;
  private readonly user: string;
  private readonly heard: Heard;
  private wait = SOONEST_MS;
  private timer = 0;

  constructor(wishes: Wishes, user: string, heard: Heard) {
    this.wishes = wishes;
    this.user = user;
    this.heard = heard;
    addEventListener("online", () => this.soon(0));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.soon(0); });
  }

  /** Send what waits in so many ms; a later call replaces an earlier one. */
  soon(ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => { void this.send(); }, ms);
  }

  /** Wishes that wait, without those that the server refused. */
  waiting(): Wish[] {
    return this.wishes.all().filter(({ refused }) => !refused);
  }

  private async send(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.heard.renewed();
    for (let [wish] = this.waiting(); wish; [wish] = this.waiting()) {
      this.trouble = await this.sendOne(wish);
      if (this.trouble) break;
      this.wait = SOONEST_MS;
    }
    this.isBusy = false;
    this.heard.renewed();
    if (!this.trouble) return;
    this.soon(this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LATEST_MS);
  }

  private async sendOne(wish: Wish): Promise<Trouble> {
    let answer: Response;
    try {
      answer = await this.asked(wish);
    } catch {
      return "unreachable";
    }
    if (answer.ok || (answer.status === 404 && !wish.body)) {
      const mark = wish.body ? ((await answer.json().catch(() => null)) as Answer | null) : null;
      if (wish.body && !mark) return "unreachable"; // cut off on its way
      this.wishes.done(wish, mark?.version ?? 0);
      this.heard.saved(wish, mark);
      return "";
    }
    const refusal = (await answer.json().catch(() => ({}))) as Refusal;
    if (answer.status === 409 && refusal.mark) {
      this.heard.changedMeanwhile(wish, refusal.mark);
      return "";
    }
    if (answer.status >= 500 || answer.status === 429) return "unreachable";
    if (refusal.code === "somebody_else") return "somebody else";
    if (answer.status === 401 || (answer.status === 403 && refusal.code !== "not_the_author")) return "signed out";
    this.wishes.refuse(wish, refusal.detail ?? `The server answered with error ${answer.status}.`);
    return "";
  }

  private asked({ of, id, body, read }: Wish): Promise<Response> {
    const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token() };
    const options = { credentials: "same-origin", headers } as const;
    const address = `/api/${of ?? "marks"}/${id}/`;
    if (!body) return fetch(`${address}?version=${read}`, { ...options, keepalive: true, method: "DELETE" });
    const sent = JSON.stringify({ ...body, version: read, authorId: this.user });
    return fetch(address, { ...options, keepalive: sent.length < ALIVE_CHARACTERS, method: "PUT", body: sent });
  }
}

/** Signing in again makes a new token; the cookie has it, the page still holds the old one. */
export function token(): string {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}
