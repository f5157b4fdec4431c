// What is typed stays in this browser, by study and user, until the server has it: a crash or a lost line costs nothing.

export class Kept {
  constructor(key) {
    this.key = `readroom-report:${key}`;
  }

  /** Return what is kept: {at, edit, base, fields}, or null. */
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "null");
    } catch {
      return null; // Not ours, or cut off: of no use.
    }
  }

  /** Keep a text; false where this browser keeps nothing (private windows, a full store). */
  write(text) {
    try {
      localStorage.setItem(this.key, JSON.stringify(text));
      return true;
    } catch {
      return false;
    }
  }

  drop() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing was kept, so nothing is left.
    }
  }
}
