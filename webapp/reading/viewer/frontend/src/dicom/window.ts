// Window width and centre, and the range of values that they cover (PS3.3 C.11.2.1.2.1).

export interface ValueRange {
  lower: number;
  upper: number;
}

/** Return the values that a window shows as black and white. */
export function windowToRange(width: number, centre: number): ValueRange {
  return { lower: centre - 0.5 - (width - 1) / 2, upper: centre - 0.5 + (width - 1) / 2 };
}

/** The inverse of `windowToRange`. */
export function rangeToWindow({ lower, upper }: ValueRange): { width: number; centre: number } {
  return { width: upper - lower + 1, centre: (lower + upper + 1) / 2 };
}
