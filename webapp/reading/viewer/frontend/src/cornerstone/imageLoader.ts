// The image loader: frames from DICOMweb, decoded in Cornerstone's workers.

import { cache, type Types } from "@cornerstonejs/core";
import { createImage, wadors } from "@cornerstonejs/dicom-image-loader";

import { fetchFrame, fetchMetadata, frameUrl } from "../api/dicomweb.ts";
import type { DisplaySet } from "../api/study.ts";
import { TAG, stringValue } from "../dicom/tags.ts";

type CornerstoneHeader = Parameters<typeof wadors.metaDataManager.add>[1];

/** Register the headers of a series; returns the image ids of its images in slice order. */
export async function loadSeries(displaySet: DisplaySet): Promise<string[]> {
  for (const header of await fetchMetadata(displaySet)) {
    const sop = stringValue(header, TAG.sop);
    const image = displaySet.series.images.find((one) => one.sop === sop);
    // Cornerstone looks for the header of an object under its first frame.
    if (image) wadors.metaDataManager.add(`wadors:${frameUrl(displaySet, image, 1)}`, header as unknown as CornerstoneHeader);
  }
  return displaySet.series.images.map((image) => `wadors:${frameUrl(displaySet, image)}`);
}

/** Load an image for Cornerstone. */
export function loadImage(imageId: string, options?: Record<string, unknown>): Types.IImageLoadObject {
  return { promise: decodeFrame(imageId, options ?? {}) as Promise<Types.IImage> };
}

async function decodeFrame(imageId: string, options: Record<string, unknown>): Promise<unknown> {
  const { bytes, syntax } = await fetchFrame(imageId.slice("wadors:".length));
  try {
    return await createImage(imageId, bytes, syntax, { ...options });
  } catch (error) {
    const reason = error instanceof Error && error.message ? ` (${error.message})` : "";
    throw new Error(`The pixels cannot be decoded here${reason}.`, { cause: error });
  }
}

/** Fetch and decode an image, once however often it is requested; a failure is forgotten, so that it can be retried. */
export function fetchImage(imageId: string): Promise<Types.IImage> {
  const cached = cache.getImageLoadObject(imageId);
  if (cached) return cached.promise;
  const loading = loadImage(imageId, { useRGBA: false });
  cache.putImageLoadObject(imageId, loading).catch(() => {}); // whoever awaits the promise handles the error
  return loading.promise;
}
