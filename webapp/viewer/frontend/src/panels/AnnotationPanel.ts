// The reader's marks on the series of the active viewport, and whether all of them are saved.

import { button, element, replaced } from "./dom.ts";
import { goneTo } from "../controller/navigation.ts";
import { middleOf } from "../dicom/reformat.ts";
import type { Reading } from "../controller/ViewerController.ts";
import type { Series } from "../api/study.ts";
import { keeper } from "../annotations/index.ts";
import { markShown, whereShown } from "../annotations/annotationMapping.ts";
import { tell, toldOf } from "./reviewMenu.ts";
import { type Body, isOnCut } from "../annotations/PendingChanges.ts";

export class Saved {
  private readonly state = element("div", "saved-state");
  private readonly list = element("ul", "marks");
  private readonly reading: Reading;

  constructor(box: HTMLElement, reading: Reading) {
    this.reading = reading;
    this.state.setAttribute("role", "status");
    box.append(element("h2", "", "Marks"), this.state, this.list);
  }

  renew(): void {
    const told = stateOf();
    this.state.dataset.state = told.state;
    replaced(this.state, told, () => stateShown(told));
    const series = this.reading.cells.length ? this.reading.active.hung?.series : undefined;
    const marks = series ? keeper.of(series.id).map(({ id, known }) => ({ id, words: markShown(known.body), author: known.author, isOwn: known.isOwn, told: toldOf(this.reading.data.verdicts, id), body: known.body, at: imageOf(series, known.body), isSaved: !keeper.wishes.get(id) })) : [];
    replaced(this.list, marks, () => (marks.length ? marks.map((mark) => this.one(mark, series as Series)) : [element("li", "quiet", "None on this series. Measurements are saved as they are made.")]));
  }

  private one({ id, words, author, isOwn, told, body, at, isSaved }: Shown, series: Series): HTMLElement {
    const go = button("finding", () => { void this.gone(series, body, at); },
      element("b", "", words),
      element("span", "quiet", [author, whereShown(body, at, series.images.length), isSaved ? "saved" : "not saved yet"].filter(Boolean).join(" · ")),
      told ? element("span", "told", told) : "");
    go.dataset.name = id;
    const { study, verdicts } = this.reading.data;
    return element("li", "", go, isOwn && isSaved ? tell(study.id, id, series, verdicts, () => this.renew()) : "");
  }

  /** Show a mark where it lies: on its image, or on the cut through it. */
  private async gone(series: Series, body: Body, image: number): Promise<void> {
    if (isOnCut(body)) return this.reading.goneToCut(series, body.normal, middleOf(body.points));
    this.reading.closePlanes();
    const [x, y] = middleOf(body.points.map(([column, row]) => [column, row, 0]));
    await goneTo(this.reading, series, image, [x, y]);
  }
}

interface Shown {
  id: string;
  words: string;
  author: string;
  isOwn: boolean;
  told: string;
  body: Body;
  /** Index of the image; -1 on a cut. */
  at: number;
  isSaved: boolean;
}

interface State {
  state: "saved" | "saving" | "waiting" | "refused";
  words: string;
  refused: string;
  conflict: string;
  isSignedOut: boolean;
}

/** Say how it stands with what was drawn, in words. */
function stateOf(): State {
  const waiting = keeper.sender.waiting().length;
  const refused = keeper.wishes.all().filter((wish) => wish.refused);
  const { trouble, isBusy } = keeper.sender;
  const many = waiting === 1 ? "1 mark is" : `${waiting} marks are`;
  const again = {
    "": "",
    unreachable: `Not saved yet: ${many} kept in this browser and will be sent when the connection is back.`,
    "signed out": `You are signed out. ${many[0]?.toUpperCase()}${many.slice(1)} kept in this browser and will be sent when you have signed in again.`,
    "somebody else": `Somebody else is signed in now. ${many} kept in this browser for you and will be sent when you sign in.`,
  }[trouble];
  const state = refused.length ? "refused" : trouble && waiting ? "waiting" : waiting || isBusy ? "saving" : "saved";
  const words = waiting ? again || "Saving …" : isBusy ? "Saving …" : refused.length ? "" : "Saved";
  return {
    state,
    words: [words, keeper.wishes.trouble].filter(Boolean).join(" "),
    refused: refused.length ? `${refused.length} not saved: ${refused[0]?.refused}` : "",
    conflict: keeper.conflict,
    isSignedOut: waiting > 0 && (trouble === "signed out" || trouble === "somebody else"),
  };
}

function stateShown({ state, words, refused, conflict, isSignedOut }: State): Node[] {
  const lines: Node[] = words ? [element("p", "", element("i", `state-sign ${state}`), words)] : [];
  if (isSignedOut) {
    const link = element("a", "", "Sign in in a new tab");
    Object.assign(link, { href: "/sign-in/", target: "_blank", rel: "noopener" });
    lines.push(link);
  }
  if (refused) lines.push(element("p", "trouble", refused), button("plain", () => keeper.again(), "Try again"), button("plain", () => keeper.discard(), "Discard"));
  if (conflict) lines.push(element("p", "trouble", conflict));
  return lines;
}

function imageOf(series: Series, body: Body): number {
  return isOnCut(body) ? -1 : series.images.findIndex(({ sop, frame }) => sop === body.sop && frame === body.frame);
}
