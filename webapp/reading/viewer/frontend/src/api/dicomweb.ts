// DICOMweb: the metadata of a series is fetched once, and each frame once. Knows nothing of Cornerstone, so that the
// first image can be requested while Cornerstone is still loading.

import type { Header } from "../dicom/tags.ts";
import { request } from "./http.ts";
import type { DisplaySet, ImageRef } from "./study.ts";

export interface Frame {
  bytes: Uint8Array;
  /** UID of the transfer syntax. */
  syntax: string;
}

const EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1";
const started = new Map<string, Promise<Frame>>();
const metadata = new Map<string, Promise<Header[]>>();

/** Return the DICOMweb URL of a series. */
export function seriesUrl({ data, series }: DisplaySet): string {
  return `${location.origin}${data.dicomweb}/studies/${data.study.uid}/series/${series.uid}`;
}

/** Return the URL of an image's frame, or of another frame of the same object. */
export function frameUrl(displaySet: DisplaySet, image: ImageRef, frame = image.frame): string {
  return `${seriesUrl(displaySet)}/instances/${image.sop}/frames/${frame}`;
}

/** Start to download a frame before anything can draw it. */
export function startFrame(url: string): void {
  if (started.has(url)) return;
  const download = downloadFrame(url);
  download.catch(() => started.delete(url));
  started.set(url, download);
}

/** Return a frame whose download was started, and leave it for `fetchFrame`. */
export function peekFrame(url: string): Promise<Frame> {
  return started.get(url) ?? Promise.reject(new Error("The download of this frame was not started."));
}

/** Return a frame, from the download that was started if there is one. */
export function fetchFrame(url: string): Promise<Frame> {
  const download = started.get(url) ?? downloadFrame(url);
  started.delete(url);
  return download;
}

/** Return the headers of a series, fetched once; a failure is forgotten, so that it can be retried. */
export function fetchMetadata(displaySet: DisplaySet): Promise<Header[]> {
  const url = `${seriesUrl(displaySet)}/metadata`;
  const cached = metadata.get(url);
  if (cached) return cached;
  const download = request(url, { headers: { Accept: "application/dicom+json" } }).then(
    (response) => response.json() as Promise<Header[]>,
  );
  download.catch(() => metadata.delete(url));
  metadata.set(url, download);
  return download;
}

async function downloadFrame(url: string): Promise<Frame> {
  const response = await request(url, { headers: { Accept: "application/octet-stream; transfer-syntax=*" } });
  const syntax = /transfer-syntax="?([0-9.]+)/.exec(response.headers.get("Content-Type") ?? "")?.[1] ?? EXPLICIT_VR_LITTLE_ENDIAN;
  return { bytes: new Uint8Array(await response.arrayBuffer()), syntax };
}
