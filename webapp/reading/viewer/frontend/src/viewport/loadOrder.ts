// The order in which the images of a series are loaded. Pure functions.

/** Return the indices of `count` images, those nearest to `index` first. */
export function nearestFirst(index: number, count: number): number[] {
  return Array.from({ length: count }, (_, number) => number).sort(
    (one, other) => Math.abs(one - index) - Math.abs(other - index) || other - one,
  );
}
