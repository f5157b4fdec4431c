// Window presets. A preset in Hounsfield units means nothing on another modality.

import type { Preset, Series } from "../api/study.ts";

/** Return the presets that suit a series. */
export function presetsFor(presets: readonly Preset[], series: Series): Preset[] {
  return presets.filter((preset) => preset.modality === "" || preset.modality === series.modality);
}

/** Return the preset with this id, if it suits the series. */
export function findPreset(presets: readonly Preset[], series: Series, id: string | null): Preset | undefined {
  return presetsFor(presets, series).find((preset) => preset.id === id);
}
