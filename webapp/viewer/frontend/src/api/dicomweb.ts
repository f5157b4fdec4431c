// What comes over the wire: headers once a series, frames once each. Knows nothing of Cornerstone, so that the first
// picture can be asked for while Cornerstone still loads.

import type { Header } from "../dicom/tags.ts";
import { answered, type Hung, type ImageRef } from "./study.ts";

export interface Frame {
  bytes: Uint8Array;
  /** UID of the transfer syntax. */
  syntax: string;
}

const EXPLICIT = "1.2.840.10008.1.2.1";
const begun = new Map<string, Promise<Frame>>();
const headers = new Map<string, Promise<Header[]>>();

/** Return the address of a series below DICOMweb. */
export function seriesAddress({ data, series }: Hung): string {
  return `${location.origin}${data.dicomweb}/studies/${data.study.uid}/series/${series.uid}`;
}

/** Return the address of a frame, or of the first of its object. */
export function frameAddress(hung: Hung, image: ImageRef, frame = image.frame): string {
  return `${seriesAddress(hung)}/instances/${image.sop}/frames/${frame}`;
}

/** Ask for a frame before anybody can draw it. */
export function frameBegun(address: string): void {
  if (begun.has(address)) return;
  const coming = fetched(address);
  coming.catch(() => begun.delete(address));
  begun.set(address, coming);
}

/** Return a frame that was asked for, and leave it to whoever fetches it. */
export function framePeeked(address: string): Promise<Frame> {
  return begun.get(address) ?? Promise.reject(new Error("Nobody has asked for this frame."));
}

/** Return a frame: the one that is on its way already, if there is one. */
export function frameFetched(address: string): Promise<Frame> {
  const coming = begun.get(address) ?? fetched(address);
  begun.delete(address);
  return coming;
}

/** Return the headers of a series, asked for once; a failure is forgotten, so that it can be tried again. */
export function headersFetched(hung: Hung): Promise<Header[]> {
  const address = `${seriesAddress(hung)}/metadata`;
  const held = headers.get(address);
  if (held) return held;
  const coming = answered(address, { headers: { Accept: "application/dicom+json" } }).then(
    (answer) => answer.json() as Promise<Header[]>,
  );
  coming.catch(() => headers.delete(address));
  headers.set(address, coming);
  return coming;
}

async function fetched(address: string): Promise<Frame> {
  const answer = await answered(address, { headers: { Accept: "application/octet-stream; transfer-syntax=*" } });
  const syntax = /transfer-syntax="?([0-9.]+)/.exec(answer.headers.get("Content-Type") ?? "")?.[1] ?? EXPLICIT;
  return { bytes: new Uint8Array(await answer.arrayBuffer()), syntax };
}
