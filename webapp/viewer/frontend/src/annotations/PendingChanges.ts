// What was drawn and is not known to be saved: kept in this browser until the server has said so. A key a mark, so that
// two windows do not overwrite each other; no name of a patient.

import type { Mark, OnCut, OnImage, Outline } from "../api/study.ts";

/** What the server is told of a mark. */
export type Body = OnImage | OnCut;

/** Whether a mark lies on a cut through a volume, on no image. */
export function isOnCut(body: OnImage | OnCut): body is OnCut {
  return "normal" in body;
}

/** What the server is told of an outline: its mask as runs (see outlines/runs.ts), its area, and what is said by it. */
export interface OutlineBody extends Pick<Outline, "series" | "sop" | "frame" | "finding" | "missed"> {
  label_title: string;
  runs: number[];
  /** That nothing lies on this image is said in so many words. */
  is_empty: boolean;
  figures: { area: number };
  unit: Mark["unit"];
}

interface Wished {
  id: string;
  study: string;
  /** The version that the reader saw; 0 for a new mark. */
  read: number;
  /** Counts changes of the wish, so that an answer to an older one does not end it. */
  change: number;
  /** Why the server refused it for good, in words. */
  refused: string;
}

/** What a mark is to be; null: taken away. */
export interface MarkWish extends Wished {
  of?: never;
  body: Body | null;
}
export interface OutlineWish extends Wished {
  of: "outlines";
  body: OutlineBody | null;
}
export type Wish = MarkWish | OutlineWish;
/** A wish before it is kept. */
export type NewWish = Omit<MarkWish, "change" | "refused"> | Omit<OutlineWish, "change" | "refused">;

export class Wishes {
  /** Set where this browser keeps nothing; then they live as long as the page. */
  trouble = "";
  private readonly begin: string;
  private readonly here = new Map<string, Wish>();

  constructor(user: string) {
    this.begin = `readroom-mark ${user} `;
    for (const wish of this.stored()) this.here.set(wish.id, wish);
  }

  all(): Wish[] {
    return [...this.here.values()];
  }

  get(id: string): Wish | undefined {
    return this.here.get(id);
  }

  put(wish: NewWish): void {
    const kept: Wish = { ...wish, change: (this.here.get(wish.id)?.change ?? 0) + 1, refused: "" };
    this.here.set(wish.id, kept);
    this.keep(kept);
  }

  /** The server refused a wish: it is kept, and sent again only when somebody asks. */
  refuse(wish: Wish, why: string): void {
    const kept = { ...wish, refused: why };
    this.here.set(wish.id, kept);
    this.keep(kept);
  }

  /** The server has it. What was wished meanwhile is wished on top of it. */
  done(wish: Wish, version: number): void {
    const now = this.here.get(wish.id);
    if (now && now.change !== wish.change) this.put({ ...now, read: version });
    else this.drop(wish.id);
  }

  drop(id: string): void {
    const ours = this.here.get(id)?.change ?? 0;
    this.here.delete(id);
    try {
      const stored = JSON.parse(localStorage.getItem(this.begin + id) ?? "null") as Wish | null;
      if (stored && stored.change > ours) return; // another window wished more since
      localStorage.removeItem(this.begin + id);
    } catch {
      // Nothing was kept, so there is nothing to remove.
    }
  }

  private keep(wish: Wish): void {
    try {
      localStorage.setItem(this.begin + wish.id, JSON.stringify(wish));
      this.trouble = "";
    } catch {
      this.trouble = "This browser cannot keep marks, so those that are not saved end with this page.";
    }
  }

  private stored(): Wish[] {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.begin));
      return keys.map((key) => JSON.parse(localStorage.getItem(key) as string) as Wish);
    } catch {
      return [];
    }
  }
}
