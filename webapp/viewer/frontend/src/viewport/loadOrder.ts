// In which order a series loads. Pure.

/** Return the indices of `count` images, the nearest to `at` first. */
export function outward(at: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => index).sort(
    (one, other) => Math.abs(one - at) - Math.abs(other - at) || other - one,
  );
}
