// Everything that a reader can do, once: the keys, the buttons and the help are made from this table.

import type { PlaneTool, Planes } from "../mpr/MprView.ts";
import { mayMark } from "../app/rights.ts";
import { MEASURING, type ToolId } from "../tools/StackTools.ts";
import { LAYOUTS, type Reading } from "../controller/ViewerController.ts";
import { presetApplied } from "../hanging/presets.ts";
import { shown } from "../controller/Visibility.ts";
import { removeSelected } from "../tools/measurements.ts";

export interface Command {
  id: string;
  title: string;
  group: "Image" | "Look" | "Measure" | "Outline" | "Wall" | "Go";
  /** KeyboardEvent.key, in small letters, with "ctrl+" and "shift+" before it where they are pressed. */
  keys: readonly string[];
  /** Name of an icon; those without one have no button. */
  icon?: string;
  run(reading: Reading): unknown;
  isOn?(reading: Reading): boolean;
  /** What it does to three planes, or why it cannot, in words; a command without it is for stacks only. */
  inPlanes?(planes: Planes): unknown;
}

const ZOOM_STEP = 1.25;
const PLANE_TOOLS = new Set<ToolId>(["window", "pan", "zoom", ...MEASURING]);
/** What works while planes lie over the wall, without doing anything to them. */
const ANYWHERE = new Set(["planes", "help", "study", "worklist", "overlays", "undo", "redo"]);

/** Do a command where the reader is looking. */
export function done(command: Command, reading: Reading): void {
  if (!reading.planes || ANYWHERE.has(command.id) || command.id.startsWith("preset-")) return void command.run(reading);
  if (!command.inPlanes) return reading.say("This is for a stack: press f to leave the three planes.");
  const why = command.inPlanes(reading.planes);
  if (typeof why === "string" && why) reading.say(why);
  reading.renewed();
}

const EVERY: readonly Command[] = [
  tool("window", "Window and level", "w", "contrast"),
  tool("pan", "Pan", "p", "hand"),
  tool("zoom", "Zoom", "z", "zoom"),
  { id: "larger", title: "Larger", group: "Look", keys: ["+"], run: (reading) => zoomBy(reading, ZOOM_STEP), inPlanes: (planes) => planes.zoomBy(ZOOM_STEP) },
  { id: "smaller", title: "Smaller", group: "Look", keys: ["-"], run: (reading) => zoomBy(reading, 1 / ZOOM_STEP), inPlanes: (planes) => planes.zoomBy(1 / ZOOM_STEP) },
  { id: "fit", title: "Fit to the viewport", group: "Look", keys: ["="], icon: "fit", run: (reading) => reading.active.fit(), inPlanes: (planes) => planes.reset() },
  { id: "rotate-right", title: "Rotate right", group: "Look", keys: ["r"], icon: "rotate", run: (reading) => turn(reading, 90) },
  { id: "rotate-left", title: "Rotate left", group: "Look", keys: ["l"], run: (reading) => turn(reading, 270) },
  { id: "flip-h", title: "Flip left to right", group: "Look", keys: ["h"], icon: "flip-h", run: (reading) => flip(reading, "flipHorizontal") },
  { id: "flip-v", title: "Flip top to bottom", group: "Look", keys: ["v"], icon: "flip-v", run: (reading) => flip(reading, "flipVertical") },
  { id: "invert", title: "Invert", group: "Look", keys: ["i"], icon: "invert", run: invert, inPlanes: (planes) => planes.invert() },
  {
    id: "overlays", title: "Overlays", group: "Look", keys: ["o"], icon: "overlays", isOn: () => !shown.isHidden,
    run: (reading) => { reading.say(shown.toggleAll() ? "All overlays are hidden." : "Overlays are shown."); reading.renewed(); },
  },
  ...[1, 2, 3, 4, 5].map(preset),
  { id: "reset", title: "Reset the view", group: "Look", keys: [" "], icon: "reset", run: reset, inPlanes: (planes) => planes.reset() },
  tool("length", "Length", "m", "length"),
  tool("angle", "Angle", "g", "angle"),
  tool("rectangle", "Rectangle with statistics", "b", "rectangle"),
  tool("ellipse", "Ellipse with statistics", "q", "ellipse"),
  tool("probe", "Value at a point", "x", "probe"),
  outlining("brush", "Correct the outline: brush", "e"),
  outlining("eraser", "Eraser of the outline (Shift: the other way round)", "t"),
  { id: "brush-smaller", title: "Smaller brush", group: "Outline", keys: ["["], run: (reading) => reading.outliner.sized(-1) },
  { id: "brush-larger", title: "Larger brush", group: "Outline", keys: ["]"], run: (reading) => reading.outliner.sized(1) },
  { id: "nothing", title: "Nothing to outline on this image", group: "Outline", keys: ["n"], run: (reading) => { void reading.outliner.nothing(); } },
  { id: "remove", title: "Remove the chosen or last measurement", group: "Measure", keys: ["delete", "backspace"], run: removeSelected, inPlanes: (planes) => planes.removeSelected() },
  { id: "undo", title: "Undo", group: "Measure", keys: ["ctrl+z"], icon: "undo", run: (reading) => reading.history.undo() || reading.say("There is nothing to undo.") },
  { id: "redo", title: "Redo", group: "Measure", keys: ["ctrl+y"], icon: "redo", run: (reading) => reading.history.redo() || reading.say("There is nothing to redo.") },
  { id: "image-before", title: "Image before", group: "Image", keys: ["arrowup"], run: (reading) => reading.active.step(-1), inPlanes: (planes) => planes.step(-1) },
  { id: "image-after", title: "Image after", group: "Image", keys: ["arrowdown"], run: (reading) => reading.active.step(1), inPlanes: (planes) => planes.step(1) },
  { id: "image-first", title: "First image", group: "Image", keys: ["home"], run: (reading) => reading.active.show(0) },
  { id: "image-last", title: "Last image", group: "Image", keys: ["end"], run: (reading) => reading.active.show(reading.active.imageIds.length - 1) },
  { id: "cine", title: "Cine", group: "Image", keys: ["c"], icon: "cine", run: (reading) => { reading.cine.toggle(reading.active); reading.renewed(); }, isOn: (reading) => reading.cine.isOn(reading.active) },
  { id: "series-before", title: "Series before", group: "Wall", keys: ["pageup"], run: (reading) => reading.hangNext(-1) },
  { id: "series-after", title: "Series after", group: "Wall", keys: ["pagedown"], run: (reading) => reading.hangNext(1) },
  { id: "viewport-before", title: "Viewport before", group: "Wall", keys: ["arrowleft"], run: (reading) => reading.activateNext(-1), inPlanes: (planes) => planes.next(-1) },
  { id: "viewport-after", title: "Viewport after", group: "Wall", keys: ["arrowright"], run: (reading) => reading.activateNext(1), inPlanes: (planes) => planes.next(1) },
  { id: "layout", title: "Next layout", group: "Wall", keys: ["k"], run: nextLayout },
  { id: "planes", title: "Three planes with a crosshair", group: "Wall", keys: ["f"], icon: "planes", run: (reading) => reading.togglePlanes(), isOn: (reading) => reading.planes !== null },
  { id: "crosshair", title: "Crosshair (in three planes)", group: "Wall", keys: ["j"], run: (reading) => reading.say("The crosshair joins three planes: press f first."), inPlanes: (planes) => planes.activate("crosshair") },
  { id: "link", title: "Scroll the viewports together", group: "Wall", keys: ["y"], icon: "link", run: link, isOn: (reading) => reading.link.isOn },
  { id: "study", title: "Study page: findings and path", group: "Go", keys: ["s"], run: () => go("study") },
  { id: "worklist", title: "Worklist", group: "Go", keys: ["shift+w"], run: () => go("worklist") },
];
const MARKING = new Set<Command["group"]>(["Measure", "Outline"]);
export const COMMANDS = mayMark ? EVERY : EVERY.filter(({ group }) => !MARKING.has(group));

