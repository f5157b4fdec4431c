// Which image follows which, what opens first, and what key is which.

import assert from "node:assert/strict";
import { test } from "node:test";

import { keyOf } from "../src/commands/keyboard.ts";
import { followingImage, type StackPosition } from "../src/controller/syncGeometry.ts";
import { initialActiveIndex, initialDisplays, mostSimilarSeries } from "../src/hanging/initialImage.ts";
import { nearestFirst } from "../src/viewport/loadOrder.ts";
import type { Series, StudyData } from "../src/api/study.ts";

const stack = (positions: number[], index: number, more: Partial<StackPosition> = {}): StackPosition =>
  ({ frameOfReference: "1.2", normal: [0, 0, 1], positions, count: positions.length, index, ...more });

test("in one frame of reference the same place follows", () => {
  assert.equal(followingImage(stack([0, 2, 4, 6], 2), stack([0, 1, 2, 3, 4, 5], 0)).index, 4);
  assert.equal(followingImage(stack([0, 2, 4], 1), stack([0, -1, -2, -3], 0, { normal: [0, 0, -1] })).index, 2);
});

test("beside a prior the distance that the reader left is kept", () => {
  const prior = stack([100, 105, 110], 1, { frameOfReference: "3.4" });
  const { offset } = followingImage(stack([0, 5, 10], 0), prior);
  assert.equal(followingImage(stack([0, 5, 10], 1), prior, offset).index, 2);
});

test("without geometry as many images are passed", () => {
  const plain = { normal: null, positions: [] };
  const { offset } = followingImage(stack([], 3, { ...plain, count: 9 }), stack([], 1, { ...plain, count: 5 }));
  assert.equal(followingImage(stack([], 5, { ...plain, count: 9 }), stack([], 1, { ...plain, count: 5 }), offset).index, 3);
  assert.equal(followingImage(stack([], 8, { ...plain, count: 9 }), stack([], 1, { ...plain, count: 5 }), offset).index, 4);
});

test("a series loads outward from where the reader is", () => {
  assert.deepEqual(nearestFirst(2, 5), [2, 3, 1, 4, 0]);
  assert.deepEqual(nearestFirst(0, 3), [0, 1, 2]);
});

const series = (id: string, more: Partial<Series> = {}): Series =>
  ({ id, modality: "CT", description: "", bodyPart: "", images: Array.from({ length: 9 }, () => ({})), urgency: 0, findings: [], whyNotShown: "", ...more }) as unknown as Series;
const study = (all: Series[], cells: object[]): StudyData => ({ series: all, hanging: { cells } }) as unknown as StudyData;

test("a stack opens in the middle, on the clearest finding, or where the address says", () => {
  const data = study([series("a"), series("b", { modality: "US" })], [{ series: "a", prior: null, preset: "lung" }, { series: "b", prior: null, preset: null }]);
  assert.deepEqual(initialDisplays(data, "").map(({ displaySet, imageIndex, preset }) => [displaySet.series.id, imageIndex, preset]), [["a", 4, "lung"], ["b", 0, null]]);
  assert.deepEqual(initialDisplays(data, "?series=b&image=3").map(({ displaySet, imageIndex }) => [displaySet.series.id, imageIndex]), [["b", 2], ["b", 0]]);
  const found = study([series("a", { findings: [{ image: 7 }] as Series["findings"] })], [{ series: "gone", prior: null, preset: null }]);
  assert.equal(initialDisplays(found, "")[0]?.imageIndex, 7);
});

test("the cell with the most urgent finding is active first, and one that the address names before it", () => {
  const found = (urgency: number, probability: number): Partial<Series> => ({ urgency, findings: [{ image: 7, probability }] as Series["findings"] });
  const active = (all: Series[], search = ""): number => initialActiveIndex(initialDisplays(study(all, all.map(({ id }) => ({ series: id, prior: null, preset: null }))), search), search);
  assert.equal(active([series("localiser"), series("weak", found(1, 0.99)), series("urgent", found(3, 0.4)), series("too", found(3, 0.3))]), 2);
  assert.equal(active([series("a", found(0, 0)), series("b")]), 0);
  assert.equal(active([series("a"), series("b", found(3, 0.9))], "?series=a"), 0);
  assert.equal(active([series("a"), series("b", found(3, 0.9))], "?series=gone"), 1);
  assert.equal(active([series("a"), series("veiled, or nothing was found")]), 0);
  assert.equal(initialActiveIndex([], ""), 0);
});

test("of a prior the likest series is hung", () => {
  const prior = study([series("x", { modality: "SR", images: [] }), series("y", { modality: "MR" }), series("z", { description: "axial" })], []);
  assert.equal(mostSimilarSeries(prior, series("a", { description: "axial" }))?.id, "z");
  assert.equal(mostSimilarSeries(prior, series("a", { modality: "MR" }))?.id, "y");
});

test("keys are written in one way", () => {
  const pressed = (key: string, more = {}) => keyOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, ...more });
  assert.equal(pressed("Z"), "z"); // capitals locked
  assert.equal(pressed("S", { shiftKey: true }), "shift+s");
  assert.equal(pressed("?", { shiftKey: true }), "?");
  assert.equal(pressed("z", { metaKey: true }), "ctrl+z");
  assert.equal(pressed("PageUp"), "pageup");
});
