// The readers' outlines that are known here: as the server told them, and the own ones as they were drawn since. Each
// stroke goes to the browser's storage at once and to the server soon, by the sender that marks go by.

import { keeper } from "../annotations/index.ts";
import type { OutlineBody, OutlineWish } from "../annotations/PendingChanges.ts";
import { maskFetched, type Bits } from "./maskCanvas.ts";
import type { Cell } from "../viewport/Viewport.ts";
import type { Hung, ImageRef, Outline, Told } from "../api/study.ts";
import { boxOf } from "./brush.ts";
import { insideOf, runsOf } from "./runLength.ts";

const SETTLED_MS = 500;

/** One outline on one image. */
export interface Held {
  id: string;
  study: string;
  series: string;
  sop: string;
  frame: number;
  finding: number | null;
  /** Of what the AI missed: the outline of it that was drawn first, on whichever image. */
  missed: string | null;
  label: string;
  author: string;
  isOwn: boolean;
  /** 0 while the server has none. */
  version: number;
  /** Null: its author says that nothing lies on this image, which is another thing than to draw nothing there. */
  box: readonly [number, number, number, number] | null;
  /** Another one for each form of it, so that no picture of an older form is shown. */
  form: string;
  bits(): Promise<Bits>;
}

/** What is outlined: a finding of the AI, or in the reader's words what it missed (`missed` is null before a stroke). */
export type Target = Pick<Held, "finding" | "missed" | "label">;
/** Which outline it is, on which image. */
export type Spot = Pick<Held, "id" | "study" | "series" | "sop" | "frame">;

class Store extends EventTarget {
  private readonly held = new Map<string, Held>();
  private readonly gone = new Map<string, number>();
  /** What the reader said by it is told here. */
  private verdicts: Told[] = [];
  private strokes = 0;
  /** Whether an outline is in hand in a viewport, which then draws it itself. */
  isDrawnIn: (cell: Cell, id: string) => boolean = () => false;
  private readonly user = document.getElementById("viewer")?.dataset.user ?? "";

  constructor() {
    super();
    keeper.outlines = {
      saved: (wish, answer) => this.saved(wish, answer),
      changedMeanwhile: (wish, theirs) => this.mineOnTop(wish, theirs.version),
      discarded: ({ id }) => { this.held.delete(id); this.changed(); },
    };
  }

  /** Learn what is known of a series: from the server, and what was drawn here and is not saved yet. */
  learn({ data, series, isPrior }: Hung): void {
    if (!isPrior) this.verdicts = data.verdicts;
    for (const told of data.outlines.filter((one) => one.series === series.id)) this.learnt(told, data.study.id);
    for (const wish of keeper.wishes.all()) {
      if (wish.of !== "outlines" || wish.study !== data.study.id) continue;
      if (!wish.body) this.held.delete(wish.id);
      else if (wish.body.series === series.id) this.wished(wish.id, wish.study, wish.body, wish.read, series.images);
    }
    this.changed();
  }

  /** Return the outlines on an image, those of others first. */
  on(series: string, { sop, frame }: ImageRef): Held[] {
    const here = [...this.held.values()].filter((one) => one.series === series && one.sop === sop && one.frame === frame);
    return here.sort((one, other) => Number(one.isOwn) - Number(other.isOwn));
  }

  /** Return the reader's own outlines of a finding. */
  ofFinding(finding: number): Held[] {
    return [...this.held.values()].filter((one) => one.isOwn && one.finding === finding);
  }

  /** Return the reader's own outlines of one thing that the AI missed. */
  ofMissed(first: string): Held[] {
    return [...this.held.values()].filter((one) => one.isOwn && one.finding === null && one.missed === first);
  }

  /** Return what the reader outlined on a series that the AI missed, each thing with all its outlines. */
  missedOn(series: string): Held[][] {
    const own = [...this.held.values()].filter((one) => one.isOwn && one.finding === null && one.series === series);
    return [...new Set(own.map(({ missed }) => missed))].map((first) => own.filter(({ missed }) => missed === first));
  }

  get(id: string): Held | undefined {
    return this.held.get(id);
  }

  /** Keep what was drawn, or that nothing lies there. */
  drawn(one: Spot & Target, bits: Bits, figures: { area: number }, unit: "mm" | "px"): void {
    const { id, study, series, sop, frame, finding, missed, label } = one;
    const version = this.held.get(id)?.version ?? this.gone.get(id) ?? 0;
    const { box } = this.own(one, { ...bits, inside: bits.inside.slice() }, version);
    const body = { series, sop, frame, finding, missed, label_title: label, figures, unit, runs: runsOf(bits.inside), is_empty: !box };
    keeper.wish({ of: "outlines", id, study, body, read: version }, SETTLED_MS);
    this.changed();
  }

