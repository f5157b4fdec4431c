// Masks as pictures that SVG can place: coloured inside, an edge of whole pixels, clear elsewhere.

/** How many pictures are kept; the oldest go first. */
const MOST = 400;
const INSIDE = 0.38;
const EDGE = 0.95;
const pictures = new Map<string, Promise<string>>();

export interface Bits {
  /** 1 inside, row by row. */
  inside: Uint8Array;
  rows: number;
  columns: number;
}

/** Return the address of a picture of a mask; `key` names the mask. A failure is forgotten. */
export function painted(key: string, colour: string, isDotted: boolean, bits: () => Promise<Bits>): Promise<string> {
  const name = `${key} ${colour}`;
  const held = pictures.get(name);
  if (held) return held;
  const coming = bits().then((one) => drawn(one, colour, isDotted));
  coming.catch(() => pictures.delete(name));
  pictures.set(name, coming);
  for (const [old, picture] of pictures) {
    if (pictures.size <= MOST) break;
    pictures.delete(old);
    void picture.then(URL.revokeObjectURL, () => {});
  }
  return coming;
}

/** Fetch a mask that lies beside an answer: white inside. */
export async function maskFetched(address: string): Promise<Bits> {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`A mask cannot be fetched (error ${answer.status}).`);
  const picture = await createImageBitmap(await answer.blob());
  const { width, height } = picture;
  const context = contextOf(width, height);
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const inside = new Uint8Array(width * height);
  for (let at = 0; at < inside.length; at += 1) inside[at] = (data[4 * at] as number) > 127 ? 1 : 0;
  return { inside, rows: height, columns: width };
}

async function drawn({ inside, rows, columns }: Bits, colour: string, isDotted: boolean): Promise<string> {
  const context = contextOf(columns, rows);
  const image = context.createImageData(columns, rows);
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, at += 1) {
      if (!inside[at]) continue;
      const isEdge =
        row === 0 || column === 0 || row === rows - 1 || column === columns - 1 ||
        !inside[at - 1] || !inside[at + 1] || !inside[at - columns] || !inside[at + columns];
      const isDrawn = isEdge && (!isDotted || ((row + column) >> 1) % 2 === 0);
      image.data.set([red, green, blue, Math.round(255 * (isDrawn ? EDGE : INSIDE))], 4 * at);
    }
  }
  context.putImageData(image, 0, 0);
  return URL.createObjectURL(await context.canvas.convertToBlob());
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser cannot draw masks.");
  return context;
}
