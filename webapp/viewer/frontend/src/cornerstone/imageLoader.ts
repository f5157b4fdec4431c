// Frames as images: what came over the wire, decoded in Cornerstone's workers.

import { cache, type Types } from "@cornerstonejs/core";
import { createImage, wadors } from "@cornerstonejs/dicom-image-loader";

import { TAG, word } from "../dicom/tags.ts";
import type { Hung } from "../api/study.ts";
import { frameAddress, frameFetched, headersFetched } from "../api/dicomweb.ts";

type Header = Parameters<typeof wadors.metaDataManager.add>[1];

/** Cornerstone's name of each image of a series, in slice order, once all their headers are known. */
export async function seriesReady(hung: Hung): Promise<string[]> {
  for (const header of await headersFetched(hung)) {
    const sop = word(header, TAG.sop);
    const image = hung.series.images.find((one) => one.sop === sop);
    // Cornerstone looks for the header of an object under its first frame.
    if (image) wadors.metaDataManager.add(`wadors:${frameAddress(hung, image, 1)}`, header as unknown as Header);
  }
  return hung.series.images.map((image) => `wadors:${frameAddress(hung, image)}`);
}

/** Load an image for Cornerstone. */
export function frameLoaded(imageId: string, options?: Record<string, unknown>): Types.IImageLoadObject {
  return { promise: decoded(imageId, options ?? {}) as Promise<Types.IImage> };
}

async function decoded(imageId: string, options: Record<string, unknown>): Promise<unknown> {
  const { bytes, syntax } = await frameFetched(imageId.slice("wadors:".length));
  try {
    return await createImage(imageId, bytes, syntax, { ...options });
  } catch (trouble) {
    const why = trouble instanceof Error && trouble.message ? ` (${trouble.message})` : "";
    throw new Error(`The pixels cannot be decoded here${why}.`);
  }
}

/** Fetch and decode an image, once however often it is asked for; a failure is forgotten, so that it can be retried. */
export function imageFetched(imageId: string): Promise<Types.IImage> {
  const held = cache.getImageLoadObject(imageId);
  if (held) return held.promise;
  const coming = frameLoaded(imageId, { useRGBA: false });
  cache.putImageLoadObject(imageId, coming).catch(() => {}); // whoever awaits the promise hears of it
  return coming.promise;
}
