// The annotations on the series of the active viewport, and whether all of the reader's own are saved.

import type { Series } from "../api/study.ts";
import { describeAnnotation, describeLocation } from "../annotations/annotationMapping.ts";
import type { AnnotationStore } from "../annotations/AnnotationStore.ts";
import { isMprAnnotation, type AnnotationBody } from "../annotations/PendingChanges.ts";
import type { SyncQueue } from "../annotations/SyncQueue.ts";
import type { ViewerController } from "../controller/ViewerController.ts";
import { centroid } from "../dicom/reformat.ts";
import { button, element, replaceIfChanged } from "./dom.ts";
import { reviewMenu, reviewText } from "./reviewMenu.ts";

interface ListedAnnotation {
  id: string;
  title: string;
  author: string;
  isOwn: boolean;
  review: string;
  body: AnnotationBody;
  /** -1 on a reformatted plane. */
  imageIndex: number;
  isSaved: boolean;
}

interface SyncState {
  state: "saved" | "saving" | "waiting" | "refused";
  text: string;
  rejection: string;
  conflict: string;
  isSignedOut: boolean;
}

export class AnnotationPanel {
  private readonly state = element("div", "saved-state");
  private readonly list = element("ul", "marks");
  private readonly controller: ViewerController;
  private readonly annotations: AnnotationStore;
  private readonly queue: SyncQueue;

  constructor(box: HTMLElement, controller: ViewerController, annotations: AnnotationStore, queue: SyncQueue) {
    this.controller = controller;
    this.annotations = annotations;
    this.queue = queue;
    this.state.setAttribute("role", "status");
    box.append(element("h2", "", "Marks"), this.state, this.list);
  }

  update(): void {
    const state = syncState(this.queue);
    this.state.dataset.state = state.state;
    replaceIfChanged(this.state, state, () => this.stateLines(state));
    const series = this.controller.viewports.length ? this.controller.active.displaySet?.series : undefined;
    const listed = series ? this.listed(series) : [];
    replaceIfChanged(this.list, listed, () => (series && listed.length ? listed.map((one) => this.item(one, series)) : [element("li", "quiet", "None on this series. Measurements are saved automatically.")]));
  }

  private listed(series: Series): ListedAnnotation[] {
    return this.annotations.onSeries(series.id).map(({ id, known: { body, author, isOwn } }) => ({
      id, title: describeAnnotation(body), author, isOwn, body,
      review: reviewText(this.controller.data.verdicts, id), imageIndex: imageIndexOf(series, body), isSaved: !this.queue.changes.get(id),
    }));
  }

  private item({ id, title, author, isOwn, review, body, imageIndex, isSaved }: ListedAnnotation, series: Series): HTMLElement {
    const details = [author, describeLocation(body, imageIndex, series.images.length), isSaved ? "saved" : "not saved yet"];
    const show = button("finding", () => void this.show(series, body, imageIndex),
      element("b", "", title),
      element("span", "quiet", details.filter(Boolean).join(" · ")),
      review ? element("span", "told", review) : "");
    show.dataset.name = id;
    const { study, verdicts } = this.controller.data;
    return element("li", "", show, isOwn && isSaved ? reviewMenu(study.id, id, series, verdicts, () => this.update()) : "");
  }

  /** Show an annotation where it lies: on its image, or on its reformatted plane. */
  private async show(series: Series, body: AnnotationBody, imageIndex: number): Promise<void> {
    if (isMprAnnotation(body)) return this.controller.showInMpr(series, body.normal, centroid(body.points));
    this.controller.closeMpr();
    const [x, y] = centroid(body.points.map(([column, row]) => [column, row, 0]));
    await this.controller.showImage(series, imageIndex, [x, y]);
  }

  private stateLines({ state, text, rejection, conflict, isSignedOut }: SyncState): Node[] {
    const lines: Node[] = text ? [element("p", "", element("i", `state-sign ${state}`), text)] : [];
    if (isSignedOut) {
      const link = element("a", "", "Sign in in a new tab");
      Object.assign(link, { href: "/sign-in/", target: "_blank", rel: "noopener" });
      lines.push(link);
    }
    if (rejection) {
      lines.push(element("p", "trouble", rejection), button("plain", () => this.queue.retryRejected(), "Try again"), button("plain", () => this.queue.discardRejected(), "Discard"));
    }
    if (conflict) lines.push(element("p", "trouble", conflict));
    return lines;
  }
}

/** Return whether what was drawn is saved, as text. */
function syncState(queue: SyncQueue): SyncState {
  const waiting = queue.pending().length;
  const rejected = queue.rejected();
  const { error, isBusy } = queue;
  const many = waiting === 1 ? "1 mark is" : `${waiting} marks are`;
  const errorText = {
    "": "",
    unreachable: `Not saved yet: ${many} kept in this browser and will be sent when the connection is back.`,
    "signed out": `You are signed out. ${many[0]?.toUpperCase()}${many.slice(1)} kept in this browser and will be sent when you have signed in again.`,
    "somebody else": `A different user is signed in now. ${many} kept in this browser for you and will be sent when you sign in.`,
  }[error];
  const state = rejected.length ? "refused" : error && waiting ? "waiting" : waiting || isBusy ? "saving" : "saved";
  const text = waiting ? errorText || "Saving …" : isBusy ? "Saving …" : rejected.length ? "" : "Saved";
  return {
    state,
    text: [text, queue.changes.error].filter(Boolean).join(" "),
    rejection: rejected.length ? `${rejected.length} not saved: ${rejected[0]?.rejection}` : "",
    conflict: queue.conflictNotice,
    isSignedOut: waiting > 0 && (error === "signed out" || error === "somebody else"),
  };
}

function imageIndexOf(series: Series, body: AnnotationBody): number {
  return isMprAnnotation(body) ? -1 : series.images.findIndex(({ sop, frame }) => sop === body.sop && frame === body.frame);
}
