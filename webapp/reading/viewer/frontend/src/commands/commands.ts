// Everything that a reader can do, in one table: keys, buttons and the help dialog are made from it.

import type { ViewerController } from "../controller/ViewerController.ts";
import type { Visibility } from "../controller/Visibility.ts";
import { LAYOUTS } from "../hanging/layouts.ts";
import type { MprToolId, MprView } from "../mpr/MprView.ts";
import type { SegmentationEditor } from "../segmentation/SegmentationEditor.ts";
import { MEASUREMENT_TOOLS, type BrushToolId, type ToolId } from "../tools/StackTools.ts";

/** What commands act on. */
export interface CommandContext {
  controller: ViewerController;
  editor: SegmentationEditor;
  visibility: Visibility;
}

export interface Command {
  id: string;
  title: string;
  group: "Image" | "Look" | "Measure" | "Outline" | "Wall" | "Go";
  /** KeyboardEvent.key in lower case, after "ctrl+" and "shift+" where these are pressed. */
  keys: readonly string[];
  /** Name of an icon; commands without one have no button. */
  icon?: string;
  run: (context: CommandContext) => unknown;
  isOn?: (context: CommandContext) => boolean;
  /** What it does in the reformatted planes; may return why it cannot, as a sentence. Without it, a command is for stacks only. */
  inMpr?: (mpr: MprView) => unknown;
}

const ZOOM_STEP = 1.25;
const MPR_TOOL_IDS = new Set<ToolId>(["window", "pan", "zoom", ...MEASUREMENT_TOOLS]);
/** Commands that work while the reformatted planes are open, without acting on them. */
const WORKS_IN_MPR = new Set(["planes", "help", "study", "worklist", "overlays", "undo", "redo"]);

/** Run a command where the reader is looking. */
export function runCommand(command: Command, context: CommandContext): void {
  const { controller } = context;
  if (!controller.mpr || WORKS_IN_MPR.has(command.id) || command.id.startsWith("preset-")) {
    command.run(context);
    return;
  }
  if (!command.inMpr) {
    controller.say("This works on a stack: press f to leave the three planes.");
    return;
  }
  const reason = command.inMpr(controller.mpr);
  if (typeof reason === "string" && reason) controller.say(reason);
  controller.emit("changed");
}

