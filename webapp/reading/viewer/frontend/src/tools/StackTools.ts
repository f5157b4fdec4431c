// Cornerstone's tools on stacks, by our own ids, and the mouse buttons that they are bound to.

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

import { PixelProbeTool, probeTextLines } from "./PixelProbeTool.ts";

const { Primary, Auxiliary, Secondary } = Enums.MouseBindings;

export const TOOL_NAMES = {
  window: WindowLevelTool.toolName as string,
  pan: PanTool.toolName as string,
  zoom: ZoomTool.toolName as string,
  scroll: StackScrollTool.toolName as string,
  length: LengthTool.toolName,
  angle: AngleTool.toolName,
  rectangle: RectangleROITool.toolName,
  ellipse: EllipticalROITool.toolName,
  probe: PixelProbeTool.toolName,
} as const;
/** Tools of our own, which Cornerstone does not know: see segmentation/SegmentationEditor.ts. */
export type BrushToolId = "brush" | "eraser";
type CornerstoneToolId = keyof typeof TOOL_NAMES;
export type ToolId = CornerstoneToolId | BrushToolId;
export const MEASUREMENT_TOOLS: readonly ToolId[] = ["length", "angle", "rectangle", "ellipse", "probe"];

/** Annotations by people are drawn solid, in a colour that no AI finding has. */
const READER_COLOUR = "rgb(255, 221, 87)";

/** The tools of the stack viewports; one of them is active on the left button. */
export class StackTools {
  private readonly group;
  active: ToolId = "window";

  constructor() {
    for (const tool of [WindowLevelTool, PanTool, ZoomTool, StackScrollTool, LengthTool, AngleTool, RectangleROITool, EllipticalROITool, PixelProbeTool]) {
      addTool(tool);
    }
    const group = ToolGroupManager.createToolGroup("stacks");
    if (!group) throw new Error("The tools cannot be set up.");
    this.group = group;
    for (const id of Object.keys(TOOL_NAMES) as CornerstoneToolId[]) group.addTool(TOOL_NAMES[id], toolSettings(id));
    annotation.config.style.setDefaultToolStyles(annotationStyles());
    this.activate("window");
  }

  /** Enable the tools in a viewport. */
  addViewport(viewportId: string, engineId: string): void {
    this.group.addViewport(viewportId, engineId);
  }

  removeViewport(viewportId: string, engineId: string): void {
    this.group.removeViewports(engineId, viewportId);
  }

  /** Bind a tool to the left button (and to one finger); pan and zoom keep their own buttons. */
  activate(id: ToolId): void {
    for (const other of Object.keys(TOOL_NAMES) as CornerstoneToolId[]) {
      if (MEASUREMENT_TOOLS.includes(other)) this.group.setToolPassive(TOOL_NAMES[other], { removeAllBindings: true });
      else this.group.setToolDisabled(TOOL_NAMES[other]);
    }
    this.active = id;
    const bindings: Record<string, { mouseButton?: number; numTouchPoints?: number }[]> = {
      [TOOL_NAMES.pan]: [{ mouseButton: Auxiliary }],
      [TOOL_NAMES.zoom]: [{ mouseButton: Secondary }, { numTouchPoints: 2 }],
    };
    if (id !== "brush" && id !== "eraser") (bindings[TOOL_NAMES[id]] ??= []).push({ mouseButton: Primary }, { numTouchPoints: 1 });
    for (const [name, list] of Object.entries(bindings)) this.group.setToolActive(name, { bindings: list });
  }
}

/** Return Cornerstone's configuration of a tool. */
export function toolSettings(id: ToolId): object {
  if (!MEASUREMENT_TOOLS.includes(id)) return {};
  return { shadow: true, preventHandleOutsideImage: false, ...(id === "probe" ? { getTextLines: probeTextLines } : {}) };
}

function annotationStyles(): Parameters<typeof annotation.config.style.setDefaultToolStyles>[0] {
  const base = annotation.config.style.getDefaultToolStyles();
  return {
    ...base,
    global: {
      ...base.global,
      color: READER_COLOUR,
      colorHighlighted: "rgb(255, 255, 255)",
      colorSelected: "rgb(255, 245, 190)",
      lineWidth: "1.5",
      lineDash: "",
      textBoxColor: READER_COLOUR,
      textBoxColorHighlighted: "rgb(255, 255, 255)",
      textBoxColorSelected: "rgb(255, 245, 190)",
      textBoxFontFamily: "system-ui, sans-serif",
      textBoxFontSize: "13px",
      textBoxLinkLineDash: "2,3",
    },
  };
}
