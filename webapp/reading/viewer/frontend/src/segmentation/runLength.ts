// Run-length encoding of masks, as they are sent and stored: the number of pixels outside, inside, outside, ... row by row.
// Pure functions.

/** Return the runs of a mask; the first one, of pixels outside, may be 0. */
export function encodeRuns(inside: Uint8Array): number[] {
  const runs: number[] = [];
  let value = 0;
  let from = 0;
  for (let at = 0; at < inside.length; at += 1) {
    if ((inside[at] ? 1 : 0) === value) continue;
    runs.push(at - from);
    value = 1 - value;
    from = at;
  }
  runs.push(inside.length - from);
  return runs;
}

/** Return the mask of these runs: 1 inside, row by row. */
export function decodeRuns(runs: readonly number[], pixels: number): Uint8Array {
  const inside = new Uint8Array(pixels);
  let at = 0;
  runs.forEach((run, index) => {
    if (index % 2) inside.fill(1, at, at + run);
    at += run;
  });
  return inside;
}
