// Where a segmentation lies on a series: by geometry, whatever the order of its frames and the way its pixels run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pixelToWorld, worldToPixel, toImagePlane, type ImagePlane } from "../src/dicom/imagePlane.ts";
import type { Header } from "../src/dicom/tags.ts";
import { wrapText } from "../src/overlays/label.ts";
import { imageIndexOf, frameToImage, type Matrix } from "../src/segmentation/segPlacement.ts";
import { unpackFrame, parseDicomSeg, type DicomSeg } from "../src/segmentation/dicomSeg.ts";

const S = Math.SQRT1_2;
/** Tilted, its pixels twice as high as wide, 3 mm apart. */
const OBLIQUE = [0, 1, 2, 3].map((number) =>
  toImagePlane({ imagePositionPatient: [10, 20 - 3 * S * number, 30 + 3 * S * number], rowCosines: [1, 0, 0], columnCosines: [0, S, S], columnPixelSpacing: 0.5, rowPixelSpacing: 1 }));

const at = ([a, b, c, d, e, f]: Matrix, [x, y]: readonly [number, number]): number[] =>
  [a * x + c * y + e, b * x + d * y + f].map((value) => Math.round(value * 1e6) / 1e6 + 0);
/** The same pixels told from the opposite corner, both directions turned. */
const mirrored = (plane: ImagePlane, rows: number, columns: number): ImagePlane => ({
  origin: pixelToWorld(plane, [columns - 1, rows - 1]),
  columnStep: plane.columnStep.map((value) => -value) as unknown as ImagePlane["columnStep"],
  rowStep: plane.rowStep.map((value) => -value) as unknown as ImagePlane["rowStep"],
});

test("a pixel and its place belong together where pixels are not square", () => {
  const [plane] = OBLIQUE as [ImagePlane];
  assert.deepEqual(pixelToWorld(plane, [4, 0]), [12, 20, 30]);
  assert.ok(Math.abs(Math.hypot(...pixelToWorld(plane, [0, 4]).map((value, axis) => value - (plane.origin[axis] as number))) - 4) < 1e-9);
  assert.deepEqual(worldToPixel(plane, pixelToWorld(plane, [7, 3])).map((value) => Math.round(value * 1e9) / 1e9), [7, 3]);
});

test("a mirrored frame lands on the pixels of its place", () => {
  const image = OBLIQUE[2] as ImagePlane;
  const matrix = frameToImage(image, mirrored(image, 60, 80));
  assert.deepEqual(at(matrix, [0, 0]), [79, 59]);
  assert.deepEqual(at(matrix, [79 - 8, 59 - 6]), [8, 6]);
});

test("a frame of finer pixels is shrunk onto the image", () => {
  const image = OBLIQUE[0] as ImagePlane;
  const fine: ImagePlane = { ...image, columnStep: image.columnStep.map((value) => value / 2) as unknown as ImagePlane["columnStep"] };
  assert.deepEqual(at(frameToImage(image, fine), [16, 6]), [8, 6]);
});

test("frames find their slice by place; tilted and far ones find none", () => {
  const backwards = [...OBLIQUE].reverse();
  assert.deepEqual(backwards.map((plane) => imageIndexOf(OBLIQUE, plane, 3)), [3, 2, 1, 0]);
  const between = { ...(OBLIQUE[1] as ImagePlane), origin: [10, 20 - 3 * S * 1.4, 30 + 3 * S * 1.4] as const };
  assert.equal(imageIndexOf(OBLIQUE, between, 3), 1);
  assert.equal(imageIndexOf(OBLIQUE, { ...(OBLIQUE[3] as ImagePlane), origin: [10, 0, 60] }, 3), -1);
  assert.equal(imageIndexOf(OBLIQUE, toImagePlane({ imagePositionPatient: [10, 20, 30] }), 3), -1);
});

test("single bits, label maps and fractions are read as the standard packs them", () => {
  const kind = (more: Partial<DicomSeg>): DicomSeg => ({ ...parseDicomSeg({}), rows: 2, columns: 5, ...more });
  assert.deepEqual([...unpackFrame(new Uint8Array([0b10000010, 0b10]), kind({ bits: 1, type: "BINARY" }), 1)], [0, 1, 0, 0, 0, 0, 0, 1, 0, 1]);
  assert.deepEqual([...unpackFrame(new Uint8Array([0, 1, 2, 2, 0, 0, 0, 0, 0, 1]), kind({ bits: 8, type: "LABELMAP" }), 2)], [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...unpackFrame(new Uint8Array([0, 127, 128, 255, 0, 0, 0, 0, 0, 0]), kind({ bits: 8, type: "FRACTIONAL", maxValue: 255 }), 1)], [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
});

test("a header tells segments, their makers, colours and frames", () => {
  const sequence = (...items: object[]): { vr: string; Value: object[] } => ({ vr: "SQ", Value: items });
  const value = (...values: unknown[]): { vr: string; Value: unknown[] } => ({ vr: "", Value: values });
  const header = {
    "00080018": value("1.2.3"), "0008103E": value("Outlines of report"), "00620001": value("BINARY"), "00280010": value(60), "00280011": value(80), "00280100": value(1),
    "00620002": sequence({ "00620004": value(1), "00620005": value("Block"), "00620008": value("MANUAL"), "0062000D": value(65535, 32896, 32896) }),
    "52009229": sequence({ "00289110": sequence({ "00280030": value(1, 0.5), "00180050": value(3) }), "00209116": sequence({ "00200037": value(1, 0, 0, 0, S, S) }) }),
    "52009230": sequence({ "00209113": sequence({ "00200032": value(10, 20, 30) }), "0062000A": sequence({ "0062000B": value(1) }) }),
  } as unknown as Header;
  const told = parseDicomSeg(header);
  assert.deepEqual(told.segments.map(({ title, origin, isAutomatic }) => [title, origin, isAutomatic]), [["Block", "outlined by a person · Outlines of report", false]]);
  assert.match(told.segments[0]?.colour ?? "", /^#f[ef]f[ef]f[ef]$/);
  assert.deepEqual(told.frames.map(({ frame, segment, thickness }) => [frame, segment, thickness]), [[1, 1, 3]]);
  assert.deepEqual(told.frames[0]?.plane, OBLIQUE[0]);
});

test("a name is broken between words where its viewport is narrow", () => {
  const lines = (most: number): string[] => wrapText("AI 1 · Suspected brain tumour 93 %", most, ({ length }) => length);
  assert.deepEqual(lines(99), ["AI 1 · Suspected brain tumour 93 %"]);
  assert.deepEqual(lines(22), ["AI 1 · Suspected brain", "tumour 93 %"]);
  assert.deepEqual(lines(4), ["AI 1", "·", "Suspected", "brain", "tumour", "93 %"]);
});
