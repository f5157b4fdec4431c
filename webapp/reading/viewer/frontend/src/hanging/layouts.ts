// The grids of viewports to choose from: rows x columns.

export const LAYOUTS = ["1x1", "1x2", "2x1", "2x2"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Return the layout of this many rows and columns; a single viewport where there is none. */
export function layoutOf(rows: number, columns: number): Layout {
  return LAYOUTS.find((layout) => layout === `${rows}x${columns}`) ?? "1x1";
}
