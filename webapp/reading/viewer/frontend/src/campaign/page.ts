// The elements of the campaign's page.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element of the page by its id; the template has all of them. */
export function byId<Kind extends Element>(id: string): Kind {
  return document.getElementById(id) as unknown as Kind;
}

/** Create an SVG element. */
export function createSvg(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
