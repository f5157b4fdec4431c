// A name over an image, in as many lines as its viewport is narrow.

/** Height of a line, CSS pixels. */
export const LINE = 16;

/** What a name was laid out for, and how much room it takes. */
export interface Laid {
  most: number;
  lines: number;
  width: number;
}

/** Break words into lines no longer than `most`; a word that is longer alone has a line to itself. */
export function linesOf(words: string, most: number, lengthOf: (line: string) => number): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || lengthOf(longer) > most) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** Lay a name out in lines no longer than `most` CSS pixels. */
export function laidOut(text: SVGTextElement, words: string, most: number): Laid {
  const lengthOf = (line: string): number => {
    text.textContent = line;
    return text.getComputedTextLength();
  };
  const whole = lengthOf(words);
  if (whole <= most) return { most, lines: 1, width: whole };
  const lines = linesOf(words, most, lengthOf);
  const width = Math.max(...lines.map(lengthOf));
  text.replaceChildren(...lines.map((line, number) => {
    const span = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
    span.setAttribute("dy", String(number ? LINE : 0));
    span.textContent = number < lines.length - 1 ? `${line} ` : line; // one sentence, for who copies it
    return span;
  }));
  return { most, lines: lines.length, width };
}

/** Put a name where it begins: each of its lines. */
export function placed(text: SVGTextElement, x: number, y: number): void {
  text.setAttribute("y", y.toFixed(1));
  for (const one of [text, ...text.children]) one.setAttribute("x", x.toFixed(1));
}
