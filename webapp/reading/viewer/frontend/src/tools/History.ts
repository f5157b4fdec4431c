// Undo and redo: measurements (in Cornerstone's own memory) and changes of the view, in one sequence.

import { eventTarget, utilities } from "@cornerstonejs/core";

const memory = utilities.HistoryMemo.DefaultHistoryMemo;
/** Cornerstone's events for what was undone or redone. */
const RESTORED_EVENTS = ["CORNERSTONE_TOOLS_HISTORY_UNDO", "CORNERSTONE_TOOLS_HISTORY_REDO"];

export class History {
  /** Remember a change by the function that undoes and redoes it. */
  push(restore: (isUndo: boolean) => void): void {
    memory.push({ id: "view", restoreMemo: (isUndo?: boolean) => restore(isUndo !== false) });
  }

  /** Listen for what is undone or redone: the id of a measurement, or "view" for everything else. */
  onRestored(listener: (id: string) => void): void {
    for (const kind of RESTORED_EVENTS) eventTarget.addEventListener(kind, ((event: CustomEvent<{ id: string }>) => listener(event.detail.id)));
  }

  /** Undo the last change; false where there is none. */
  undo(): boolean {
    const isPossible = memory.canUndo;
    memory.undo();
    return isPossible;
  }

  /** Redo the last change that was undone; false where there is none. */
  redo(): boolean {
    const isPossible = memory.canRedo;
    memory.redo();
    return isPossible;
  }
}
