// Cornerstone3D: started once, with our own image loader and our own calibration.

import { Enums, imageLoader, init as initCore, metaData, RenderingEngine } from "@cornerstonejs/core";
import { init as initLoader, wadors } from "@cornerstonejs/dicom-image-loader";
import { init as initTools } from "@cornerstonejs/tools";

import { pixelSize } from "../dicom/calibration.ts";
import { toImagePlane, type ImagePlane, type PlaneModule } from "../dicom/imagePlane.ts";
import type { Header } from "../dicom/tags.ts";
import { loadImage } from "./imageLoader.ts";

/** Start Cornerstone; returns the engine that renders all viewports of the grid. */
export function startCornerstone(): RenderingEngine {
  initCore();
  initLoader({ maxWebWorkers: Math.min(4, Math.max(1, navigator.hardwareConcurrency - 1)) });
  initTools();
  // Ours fetches each frame once, says why one cannot be loaded, and knows what was downloaded before Cornerstone ran.
  imageLoader.registerImageLoader("wadors", loadImage);
  metaData.addProvider(calibratedMetadata, 20_000);
  return new RenderingEngine("reading");
}

/** Return the header of an image (a frame's own values over those of its object), once it is registered. */
export function headerOf(imageId: string): Header {
  return (wadors.metaDataManager.get(imageId) ?? {}) as unknown as Header;
}

/** Return the plane in which an image lies. */
export function imagePlaneOf(imageId: string): ImagePlane {
  return toImagePlane((metaData.get(Enums.MetadataModules.IMAGE_PLANE, imageId) ?? {}) as PlaneModule);
}

const IMAGE_PLANE: string = Enums.MetadataModules.IMAGE_PLANE;
const CALIBRATION: string = Enums.MetadataModules.CALIBRATION;
const inProgress = new Set<string>();

/** Pixel spacing by the rules of the standard: what is not calibrated must never be measured in millimetres. */
function calibratedMetadata(kind: string, imageId: string): unknown {
  if (kind !== IMAGE_PLANE && kind !== CALIBRATION) return undefined;
  if (typeof imageId !== "string" || !imageId.startsWith("wadors:")) return undefined;
  if (kind === CALIBRATION) return {};
  if (inProgress.has(imageId)) return undefined; // this is our own request to the next provider
  inProgress.add(imageId);
  const plane = metaData.get(kind, imageId) as Record<string, unknown> | undefined;
  inProgress.delete(imageId);
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
