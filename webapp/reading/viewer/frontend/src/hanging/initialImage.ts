// Which series hangs where when a study is opened, and at which image. Pure functions: nothing is drawn yet.

import { displayableSeries, type DisplaySet, type Series, type StudyData } from "../api/study.ts";

/** What a viewport shows first. */
export interface InitialDisplay {
  displaySet: DisplaySet;
  imageIndex: number;
  preset: string | null;
}

/** Modalities whose series are stacks of slices: they open in the middle. */
const SLICE_MODALITIES = new Set(["CT", "MR", "PT", "NM"]);

/** Return the image at which a series opens: its leading finding, the middle of a stack of slices, else the first image. */
export function initialImageIndex(series: Series): number {
  const finding = series.findings[0];
  if (finding) return finding.image;
  return SLICE_MODALITIES.has(series.modality) ? series.images.length >> 1 : 0;
}

/** Return what the viewports of the current study show first; the page's query may name the series and the image (from 1). */
export function initialDisplays(data: StudyData, search: string): InitialDisplay[] {
  const query = new URLSearchParams(search);
  const named = data.series.find((series) => series.id === query.get("series"));
  const image = Number.parseInt(query.get("image") ?? "", 10);
  const displays = currentStudySlots(data).map(({ series, preset }) => ({ displaySet: { data, series, isPrior: false }, imageIndex: initialImageIndex(series), preset }));
  if (!named) return displays;
  const first = {
    displaySet: { data, series: named, isPrior: false },
    imageIndex: image > 0 ? image - 1 : initialImageIndex(named),
    preset: displays.find((one) => one.displaySet.series === named)?.preset ?? null,
  };
  return [first, ...displays.slice(1)];
}

/** Return which of them is active first: the series that the query names, else the one with the most urgent finding, else the first. */
export function initialActiveIndex(displays: readonly InitialDisplay[], search: string): number {
  const named = new URLSearchParams(search).get("series");
  if (named !== null && named === displays[0]?.displaySet.series.id) return 0;
  const ranks = displays.map(({ displaySet: { series: { findings: [first], urgency } } }) => (first ? 1 + 2 * urgency + (first.probability ?? 0) : 0));
  return Math.max(0, ranks.indexOf(Math.max(...ranks)));
}

function currentStudySlots(data: StudyData): { series: Series; preset: string | null }[] {
  const slots = data.hanging.cells.flatMap(({ series, prior, preset }) => {
    const own = prior === null ? data.series.find((one) => one.id === series) : undefined;
    return own ? [{ series: own, preset }] : [];
  });
  if (slots.length) return slots;
  const [fallback] = displayableSeries(data);
  return fallback ? [{ series: fallback, preset: null }] : [];
}

/** Return the series of a prior study that is most similar to one of the current study. */
export function mostSimilarSeries(prior: StudyData, current: Series | undefined): Series | undefined {
  const score = (one: Series): number =>
    current ? 4 * Number(one.modality === current.modality) + 2 * Number(one.description === current.description) + Number(one.bodyPart === current.bodyPart) : 0;
  return displayableSeries(prior).filter((one) => one.images.length > 0).sort((one, other) => score(other) - score(one))[0];
}
