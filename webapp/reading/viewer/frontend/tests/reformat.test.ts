// What a cut's plane is called, and places brought onto it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { centroid, projectOntoPlane, planeName } from "../src/dicom/reformat.ts";

test("a plane is called as radiologists call it", () => {
  assert.equal(planeName([0, -1, 0]), "coronal reformat");
  assert.equal(planeName([0.999, 0.03, 0]), "sagittal reformat");
  assert.equal(planeName([0, 0.3, -0.954]), "oblique axial reformat");
});

test("a place beside a plane is brought straight onto it, one on it stays", () => {
  assert.deepEqual(projectOntoPlane([3, 7, 9], [0, -1, 0], [100, 5, 100]), [3, 5, 9]);
  const normal = [0.6, 0, 0.8] as const;
  const [x, y, z] = projectOntoPlane([1, 2, 3], normal, [0, 0, 0]);
  assert.ok(Math.abs(0.6 * x + 0.8 * z) < 1e-12 && y === 2);
  assert.deepEqual(projectOntoPlane([8, 2, -6], normal, [0, 0, 0]).map((value) => Math.round(value * 1e9) / 1e9), [8, 2, -6]);
});

test("the middle of places", () => {
  assert.deepEqual(centroid([[0, 0, 0], [4, 2, 6]]), [2, 1, 3]);
});
