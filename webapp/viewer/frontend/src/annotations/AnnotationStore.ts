// Every mark that a person draws is kept in this browser at once and sent to the server soon; what the server has is
// drawn again when its series is hung.

import { eventTarget, utilities as coreUtilities } from "@cornerstonejs/core";
import { annotation, Enums, utilities, type Types as ToolTypes } from "@cornerstonejs/tools";

import type { Cell } from "../viewport/Viewport.ts";
import { shown } from "../controller/Visibility.ts";
import type { Mark, OnImage } from "../api/study.ts";
import { type Answer, Sender } from "./SyncQueue.ts";
import { seriesCut } from "../mpr/mprTools.ts";
import { bodyOf, cutBodyOf, isSame, markDrawn, type Spot } from "./annotationMapping.ts";
import { type Body, isOnCut, type MarkWish, type NewWish, type OutlineWish, Wishes } from "./PendingChanges.ts";

/** How long a mark must be left alone before it is sent: figures are worked out, a hand moves on. */
const SETTLED_MS = 500;

interface Known {
  study: string;
  body: Body;
  /** 0 while the server has none. */
  version: number;
  author: string;
  isOwn: boolean;
  isGone?: boolean;
}

/** Outlines are kept and sent as marks are; what comes of them is told to whoever draws them. */
interface Outlines {
  saved(wish: OutlineWish, answer: Extract<Answer, { verdict: unknown }> | null): void;
  changedMeanwhile(wish: OutlineWish, theirs: { version: number }): void;
  discarded(wish: OutlineWish): void;
}

export class Keeper extends EventTarget {
  outlines: Outlines | null = null;
  readonly wishes: Wishes;
  readonly sender: Sender;
  /** What happened to a mark that somebody else changed too. */
  conflict = "";
  private readonly user: string;
  private readonly known = new Map<string, Known>();
  private readonly spots = new Map<string, Spot>();
  private readonly cells = new Set<Cell>();
  /** Study of each series that was hung: what is drawn on its cuts belongs to it. */
  private readonly studies = new Map<string, string>();
  /** Viewports that cut a volume, while there are some. */
  readonly cuts = new Set<string>();
  /** What was drawn before a conflict may still be heard of; the mark of that name is another one now. */
  private readonly replaced = new WeakSet<ToolTypes.Annotation>();
  /** We draw or remove ourselves; that is nobody's wish. */
  private isOurs = false;

