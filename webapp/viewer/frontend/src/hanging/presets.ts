// Windows by name. A preset in Hounsfield units means nothing on another modality.

import { rangeOf } from "../dicom/window.ts";
import type { Preset, Series } from "../api/study.ts";
import type { Cell } from "../viewport/Viewport.ts";

/** Return the presets that suit a series. */
export function presetsFor(presets: readonly Preset[], series: Series): Preset[] {
  return presets.filter((preset) => preset.modality === "" || preset.modality === series.modality);
}

/** Return the preset of that id, where it suits a series. */
export function presetNamed(presets: readonly Preset[], series: Series, id: string | null): Preset | undefined {
  return presetsFor(presets, series).find((preset) => preset.id === id);
}

/** Look through a preset's window. */
export function presetApplied(cell: Cell, preset: Preset): void {
  cell.viewport.setProperties({ voiRange: rangeOf(preset.width, preset.level) });
  cell.viewport.render();
}