const ALL_COMMANDS: readonly Command[] = [
  toolCommand("window", "Window and level", "w", "contrast"),
  toolCommand("pan", "Pan", "p", "hand"),
  toolCommand("zoom", "Zoom", "z", "zoom"),
  { id: "larger", title: "Zoom in", group: "Look", keys: ["+"], run: ({ controller }) => zoomBy(controller, ZOOM_STEP), inMpr: (mpr) => mpr.zoomBy(ZOOM_STEP) },
  { id: "smaller", title: "Zoom out", group: "Look", keys: ["-"], run: ({ controller }) => zoomBy(controller, 1 / ZOOM_STEP), inMpr: (mpr) => mpr.zoomBy(1 / ZOOM_STEP) },
  { id: "fit", title: "Fit to viewport", group: "Look", keys: ["="], icon: "fit", run: ({ controller }) => controller.active.fit(), inMpr: (mpr) => mpr.reset() },
  { id: "rotate-right", title: "Rotate right", group: "Look", keys: ["r"], icon: "rotate", run: ({ controller }) => rotate(controller, 90) },
  { id: "rotate-left", title: "Rotate left", group: "Look", keys: ["l"], run: ({ controller }) => rotate(controller, 270) },
  { id: "flip-h", title: "Flip left to right", group: "Look", keys: ["h"], icon: "flip-h", run: ({ controller }) => flip(controller, "flipHorizontal") },
  { id: "flip-v", title: "Flip top to bottom", group: "Look", keys: ["v"], icon: "flip-v", run: ({ controller }) => flip(controller, "flipVertical") },
  { id: "invert", title: "Invert", group: "Look", keys: ["i"], icon: "invert", run: ({ controller }) => invert(controller), inMpr: (mpr) => mpr.invert() },
  {
    id: "overlays", title: "Overlays", group: "Look", keys: ["o"], icon: "overlays", isOn: ({ visibility }) => !visibility.isHidden,
    run: ({ controller, visibility }) => { controller.say(visibility.toggleAll() ? "All overlays are hidden." : "Overlays are shown."); controller.emit("changed"); },
  },
  ...[1, 2, 3, 4, 5].map(presetCommand),
  { id: "reset", title: "Reset view", group: "Look", keys: [" "], icon: "reset", run: ({ controller }) => controller.changePresentation((viewport) => viewport.reset()), inMpr: (mpr) => mpr.reset() },
  toolCommand("length", "Length", "m", "length"),
  toolCommand("angle", "Angle", "g", "angle"),
  toolCommand("rectangle", "Rectangle ROI with statistics", "b", "rectangle"),
  toolCommand("ellipse", "Ellipse ROI with statistics", "q", "ellipse"),
  toolCommand("probe", "Probe: value of a pixel", "x", "probe"),
  brushCommand("brush", "Correct the outline: brush", "e"),
  brushCommand("eraser", "Correct the outline: eraser (Shift swaps brush and eraser)", "t"),
  { id: "brush-smaller", title: "Smaller brush", group: "Outline", keys: ["["], run: ({ editor }) => editor.changeRadius(-1) },
  { id: "brush-larger", title: "Larger brush", group: "Outline", keys: ["]"], run: ({ editor }) => editor.changeRadius(1) },
  { id: "nothing", title: "Nothing to outline on this image", group: "Outline", keys: ["n"], run: ({ editor }) => { void editor.markEmpty(); } },
  { id: "remove", title: "Delete the selected or last measurement", group: "Measure", keys: ["delete", "backspace"], run: ({ controller }) => controller.removeMeasurement(), inMpr: (mpr) => mpr.removeSelected() },
  { id: "undo", title: "Undo", group: "Measure", keys: ["ctrl+z"], icon: "undo", run: ({ controller }) => controller.history.undo() || controller.say("There is nothing to undo.") },
  { id: "redo", title: "Redo", group: "Measure", keys: ["ctrl+y"], icon: "redo", run: ({ controller }) => controller.history.redo() || controller.say("There is nothing to redo.") },
  { id: "image-before", title: "Previous image", group: "Image", keys: ["arrowup"], run: ({ controller }) => controller.active.step(-1), inMpr: (mpr) => mpr.step(-1) },
  { id: "image-after", title: "Next image", group: "Image", keys: ["arrowdown"], run: ({ controller }) => controller.active.step(1), inMpr: (mpr) => mpr.step(1) },
  { id: "image-first", title: "First image", group: "Image", keys: ["home"], run: ({ controller }) => controller.active.show(0) },
  { id: "image-last", title: "Last image", group: "Image", keys: ["end"], run: ({ controller }) => controller.active.show(controller.active.imageIds.length - 1) },
  {
    id: "cine", title: "Cine", group: "Image", keys: ["c"], icon: "cine", isOn: ({ controller }) => controller.cine.isPlaying(controller.active),
    run: ({ controller }) => { controller.cine.toggle(controller.active); controller.emit("changed"); },
  },
  { id: "series-before", title: "Previous series", group: "Wall", keys: ["pageup"], run: ({ controller }) => controller.hangNext(-1) },
  { id: "series-after", title: "Next series", group: "Wall", keys: ["pagedown"], run: ({ controller }) => controller.hangNext(1) },
  { id: "viewport-before", title: "Previous viewport", group: "Wall", keys: ["arrowleft"], run: ({ controller }) => controller.activateNext(-1), inMpr: (mpr) => mpr.activateNext(-1) },
  { id: "viewport-after", title: "Next viewport", group: "Wall", keys: ["arrowright"], run: ({ controller }) => controller.activateNext(1), inMpr: (mpr) => mpr.activateNext(1) },
  { id: "layout", title: "Next layout", group: "Wall", keys: ["k"], run: ({ controller }) => nextLayout(controller) },
  { id: "planes", title: "Three planes (MPR) with a crosshair", group: "Wall", keys: ["f"], icon: "planes", run: ({ controller }) => controller.toggleMpr(), isOn: ({ controller }) => controller.mpr !== null },
  {
    id: "crosshair", title: "Crosshair (in three planes)", group: "Wall", keys: ["j"],
    run: ({ controller }) => controller.say("The crosshair joins three planes: press f first."), inMpr: (mpr) => mpr.activateTool("crosshair"),
  },
  { id: "link", title: "Scroll the viewports together", group: "Wall", keys: ["y"], icon: "link", run: ({ controller }) => toggleScrollSync(controller), isOn: ({ controller }) => controller.scrollSync.isOn },
  { id: "study", title: "Study page: findings and path", group: "Go", keys: ["s"], run: () => followLink("study") },
  { id: "worklist", title: "Worklist", group: "Go", keys: ["shift+w"], run: () => followLink("worklist") },
];
const ANNOTATING_GROUPS = new Set<Command["group"]>(["Measure", "Outline"]);

