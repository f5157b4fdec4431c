// Cornerstone's tools, by our names, and what the pointer does with them.

import {
  addTool,
  AngleTool,
  annotation,
  EllipticalROITool,
  Enums,
  LengthTool,
  PanTool,
  RectangleROITool,
  StackScrollTool,
  ToolGroupManager,
  WindowLevelTool,
  ZoomTool,
} from "@cornerstonejs/tools";

import { PointTool, valueShown } from "./PixelProbeTool.ts";

const { Primary, Auxiliary, Secondary } = Enums.MouseBindings;

export const TOOLS = {
  window: WindowLevelTool.toolName,
  pan: PanTool.toolName,
  zoom: ZoomTool.toolName,
  scroll: StackScrollTool.toolName,
  length: LengthTool.toolName,
  angle: AngleTool.toolName,
  rectangle: RectangleROITool.toolName,
  ellipse: EllipticalROITool.toolName,
  probe: PointTool.toolName,
} as const;
/** Ours, drawn by no tool of Cornerstone's: see outlines/outliner.ts. */
export type OutlineTool = "brush" | "eraser";
type Theirs = keyof typeof TOOLS;
export type ToolId = Theirs | OutlineTool;
export const MEASURING: readonly ToolId[] = ["length", "angle", "rectangle", "ellipse", "probe"];

/** A human's mark: drawn solid, in a colour that no finding of the AI has. */
const HUMAN = "rgb(255, 221, 87)";

/** The tools of the stacks; one of them belongs to the left button. */
export class Tools {
  private readonly group;
  active: ToolId = "window";

  constructor() {
    for (const tool of [WindowLevelTool, PanTool, ZoomTool, StackScrollTool, LengthTool, AngleTool, RectangleROITool, EllipticalROITool, PointTool]) {
      addTool(tool);
    }
    const group = ToolGroupManager.createToolGroup("stacks");
    if (!group) throw new Error("The tools cannot be set up.");
    this.group = group;
    for (const id of Object.keys(TOOLS) as Theirs[]) group.addTool(TOOLS[id], settingsOf(id));
    annotation.config.style.setDefaultToolStyles(styles());
    this.activate("window");
  }

  /** Let the tools work in a cell. */
  add(viewportId: string, engineId: string): void {
    this.group.addViewport(viewportId, engineId);
  }

  remove(viewportId: string, engineId: string): void {
    this.group.removeViewports(engineId, viewportId);
  }

  /** Give the left button (and one finger) to a tool; the others keep their own buttons. */
  activate(id: ToolId): void {
    for (const other of Object.keys(TOOLS) as Theirs[]) {
      if (MEASURING.includes(other)) this.group.setToolPassive(TOOLS[other], { removeAllBindings: true });
      else this.group.setToolDisabled(TOOLS[other]);
    }
    this.active = id;
    const bindings: Record<string, { mouseButton?: number; numTouchPoints?: number }[]> = {
      [TOOLS.pan]: [{ mouseButton: Auxiliary }],
      [TOOLS.zoom]: [{ mouseButton: Secondary }, { numTouchPoints: 2 }],
    };
    if (id !== "brush" && id !== "eraser") (bindings[TOOLS[id]] ??= []).push({ mouseButton: Primary }, { numTouchPoints: 1 });
    for (const [name, list] of Object.entries(bindings)) this.group.setToolActive(name, { bindings: list });
  }
}

export function settingsOf(id: ToolId): object {
  if (!MEASURING.includes(id)) return {};
  return { shadow: true, preventHandleOutsideImage: false, ...(id === "probe" ? { getTextLines: valueShown } : {}) };
}

function styles(): Parameters<typeof annotation.config.style.setDefaultToolStyles>[0] {
  const base = annotation.config.style.getDefaultToolStyles();
  return {
    ...base,
    global: {
      ...base.global,
      color: HUMAN,
      colorHighlighted: "rgb(255, 255, 255)",
      colorSelected: "rgb(255, 245, 190)",
      lineWidth: "1.5",
      lineDash: "",
      textBoxColor: HUMAN,
      textBoxColorHighlighted: "rgb(255, 255, 255)",
      textBoxColorSelected: "rgb(255, 245, 190)",
      textBoxFontFamily: "system-ui, sans-serif",
      textBoxFontSize: "13px",
      textBoxLinkLineDash: "2,3",
    },
  };
}
