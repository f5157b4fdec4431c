// A window, and the values between which its greys run (PS3.3 C.11.2.1.2.1).

export interface Range {
  lower: number;
  upper: number;
}

/** Return the values that a window of this width and centre draws black and white. */
export function rangeOf(width: number, centre: number): Range {
  return { lower: centre - 0.5 - (width - 1) / 2, upper: centre - 0.5 + (width - 1) / 2 };
}

/** The other way round. */
export function windowOf({ lower, upper }: Range): { width: number; centre: number } {
  return { width: upper - lower + 1, centre: (lower + upper + 1) / 2 };
}