  /** Take an outline away: its first stroke was undone. */
  taken(id: string): void {
    const one = this.held.get(id);
    if (!one) return;
    this.held.delete(id);
    this.gone.set(id, one.version);
    keeper.wish({ of: "outlines", id, study: one.study, body: null, read: one.version }, SETTLED_MS);
    this.changed();
  }

  private learnt(told: Outline, study: string): void {
    if ((this.held.get(told.id)?.version ?? -1) >= told.version) return;
    const { id, series, sop, frame, finding, missed, label, version, box, mask } = told;
    const isOwn = told.authorId === this.user;
    this.held.set(id, { id, study, series, sop, frame, finding, missed, label, version, box, isOwn, author: isOwn ? "you" : told.author, form: mask, bits: () => maskFetched(mask) });
  }

  private wished(id: string, study: string, body: OutlineBody, version: number, images: readonly ImageRef[]): void {
    const image = images.find(({ sop, frame }) => sop === body.sop && frame === body.frame);
    if (!image) return;
    const { rows, columns } = image;
    const { series, sop, frame, finding, label_title: label } = body;
    const missed = finding === null ? body.missed ?? id : null; // a wish from before there were several images has none
    this.own({ id, study, series, sop, frame, finding, missed, label }, { inside: insideOf(body.runs, rows * columns), rows, columns }, version);
  }

  /** Hold an outline of the reader as it is now in this browser. */
  private own({ id, study, series, sop, frame, finding, missed, label }: Spot & Target, bits: Bits, version: number): Held {
    const held = { id, study, series, sop, frame, finding, missed, label, version, box: boxOf(bits), author: "you", isOwn: true, form: this.form(), bits: () => Promise.resolve(bits) };
    this.held.set(id, held);
    return held;
  }

  private saved(wish: OutlineWish, answer: (Outline & { verdict?: Told; instead?: boolean }) | null): void {
    const one = this.held.get(wish.id);
    const version = answer?.version ?? wish.read + 1;
    if (one) one.version = version;
    else this.gone.set(wish.id, version);
    if (answer?.instead) keeper.conflict = "Another window drew another outline here meanwhile. Yours counts now; the other is kept as it was.";
    if (answer?.verdict) this.told(answer.verdict);
    else if (!wish.body) this.untold(wish.id);
    this.changed();
  }

  private told(verdict: Told): void {
    const thing = thingOf(verdict);
    const others = this.verdicts.filter((one) => thingOf(one) !== thing);
    this.verdicts.splice(0, this.verdicts.length, ...others, verdict);
  }

  /** What was said by an outline alone is said no more. */
  private untold(id: string): void {
    const isLeft = (one: Told): boolean => (one.finding === null ? this.ofMissed(String(thingOf(one))).length > 0 : one.label !== "" || this.ofFinding(one.finding).length > 0);
    this.verdicts.splice(0, this.verdicts.length, ...this.verdicts.filter((one) => one.mark !== id || isLeft(one)));
  }

  /** The same reader drew it in another window meanwhile: that form is kept as a version, this one counts. */
  private mineOnTop(wish: OutlineWish, version: number): void {
    const one = this.held.get(wish.id);
    if (one) one.version = version;
    keeper.wish({ ...wish, read: version }, SETTLED_MS);
    if (wish.read > 0) keeper.conflict = "An outline that you changed was changed in another window meanwhile. Yours counts now; the other is kept as an earlier version.";
    this.changed();
  }

  private form(): string {
    this.strokes += 1;
    return `stroke ${this.strokes}`;
  }

  private changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

/** Return what a verdict is about: a finding, or what the AI missed by the mark that showed it first. */
function thingOf({ finding, missed, mark }: Told): number | string | null {
  return finding ?? missed ?? mark;
}

/** Say in words what the reader outlined of one thing; "" where nothing. */
export function wordsOf(own: readonly Held[]): string {
  const empty = own.filter(({ box }) => !box).length;
  const counted = (words: string, count: number): string => (count ? words + (count > 1 ? ` on ${count} images` : "") : "");
  return [counted("outline", own.length - empty), counted("nothing to outline", empty)].filter(Boolean).join(", ");
}

export const store = new Store();
