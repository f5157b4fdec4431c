// Reading values from DICOM JSON (PS3.18 annex F).

interface Element {
  vr: string;
  Value?: unknown[];
}
export type Header = Record<string, Element | undefined>;

export const TAG = {
  sop: "00080018",
  modality: "00080060",
  spacingBetweenSlices: "00180088",
  imagerPixelSpacing: "00181164",
  magnification: "00181114",
  regions: "00186011",
  regionFormat: "00186012",
  regionUnitsX: "00186024",
  regionUnitsY: "00186026",
  regionDeltaX: "0018602C",
  regionDeltaY: "0018602E",
  patientOrientation: "00200020",
  position: "00200032",
  orientation: "00200037",
  frameOfReference: "00200052",
  imageLaterality: "00200062",
  laterality: "00200060",
  samples: "00280002",
  photometric: "00280004",
  planes: "00280006",
  frames: "00280008",
  rows: "00280010",
  columns: "00280011",
  pixelSpacing: "00280030",
  aspectRatio: "00280034",
  bitsAllocated: "00280100",
  bitsStored: "00280101",
  signed: "00280103",
  calibrationType: "00280A02",
  burnedIn: "00280301",
  windowCenter: "00281050",
  windowWidth: "00281051",
  intercept: "00281052",
  slope: "00281053",
  valueFunction: "00281056",
  modalityTable: "00283000",
  valueTable: "00283010",
  frameTime: "00181063",
  cineRate: "00180040",
} as const;

/** Return all numbers of an attribute; empty where there are none. */
export function numberValues(header: Header, tag: string): number[] {
  const values = header[tag]?.Value ?? [];
  return values.map((value) => (typeof value === "number" ? value : Number.parseFloat(String(value)))).filter(Number.isFinite);
}

/** Return all strings of an attribute; empty where there are none. */
export function stringValues(header: Header, tag: string): string[] {
  return (header[tag]?.Value ?? []).filter((value) => typeof value === "string");
}

/** Return the first string of an attribute; "" where there is none. */
export function stringValue(header: Header, tag: string): string {
  return stringValues(header, tag)[0] ?? "";
}
