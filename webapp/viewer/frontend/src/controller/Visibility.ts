// What is drawn over the images: which kinds, how strongly, and which heat map. Remembered in this browser; it holds
// nothing of a patient.

export const KINDS = [
  { id: "box", title: "AI boxes", sign: "dashed box" },
  { id: "mask", title: "AI masks", sign: "dotted edge, filled" },
  { id: "heat", title: "AI heat map", sign: "glow: where a step looked" },
  { id: "segment", title: "Segmentations (DICOM SEG)", sign: "filled; dotted edge where an algorithm made it" },
  { id: "outline", title: "Outlined by readers", sign: "solid edge, filled, named" },
  { id: "human", title: "People's marks", sign: "solid lines" },
] as const;
export type Kind = (typeof KINDS)[number]["id"];

const KEY = "readroom-overlays";

interface Kept {
  off: Kind[];
  opacity: number;
}

class Shown extends EventTarget {
  /** All of it hidden for a look at the bare image, whatever is switched on. */
  isHidden = false;
  /** Title of the heat map that was chosen where an image has several. */
  heat = "";
  private kept: Kept = { off: ["heat"], opacity: 1, ...read() };

  isOn(kind: Kind): boolean {
    return !this.isHidden && !this.kept.off.includes(kind);
  }

  /** Whether a kind is switched on, hidden or not. */
  isChosen(kind: Kind): boolean {
    return !this.kept.off.includes(kind);
  }

  get opacity(): number {
    return this.kept.opacity;
  }

  set(kind: Kind, isOn: boolean): void {
    this.kept.off = [...this.kept.off.filter((one) => one !== kind), ...(isOn ? [] : [kind])];
    this.changed();
  }

  /** Switch a kind on, whatever hides it. */
  reveal(kind: Kind): void {
    if (this.isOn(kind)) return;
    this.isHidden = false;
    this.set(kind, true);
  }

  fade(opacity: number): void {
    this.kept.opacity = opacity;
    this.changed();
  }

  chooseHeat(title: string): void {
    this.heat = title;
    this.changed();
  }

  toggleAll(): boolean {
    this.isHidden = !this.isHidden;
    this.changed();
    return this.isHidden;
  }

  /** Tell everybody who draws. */
  changed(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify(this.kept));
    } catch {
      // A browser that keeps nothing shows the overlays all the same.
    }
    this.dispatchEvent(new Event("change"));
  }
}

function read(): Partial<Kept> {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {}) as Partial<Kept>;
  } catch {
    return {};
  }
}

export const shown = new Shown();
