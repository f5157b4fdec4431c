// Cornerstone3D, started once, with our own way to fetch frames and to read a header.

import { Enums, imageLoader, init as startCore, metaData, RenderingEngine } from "@cornerstonejs/core";
import { init as startLoader, wadors } from "@cornerstonejs/dicom-image-loader";
import { init as startTools } from "@cornerstonejs/tools";

import { frameLoaded } from "./imageLoader.ts";
import { pixelSize } from "../dicom/calibration.ts";
import { planeRead, type Plane, type Told } from "../dicom/imagePlane.ts";
import type { Header } from "../dicom/tags.ts";

/** Start everything; returns the engine that draws all cells. */
export function engineStarted(): RenderingEngine {
  startCore();
  startLoader({ maxWebWorkers: Math.min(4, Math.max(1, navigator.hardwareConcurrency - 1)) });
  startTools();
  // Ours fetches each frame once, says why one does not come, and knows what was fetched before Cornerstone ran.
  imageLoader.registerImageLoader("wadors", frameLoaded);
  metaData.addProvider(ownMetadata, 20_000);
  return new RenderingEngine("reading");
}

/** Return the header of an image (a frame's own values over those of its object), once it is registered. */
export function headerOf(imageId: string): Header {
  return (wadors.metaDataManager.get(imageId) ?? {}) as unknown as Header;
}

/** Return where the pixels of an image lie. */
export function planeOf(imageId: string): Plane {
  return planeRead((metaData.get(Enums.MetadataModules.IMAGE_PLANE, imageId) ?? {}) as Told);
}

const theirs = new Set<string>();

/** Calibration as the standard has it: what is not calibrated must never be told in millimetres. */
function ownMetadata(kind: string, imageId: string): unknown {
  if (kind !== Enums.MetadataModules.IMAGE_PLANE && kind !== Enums.MetadataModules.CALIBRATION) return undefined;
  if (typeof imageId !== "string" || !imageId.startsWith("wadors:")) return undefined;
  if (kind === Enums.MetadataModules.CALIBRATION) return {};
  if (theirs.has(imageId)) return undefined; // we are asking the next provider ourselves
  theirs.add(imageId);
  const plane = metaData.get(kind, imageId) as Record<string, unknown> | undefined;
  theirs.delete(imageId);
  if (!plane) return undefined;
  const size = pixelSize(headerOf(imageId));
  return {
    ...plane,
    pixelSpacing: [size.rows, size.columns],
    rowPixelSpacing: size.rows,
    columnPixelSpacing: size.columns,
    usingDefaultValues: !size.isCalibrated,
  };
}
