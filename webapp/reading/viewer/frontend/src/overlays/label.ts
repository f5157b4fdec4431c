// A label over an image, wrapped into lines where its viewport is narrow.

/** Height of a line, in CSS pixels. */
export const LINE_HEIGHT = 16;

/** The width that a label was laid out for, and the room that it takes. */
export interface LabelLayout {
  maxWidth: number;
  lines: number;
  width: number;
}

/** Break a text into lines no longer than `maxLength`; a word that is longer by itself has a line to itself. */
export function wrapText(text: string, maxLength: number, lengthOf: (line: string) => number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || lengthOf(longer) > maxLength) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** Lay a label out in lines no wider than `maxWidth` CSS pixels. */
export function layOutLabel(text: SVGTextElement, caption: string, maxWidth: number): LabelLayout {
  const widthOf = (line: string): number => {
    text.textContent = line;
    return text.getComputedTextLength();
  };
  const width = widthOf(caption);
  if (width <= maxWidth) return { maxWidth, lines: 1, width };
  const lines = wrapText(caption, maxWidth, widthOf);
  const widest = Math.max(...lines.map(widthOf));
  text.replaceChildren(...lines.map((line, number) => {
    const span = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
    span.setAttribute("dy", String(number ? LINE_HEIGHT : 0));
    span.textContent = number < lines.length - 1 ? `${line} ` : line; // copied text is one sentence
    return span;
  }));
  return { maxWidth, lines: lines.length, width: widest };
}

/** Move a label, with all its lines, to where it starts. */
export function positionLabel(text: SVGTextElement, x: number, y: number): void {
  text.setAttribute("y", y.toFixed(1));
  for (const one of [text, ...text.children]) one.setAttribute("x", x.toFixed(1));
}