function tool(id: ToolId, title: string, key: string, icon: string): Command {
  const inPlanes = PLANE_TOOLS.has(id) && ((planes: Planes) => planes.activate(id as PlaneTool));
  return {
    id,
    title,
    group: MEASURING.includes(id) ? "Measure" : "Look",
    keys: [key],
    icon,
    run: (reading) => { reading.tools.activate(id); reading.renewed(); },
    isOn: (reading) => (reading.planes ? reading.planes.active === id : reading.tools.active === id),
    ...(inPlanes && { inPlanes }),
  };
}

function outlining(id: "brush" | "eraser", title: string, key: string): Command {
  return {
    id,
    title,
    group: "Outline",
    keys: [key],
    icon: id,
    run: (reading) => {
      if (reading.outliner.begin(id)) return reading.say(`${reading.outliner.state()} [ and ] change the size, Ctrl+z takes a stroke back.`);
      document.querySelector<HTMLElement>(".side-outline .missing input")?.focus();
      reading.say("No finding is marked here. Say beside the image what the AI missed, then outline it.");
    },
    isOn: (reading) => !reading.planes && reading.tools.active === id,
  };
}

function preset(number: number): Command {
  return {
    id: `preset-${number}`,
    title: `Window preset ${number}`,
    group: "Look",
    keys: [String(number)],
    run: (reading) => {
      const chosen = reading.presets().find((one) => one.key === String(number));
      if (!chosen) return reading.say("There is no window preset on that key for this modality.");
      if (reading.planes) reading.planes.preset(chosen);
      else reading.change((cell) => presetApplied(cell, chosen));
      reading.say(`${chosen.title}: W ${chosen.width} L ${chosen.level}`);
    },
  };
}

function zoomBy(reading: Reading, factor: number): void {
  const { viewport, at } = reading.active;
  if (at < 0) return;
  viewport.setZoom(viewport.getZoom() * factor);
  viewport.render();
}

function turn(reading: Reading, by: number): void {
  reading.change((cell) => {
    const now = cell.presentation();
    cell.present({ ...now, rotation: (now.rotation + by) % 360 });
  });
}

function flip(reading: Reading, which: "flipHorizontal" | "flipVertical"): void {
  reading.change((cell) => {
    const now = cell.presentation();
    cell.present({ ...now, [which]: !now[which] });
  });
}

function invert(reading: Reading): void {
  reading.change((cell) => {
    const now = cell.presentation();
    cell.present({ ...now, invert: !now.invert });
  });
}

function reset(reading: Reading): void {
  reading.change((cell) => cell.reset());
}

function nextLayout(reading: Reading): void {
  reading.arrange(LAYOUTS[(LAYOUTS.indexOf(reading.layout) + 1) % LAYOUTS.length] ?? "1x1");
}

function link(reading: Reading): void {
  reading.link.toggle();
  reading.link.hold(reading.cells);
  reading.say(reading.link.isOn ? "The viewports scroll together." : "Each viewport scrolls by itself.");
  reading.renewed();
}

function go(where: "study" | "worklist"): void {
  (document.querySelector(`[data-go="${where}"]`) as HTMLAnchorElement | null)?.click();
}
