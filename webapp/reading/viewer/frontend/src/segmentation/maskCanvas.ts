// Masks as images that SVG can place: filled inside, with an edge of whole pixels, transparent elsewhere.

/** How many images are cached; the oldest are dropped first. */
const MAX_CACHED = 400;
const FILL_OPACITY = 0.38;
const EDGE_OPACITY = 0.95;
const cache = new Map<string, Promise<string>>();

export interface Mask {
  /** 1 inside, row by row. */
  inside: Uint8Array;
  rows: number;
  columns: number;
}

/** Return the URL of an image of a mask; `key` identifies the mask. A failure is forgotten, so that it can be retried. */
export function maskImageUrl(key: string, colour: string, isDotted: boolean, load: () => Promise<Mask>): Promise<string> {
  const name = `${key} ${colour}`;
  const cached = cache.get(name);
  if (cached) return cached;
  const rendering = load().then((one) => renderMask(one, colour, isDotted));
  rendering.catch(() => cache.delete(name));
  cache.set(name, rendering);
  for (const [oldest, image] of cache) {
    if (cache.size <= MAX_CACHED) break;
    cache.delete(oldest);
    image.then((url) => { URL.revokeObjectURL(url); }, () => {});
  }
  return rendering;
}

/** Fetch a mask as a PNG from the server: white inside. */
export async function fetchMask(url: string): Promise<Mask> {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`A mask cannot be fetched (error ${response.status}).`);
  const bitmap = await createImageBitmap(await response.blob());
  const { width, height } = bitmap;
  const context = createContext(width, height);
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const inside = new Uint8Array(width * height);
  for (let at = 0; at < inside.length; at += 1) inside[at] = (data[4 * at] as number) > 127 ? 1 : 0;
  return { inside, rows: height, columns: width };
}

async function renderMask({ inside, rows, columns }: Mask, colour: string, isDotted: boolean): Promise<string> {
  const context = createContext(columns, rows);
  const image = context.createImageData(columns, rows);
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, at += 1) {
      if (!inside[at]) continue;
      const isEdge =
        row === 0 || column === 0 || row === rows - 1 || column === columns - 1 ||
        !inside[at - 1] || !inside[at + 1] || !inside[at - columns] || !inside[at + columns];
      const isDrawn = isEdge && (!isDotted || ((row + column) >> 1) % 2 === 0);
      image.data.set([red, green, blue, Math.round(255 * (isDrawn ? EDGE_OPACITY : FILL_OPACITY))], 4 * at);
    }
  }
  context.putImageData(image, 0, 0);
  return URL.createObjectURL(await context.canvas.convertToBlob());
}

function createContext(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser cannot draw masks.");
  return context;
}
