// Undo and redo, for measurements (Cornerstone's own memory) and for changes of view in one line of time.

import { eventTarget, utilities } from "@cornerstonejs/core";

const memory = utilities.HistoryMemo.DefaultHistoryMemo;
/** By these Cornerstone tells what was taken back or made again. */
const TOLD = ["CORNERSTONE_TOOLS_HISTORY_UNDO", "CORNERSTONE_TOOLS_HISTORY_REDO"];

export class History {
  /** Remember a change by what takes it back and makes it again. */
  put(restore: (isUndo: boolean) => void): void {
    memory.push({ id: "view", restoreMemo: (isUndo?: boolean) => restore(isUndo !== false) });
  }

  /** Listen for what is taken back or made again: the id of a measurement, "view" for a change of view. */
  on(heard: (id: string) => void): void {
    for (const kind of TOLD) eventTarget.addEventListener(kind, ((event: CustomEvent<{ id: string }>) => heard(event.detail.id)) as EventListener);
  }

  undo(): boolean {
    const could = memory.canUndo;
    memory.undo();
    return could;
  }

  redo(): boolean {
    const could = memory.canRedo;
    memory.redo();
    return could;
  }
}
