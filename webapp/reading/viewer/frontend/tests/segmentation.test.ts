// The brush and the runs that a mask is sent as.

import assert from "node:assert/strict";
import { test } from "node:test";

import { boundingBox, paintStroke } from "../src/segmentation/brush.ts";
import { decodeRuns, encodeRuns } from "../src/segmentation/runLength.ts";

const empty = (rows: number, columns: number) => ({ inside: new Uint8Array(rows * columns), rows, columns });
const shown = ({ inside, columns }: ReturnType<typeof empty>): string[] =>
  Array.from({ length: inside.length / columns }, (_, row) => [...inside.subarray(row * columns, (row + 1) * columns)].map((one) => (one ? "#" : ".")).join(""));

test("a mask and its runs are the same, also where the first pixel is inside", () => {
  for (const pixels of [[0, 1, 1, 0, 0, 1], [1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]]) {
    const inside = Uint8Array.from(pixels);
    assert.deepEqual(decodeRuns(encodeRuns(inside), inside.length), inside);
  }
  assert.deepEqual(encodeRuns(Uint8Array.from([1, 0, 0])), [0, 1, 2]);
});

test("a dot of radius 1 is a cross, and the smallest brush paints the pixel under it", () => {
  const bits = empty(5, 5);
  paintStroke(bits, [2, 2], [2, 2], { radius: 1, columnStep: 1, rowStep: 1 }, 1);
  assert.deepEqual(shown(bits), [".....", "..#..", ".###.", "..#..", "....."]);
  const small = empty(3, 3);
  paintStroke(small, [1.4, 0.6], [1.4, 0.6], { radius: 0.5, columnStep: 1, rowStep: 1 }, 1);
  assert.deepEqual(shown(small), ["...", ".#.", "..."]);
});

test("on pixels twice as high as wide the brush is round in the patient, not in the matrix", () => {
  const bits = empty(7, 9);
  paintStroke(bits, [4, 3], [4, 3], { radius: 2, columnStep: 1, rowStep: 2 }, 1);
  assert.deepEqual(boundingBox(bits), [1.5, 1.5, 6.5, 4.5]);
});

test("a stroke joins its ends, stays in the image, and the eraser takes away", () => {
  const bits = empty(3, 8);
  const rect = paintStroke(bits, [-3, 1], [20, 1], { radius: 0.5, columnStep: 1, rowStep: 1 }, 1);
  assert.deepEqual(shown(bits), ["........", "########", "........"]);
  assert.deepEqual(rect, { left: 0, top: 0, right: 8, bottom: 3 });
  paintStroke(bits, [2, 1], [5, 1], { radius: 0.5, columnStep: 1, rowStep: 1 }, 0);
  assert.deepEqual(shown(bits)[1], "##....##");
  paintStroke(bits, [0, 1], [7, 1], { radius: 1, columnStep: 1, rowStep: 1 }, 0);
  assert.equal(boundingBox(bits), null);
});