  constructor(user: string) {
    super();
    this.user = user;
    this.wishes = new Wishes(user);
    this.sender = new Sender(this.wishes, user, {
      saved: (wish, answer) => {
        if (wish.of) this.outlines?.saved(wish, answer as Extract<Answer, { verdict: unknown }> | null);
        else this.saved(wish, answer as Mark | null);
        this.renewed();
      },
      changedMeanwhile: (wish, theirs) => (wish.of ? this.outlines?.changedMeanwhile(wish, theirs) : this.bothKept(wish, theirs)),
      renewed: () => this.renewed(),
    });
    const heard = (kind: string, does: (drawn: ToolTypes.Annotation) => void): void => {
      eventTarget.addEventListener(kind, ((event: CustomEvent<{ annotation: ToolTypes.Annotation }>) => {
        if (!this.isOurs) does(event.detail.annotation);
      }) as EventListener);
    };
    const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_ADDED, ANNOTATION_REMOVED } = Enums.Events;
    heard(ANNOTATION_COMPLETED, (drawn) => this.changed(drawn));
    heard(ANNOTATION_MODIFIED, (drawn) => { if (this.known.has(idOf(drawn))) this.changed(drawn); });
    heard(ANNOTATION_ADDED, (drawn) => { if (this.known.has(idOf(drawn))) this.changed(drawn); }); // undone, it is here again
    heard(ANNOTATION_REMOVED, (drawn) => this.removed(idOf(drawn)));
    shown.addEventListener("change", () => this.veiled());
    this.sender.soon(0);
  }

  attach(cell: Cell): void {
    this.cells.add(cell);
    cell.on("seriesShown", () => this.hung(cell));
  }

  /** Return the marks of a series that stand on it now. */
  of(series: string): { id: string; known: Known }[] {
    const here = [...this.known].filter(([id, { body }]) => body.series === series && annotation.state.getAnnotation(id));
    return here.map(([id, known]) => ({ id, known }));
  }

  /** Whether a mark lies on a cut, also one that was taken away. */
  isOnCut(id: string): boolean {
    const known = this.known.get(id);
    return known !== undefined && isOnCut(known.body);
  }

  /** Send again what the server refused. */
  again(): void {
    for (const wish of this.wishes.all()) if (wish.refused) this.wishes.put(wish);
    this.sender.soon(0);
  }

  /** Give up what the server refused. */
  discard(): void {
    for (const wish of this.wishes.all().filter(({ refused }) => refused)) {
      this.wishes.drop(wish.id);
      if (wish.of) this.outlines?.discarded(wish);
    }
    this.renewed();
  }

  /** Keep what is to become of a mark or an outline, and send it in so many ms. */
  wish(wish: NewWish, ms: number): void {
    this.wishes.put(wish);
    this.sender.soon(ms);
    this.renewed();
  }

  private hung({ hung, imageIds }: Cell): void {
    if (!hung) return;
    this.studies.set(hung.series.id, hung.data.study.id);
    hung.series.images.forEach(({ sop, frame }, index) => {
      this.spots.set(imageIds[index] as string, { study: hung.data.study.id, series: hung.series.id, sop, frame });
    });
    for (const mark of hung.data.marks) if (mark.series === hung.series.id) this.learnt(mark);
    for (const wish of this.wishes.all()) if (!wish.of) this.wished(wish, hung.data.study.id, hung.series.id);
    for (const [id, known] of this.known) if (known.body.series === hung.series.id) this.draw(id, known);
    this.veiled();
    this.renewed();
  }

  /** Take in what the server says of a mark, unless something newer is known. */
  private learnt(mark: Mark): void {
    if ((this.known.get(mark.id)?.version ?? -1) >= mark.version) return;
    const body = bodyTold(mark);
    const study = this.studies.get(body.series);
    if (!study || !(isOnCut(body) || this.imageOf(body))) return;
    const isOwn = mark.authorId === this.user;
    this.known.set(mark.id, { study, body, version: mark.version, author: isOwn ? "you" : mark.author, isOwn });
  }

  /** Take in what was drawn before and is not saved yet. */
  private wished({ id, study, body, read }: MarkWish, here: string, series: string): void {
    if (study !== here) return;
    if (!body) this.known.delete(id);
    else if (body.series === series) this.known.set(id, { study, body, version: read, author: "you", isOwn: true });
  }

  private imageOf({ series, sop, frame }: OnImage): string | undefined {
    return [...this.spots].find(([, one]) => one.series === series && one.sop === sop && one.frame === frame)?.[0];
  }

  private draw(id: string, { body, isOwn, isGone }: Known): void {
    if (isGone) return;
    const cell = [...this.cells].find((one) => one.hung?.series.id === body.series);
    const imageId = isOnCut(body) ? cell?.imageIds[0] : this.imageOf(body);
    if (imageId === undefined || !cell?.imageIds.includes(imageId) || annotation.state.getAnnotation(id)) return;
    this.ourselves(() => markDrawn(id, body, cell, imageId, isOwn));
  }

  private changed(drawn: ToolTypes.Annotation): void {
    const id = idOf(drawn);
    const known = this.known.get(id);
    if ((known && !known.isOwn) || !annotation.state.getAnnotation(id) || this.replaced.has(drawn)) return;
    const body = this.bodyNow(drawn, known?.body);
    const study = this.studies.get(body?.series ?? "");
    const wish = this.wishes.get(id);
    if (!body || !study || (known && !known.isGone && isSame(body, known.body) && (wish !== undefined || known.version > 0))) return;
    this.known.set(id, { study, body, version: known?.version ?? 0, author: "you", isOwn: true });
    this.wishOf(id, study, body);
  }

  private bodyNow(drawn: ToolTypes.Annotation, known: Body | undefined): Body | null {
    if (!seriesCut(drawn)) {
      const spot = this.spots.get(drawn.metadata?.referencedImageId ?? "");
      return spot ? bodyOf(drawn, spot, known?.kind) : null;
    }
    const wasMeasured = !drawn.invalidated;
    const body = cutBodyOf(drawn, known && isOnCut(known) ? known : undefined);
    if (wasMeasured && drawn.invalidated) utilities.triggerAnnotationRenderForViewportIds([...this.cuts]); // brought back onto its plane
    return body;
  }

  private removed(id: string): void {
    const known = this.known.get(id);
    if (!known?.isOwn) return;
    known.isGone = true;
    this.wishOf(id, known.study, null);
  }

  private wishOf(id: string, study: string, body: Body | null): void {
    this.wish({ id, study, body, read: this.known.get(id)?.version ?? 0 }, SETTLED_MS);
  }

  private saved(wish: MarkWish, mark: Mark | null): void {
    const known = this.known.get(wish.id);
    // A mark that was taken away has one version more than was read.
    if (known) known.version = mark?.version ?? wish.read + 1;
  }

  /** Somebody (the same reader, in another window) changed the mark meanwhile: theirs stays, ours becomes a new mark. */
  private bothKept(wish: MarkWish, theirs: Mark & { hidden: boolean }): void {
    this.wishes.drop(wish.id);
    if (!wish.body && wish.read === 0) { // the answer to the first save was lost, so its version was not known
      this.wishes.put({ ...wish, read: theirs.version });
      return;
    }
    const ours = annotation.state.getAnnotation(wish.id);
    if (ours) this.replaced.add(ours);
    this.ourselves(() => annotation.state.removeAnnotation(wish.id));
    this.known.delete(wish.id);
    if (!theirs.hidden) {
      this.learnt(theirs);
      const known = this.known.get(wish.id);
      if (known) this.draw(wish.id, known);
    }
    if (wish.body) {
      const id = coreUtilities.uuidv4();
      const own: Known = { study: wish.study, body: wish.body, version: 0, author: "you", isOwn: true };
      this.known.set(id, own);
      this.draw(id, own);
      this.wishes.put({ id, study: wish.study, body: wish.body, read: 0 });
    }
    const what = theirs.hidden ? "taken away" : "changed";
    this.conflict = wish.body
      ? `A mark that you changed was ${what} in another window meanwhile. Both are kept: yours is saved as a mark of its own.`
      : "A mark that you took away was changed in another window meanwhile. The changed mark is kept; take it away again if you want to.";
    this.veiled();
    this.renewed();
  }

  /** Show or hide people's marks as the legend says. */
  private veiled(): void {
    const isOn = shown.isOn("human");
    for (const id of this.known.keys()) {
      if (annotation.state.getAnnotation(id) && annotation.visibility.isAnnotationVisible(id) !== isOn) annotation.visibility.setAnnotationVisibility(id, isOn);
    }
    const shownIn = [...this.cells].filter(({ root, at }) => root.isConnected && at >= 0).map(({ id }) => id);
    utilities.triggerAnnotationRenderForViewportIds([...shownIn, ...this.cuts]);
  }

  private ourselves(does: () => void): void {
    this.isOurs = true;
    try {
      does();
    } finally {
      this.isOurs = false;
    }
  }

  private renewed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

/** Return of a mark what a browser may change. */
function bodyTold(mark: Mark): Body {
  const { series, kind, text, figures, unit } = mark;
  const shape = { series, kind, text, figures, unit };
  if (isOnCut(mark)) return { ...shape, frameOfReference: mark.frameOfReference, normal: mark.normal, points: mark.points };
  return { ...shape, sop: mark.sop, frame: mark.frame, points: mark.points };
}

function idOf(drawn: ToolTypes.Annotation): string {
  return drawn.annotationUID ?? "";
}
