// What hangs where when a study is opened, and at which image. Pure: it decides before anything is drawn.

import { seriesShown, type Hung, type Series, type StudyData } from "../api/study.ts";

export interface Placed {
  hung: Hung;
  at: number;
  preset: string | null;
}

/** Modalities whose series are stacks of slices: they open in the middle. */
const SLICED = new Set(["CT", "MR", "PT", "NM"]);

/** Return the image at which a series opens: the clearest finding, the middle of a stack of slices, else the first. */
export function opensAt(series: Series): number {
  const finding = series.findings[0];
  if (finding) return finding.image;
  return SLICED.has(series.modality) ? series.images.length >> 1 : 0;
}

/** Return what the cells of the current study show first; an address may name the series and the image (from 1). */
export function firstOf(data: StudyData, search: string): Placed[] {
  const asked = new URLSearchParams(search);
  const named = data.series.find((series) => series.id === asked.get("series"));
  const image = Number.parseInt(asked.get("image") ?? "", 10);
  const placed = cellsOf(data).map(({ series, preset }) => ({ hung: { data, series, isPrior: false }, at: opensAt(series), preset }));
  if (!named) return placed;
  const first = { hung: { data, series: named, isPrior: false }, at: image > 0 ? image - 1 : opensAt(named), preset: placed.find((one) => one.hung.series === named)?.preset ?? null };
  return [first, ...placed.slice(1)];
}

/** Return which of them is active first: what the address names, else the one with the most urgent finding, else the first. */
export function activeOf(placed: readonly Placed[], search: string): number {
  if (placed[0] && new URLSearchParams(search).get("series") === placed[0].hung.series.id) return 0;
  const ranks = placed.map(({ hung: { series: { findings: [first], urgency } } }) => (first ? 1 + 2 * urgency + (first.probability ?? 0) : 0));
  return Math.max(0, ranks.indexOf(Math.max(...ranks)));
}

function cellsOf(data: StudyData): { series: Series; preset: string | null }[] {
  const found = data.hanging.cells.flatMap(({ series, prior, preset }) => {
    const own = prior === null ? data.series.find((one) => one.id === series) : undefined;
    return own ? [{ series: own, preset }] : [];
  });
  if (found.length) return found;
  const [fallback] = seriesShown(data);
  return fallback ? [{ series: fallback, preset: null }] : [];
}

/** Return the series of a prior that is most like one of the current study. */
export function likest(prior: StudyData, like: Series | undefined): Series | undefined {
  const score = (one: Series): number =>
    like ? 4 * Number(one.modality === like.modality) + 2 * Number(one.description === like.description) + Number(one.bodyPart === like.bodyPart) : 0;
  return seriesShown(prior).filter((one) => one.images.length > 0).sort((one, other) => score(other) - score(one))[0];
}
