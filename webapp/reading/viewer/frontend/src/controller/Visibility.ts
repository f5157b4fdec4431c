// Which overlays are drawn over the images, how opaque they are, and which heat map. Remembered in this browser; holds
// nothing about a patient.

import { Emitter } from "../common/Emitter.ts";

export const OVERLAY_KINDS = [
  { id: "box", title: "AI boxes", sign: "dashed box" },
  { id: "mask", title: "AI masks", sign: "dotted edge, filled" },
  { id: "heat", title: "AI heat map", sign: "glow: where a model looked" },
  { id: "segment", title: "Segmentations (DICOM SEG)", sign: "filled; dotted edge where an algorithm made it" },
  { id: "outline", title: "Readers' outlines", sign: "solid edge, filled, named" },
  { id: "human", title: "Readers' annotations", sign: "solid lines" },
] as const;
export type OverlayKind = (typeof OVERLAY_KINDS)[number]["id"];

const STORAGE_KEY = "readroom-overlays";

interface Settings {
  off: OverlayKind[];
  opacity: number;
}

export class Visibility extends Emitter<{ changed: void }> {
  /** Everything is hidden for a look at the bare image, whatever is switched on. */
  isHidden = false;
  /** Title of the chosen heat map, for images that have several. */
  heat = "";
  private readonly settings: Settings = { off: ["heat"], opacity: 1, ...readSettings() };

  /** Whether overlays of a kind are drawn. */
  isVisible(kind: OverlayKind): boolean {
    return !this.isHidden && this.isEnabled(kind);
  }

  /** Whether a kind is switched on, even while everything is hidden. */
  isEnabled(kind: OverlayKind): boolean {
    return !this.settings.off.includes(kind);
  }

  get opacity(): number {
    return this.settings.opacity;
  }

  setEnabled(kind: OverlayKind, isEnabled: boolean): void {
    this.settings.off = [...this.settings.off.filter((one) => one !== kind), ...(isEnabled ? [] : [kind])];
    this.onChanged();
  }

  /** Make a kind visible, whatever hides it. */
  reveal(kind: OverlayKind): void {
    if (this.isVisible(kind)) return;
    this.isHidden = false;
    this.setEnabled(kind, true);
  }

  setOpacity(opacity: number): void {
    this.settings.opacity = opacity;
    this.onChanged();
  }

  chooseHeat(title: string): void {
    this.heat = title;
    this.onChanged();
  }

  /** Hide everything, or show it again; returns whether everything is hidden now. */
  toggleAll(): boolean {
    this.isHidden = !this.isHidden;
    this.onChanged();
    return this.isHidden;
  }

  private onChanged(): void {
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify(this.settings));
    } catch {
      // A browser that stores nothing shows the overlays all the same.
    }
    this.emit("changed");
  }
}

function readSettings(): Partial<Settings> {
  try {
    return (JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}") ?? {}) as Partial<Settings>;
  } catch {
    return {};
  }
}
