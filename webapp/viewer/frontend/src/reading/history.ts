// Undo and redo, for measurements (Cornerstone's own memory) and for changes of view in one line of time.

import { utilities } from "@cornerstonejs/core";

const memory = utilities.HistoryMemo.DefaultHistoryMemo;

export class History {
  /** Remember a change by what takes it back and makes it again. */
  put(restore: (isUndo: boolean) => void): void {
    memory.push({ restoreMemo: (isUndo?: boolean) => restore(isUndo !== false) });
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