/** Return the commands for a reader; one who may not annotate (an auditor) has no tools for it. */
export function commandsFor(mayAnnotate: boolean): readonly Command[] {
  return mayAnnotate ? ALL_COMMANDS : ALL_COMMANDS.filter(({ group }) => !ANNOTATING_GROUPS.has(group));
}

function toolCommand(id: ToolId, title: string, key: string, icon: string): Command {
  return {
    id,
    title,
    group: MEASUREMENT_TOOLS.includes(id) ? "Measure" : "Look",
    keys: [key],
    icon,
    run: ({ controller }) => controller.useTool(id),
    isOn: ({ controller }) => (controller.mpr ? controller.mpr.activeTool === id : controller.tools.active === id),
    ...(MPR_TOOL_IDS.has(id) && { inMpr: (mpr: MprView) => mpr.activateTool(id as MprToolId) }),
  };
}

function brushCommand(id: BrushToolId, title: string, key: string): Command {
  return {
    id,
    title,
    group: "Outline",
    keys: [key],
    icon: id,
    run: ({ controller, editor }) => {
      if (editor.activateTool(id)) {
        controller.say(`${editor.status()} [ and ] change the size, Ctrl+z takes a stroke back.`);
        return;
      }
      document.querySelector<HTMLElement>(".side-outline .missing input")?.focus();
      controller.say("No finding is marked here. Name what the AI missed beside the image, then outline it.");
    },
    isOn: ({ controller }) => !controller.mpr && controller.tools.active === id,
  };
}

function presetCommand(number: number): Command {
  return {
    id: `preset-${number}`,
    title: `Window preset ${number}`,
    group: "Look",
    keys: [String(number)],
    run: ({ controller }) => {
      const preset = controller.presets().find((one) => one.key === String(number));
      if (preset) controller.applyPreset(preset);
      controller.say(preset ? `${preset.title}: W ${preset.width} L ${preset.level}` : "There is no window preset on that key for this modality.");
    },
  };
}

function zoomBy(controller: ViewerController, factor: number): void {
  const { stack, imageIndex } = controller.active;
  if (imageIndex < 0) return;
  stack.setZoom(stack.getZoom() * factor);
  stack.render();
}

function rotate(controller: ViewerController, by: number): void {
  controller.changePresentation((viewport) => {
    const now = viewport.presentation();
    viewport.applyPresentation({ ...now, rotation: (now.rotation + by) % 360 });
  });
}

function flip(controller: ViewerController, axis: "flipHorizontal" | "flipVertical"): void {
  controller.changePresentation((viewport) => {
    const now = viewport.presentation();
    viewport.applyPresentation({ ...now, [axis]: !now[axis] });
  });
}

function invert(controller: ViewerController): void {
  controller.changePresentation((viewport) => {
    const now = viewport.presentation();
    viewport.applyPresentation({ ...now, invert: !now.invert });
  });
}

function nextLayout(controller: ViewerController): void {
  controller.setLayout(LAYOUTS[(LAYOUTS.indexOf(controller.layout) + 1) % LAYOUTS.length] ?? "1x1");
}

function toggleScrollSync(controller: ViewerController): void {
  controller.scrollSync.toggle();
  controller.scrollSync.rememberOffsets(controller.viewports);
  controller.say(controller.scrollSync.isOn ? "The viewports scroll together." : "Each viewport scrolls on its own.");
  controller.emit("changed");
}

function followLink(name: "study" | "worklist"): void {
  document.querySelector<HTMLAnchorElement>(`[data-go="${name}"]`)?.click();
}
