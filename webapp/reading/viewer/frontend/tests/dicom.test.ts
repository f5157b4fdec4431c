// What a header says of size, direction and volume.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pixelSize } from "../src/dicom/calibration.ts";
import { reasonNotVolume } from "../src/dicom/volumeGeometry.ts";
import { axisLabels, directionLabel, edgeLabels, oppositeLabel } from "../src/dicom/orientation.ts";
import { type Header, TAG } from "../src/dicom/tags.ts";

const header = (values: Partial<Record<keyof typeof TAG, unknown[]>>): Header =>
  Object.fromEntries(Object.entries(values).map(([name, Value]) => [TAG[name as keyof typeof TAG], { vr: "DS", Value }]));
const AXIAL = [1, 0, 0, 0, 1, 0];

test("letters name the strongest direction first and leave out the weak ones", () => {
  assert.equal(directionLabel([1, 0, 0]), "L");
  assert.equal(directionLabel([0, -0.5, 0.87]), "HA");
  assert.equal(directionLabel([-0.99, 0.1, 0]), "R");
  assert.equal(oppositeLabel("HA"), "FP");
});

test("letters follow every flip and rotation", () => {
  const ends = axisLabels(header({ orientation: AXIAL }));
  assert.deepEqual(ends, { row: "L", column: "P" });
  const shown = (along: [number, number], down: [number, number]) => {
    const { top, right, bottom, left } = edgeLabels(ends, { along, down });
    return top + right + bottom + left;
  };
  assert.equal(shown([1, 0], [0, 1]), "ALPR");
  assert.equal(shown([-1, 0], [0, 1]), "ARPL"); // flipped left to right
  assert.equal(shown([1, 0], [0, -1]), "PLAR"); // flipped top to bottom
  assert.equal(shown([0, 1], [-1, 0]), "RALP"); // turned right
  assert.equal(shown([0, -1], [-1, 0]), "LARP"); // flipped left to right, then turned right
});

test("there are no letters without cosines, and Patient Orientation is believed where it is stated", () => {
  assert.equal(axisLabels(header({})), null);
  assert.equal(axisLabels(header({ orientation: [0, 0, 0, 0, 0, 0] })), null);
  assert.equal(axisLabels(header({ orientation: [1, 0, 0, 1, 0, 0] })), null);
  assert.deepEqual(axisLabels(header({ patientOrientation: ["L", "F"] })), { row: "L", column: "F" });
});

test("only a calibrated header gives millimetres", () => {
  assert.deepEqual(pixelSize(header({ pixelSpacing: [0.7, 0.5] })), { rows: 0.7, columns: 0.5, isCalibrated: true, note: "" });
  assert.equal(pixelSize(header({})).isCalibrated, false);
  const detector = { modality: ["DX"], imagerPixelSpacing: [0.2, 0.2] };
  assert.equal(pixelSize(header(detector)).isCalibrated, false);
  assert.equal(pixelSize(header({ ...detector, pixelSpacing: [0.2, 0.2] })).isCalibrated, false);
  assert.equal(pixelSize(header({ ...detector, pixelSpacing: [0.2, 0.2], calibrationType: ["FIDUCIAL"] })).isCalibrated, true);
  assert.equal(pixelSize(header({ ...detector, pixelSpacing: [0.17, 0.17] })).isCalibrated, true);
  assert.equal(pixelSize(header({ ...detector, magnification: [1.25] })).rows, 0.16);
});

test("an ultrasound's regions give millimetres where all have one scale", () => {
  const region = (more: Parameters<typeof header>[0] = {}): Header =>
    header({ regionFormat: [1], regionUnitsX: [3], regionUnitsY: [3], regionDeltaX: [0.02], regionDeltaY: [0.03], ...more });
  const size = (...regions: Header[]) => pixelSize(header({ modality: ["US"], regions }));
  const { rows, columns, isCalibrated } = size(region(), region(), region({ regionFormat: [4], regionUnitsX: [4] }));
  assert.deepEqual([rows.toFixed(3), columns.toFixed(3), isCalibrated], ["0.300", "0.200", true]);
  for (const other of [region({ regionDeltaX: [0.05] }), region({ regionFormat: [3] }), region({ regionUnitsX: [4] })]) {
    assert.equal(size(region(), other).isCalibrated, false);
  }
});

test("pixels keep their shape where their size is not known", () => {
  const size = pixelSize(header({ aspectRatio: [2, 1] }));
  assert.deepEqual([size.rows, size.columns, size.isCalibrated], [2, 1, false]);
});

const slices = (places: number[][]): Header[] =>
  places.map((position) => header({ samples: [1], rows: [8], columns: [8], pixelSpacing: [1, 1], orientation: AXIAL, position }));
const regular = [0, 1, 2, 3, 4, 5].map((number) => [0, 0, 2 * number]);

test("a regular series is a volume, and what is not says why", () => {
  assert.equal(reasonNotVolume(slices(regular)), "");
  assert.equal(reasonNotVolume(slices([...regular].reverse())), "");
  assert.match(reasonNotVolume(slices(regular.slice(0, 3))), /at least 5 slices/);
  assert.match(reasonNotVolume(slices([...regular, [0, 0, 15]])), /uneven/);
  assert.match(reasonNotVolume(slices([...regular, [0, 0, 10]])), /same position/);
  assert.match(reasonNotVolume(slices(regular.map(([, , z]) => [0, 0.2 * (z as number), z as number]))), /tilted/);
  assert.match(reasonNotVolume(slices(regular).map((one) => ({ ...one, [TAG.orientation]: undefined }))), /orientation/);
  assert.match(reasonNotVolume(slices(regular).map((one) => ({ ...one, [TAG.pixelSpacing]: undefined }))), /size of a pixel/);
});
