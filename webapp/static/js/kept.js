// What this browser keeps until the server has it: a crash or a lost line costs nothing. Values are JSON, by key.

/** Return what is kept under a key, or null. */
export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null; // Not ours, or cut off: of no use.
  }
}

/** Keep a value; false where this browser keeps nothing (private windows, a full store). */
export function keep(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function drop(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept, so nothing is left.
  }
}

/** Return the keys that begin so. */
export function keysUnder(begin) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(begin));
  } catch {
    return [];
  }
}
