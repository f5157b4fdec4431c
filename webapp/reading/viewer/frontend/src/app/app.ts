// The composition root: creates the controller, the stores and the panels, and hands each what it needs. Nothing else
// connects them; no module holds state for another to import.

import { AnnotationStore } from "../annotations/AnnotationStore.ts";
import { PendingChanges } from "../annotations/PendingChanges.ts";
import { SyncQueue } from "../annotations/SyncQueue.ts";
import type { StudyData } from "../api/study.ts";
import { commandsFor, runCommand, type Command, type CommandContext } from "../commands/commands.ts";
import { bindKeys } from "../commands/keyboard.ts";
import { AnalysisPolling } from "../controller/AnalysisPolling.ts";
import { ViewerController } from "../controller/ViewerController.ts";
import { Visibility } from "../controller/Visibility.ts";
import { startCornerstone } from "../cornerstone/setup.ts";
import { ImageOverlay } from "../overlays/ImageOverlay.ts";
import { fillHelpDialog } from "../panels/helpDialog.ts";
import { SeriesPanel } from "../panels/SeriesPanel.ts";
import { SidePanel } from "../panels/SidePanel.ts";
import { Toolbar } from "../panels/Toolbar.ts";
import { DicomSegStore } from "../segmentation/DicomSegStore.ts";
import { SegmentationEditor } from "../segmentation/SegmentationEditor.ts";
import { SegmentationStore } from "../segmentation/SegmentationStore.ts";
import type { FirstPaint } from "../viewport/FirstPaint.ts";
import { StatusLine } from "./StatusLine.ts";

/** Start the viewer on its page; `loading` is the study, whose first images may be drawn already. */
export async function startViewer(page: HTMLElement, loading: Promise<StudyData>, firstPaint?: FirstPaint): Promise<void> {
  const grid = part(page, "#wall");
  try {
    const controller = compose(page, grid, await loading);
    grid.replaceChildren();
    await controller.open(firstPaint);
  } catch (error) {
    firstPaint?.remove();
    showFailure(grid, error instanceof Error ? error.message : String(error));
  }
}

/** Create everything, and connect it; returns the controller, in which nothing hangs yet. */
function compose(page: HTMLElement, grid: HTMLElement, data: StudyData): ViewerController {
  const user = page.dataset.user ?? "";
  const mayAnnotate = page.dataset.mayMark !== "no";
  const visibility = new Visibility();
  const queue = new SyncQueue(new PendingChanges(user), user);
  const controller = new ViewerController(startCornerstone(), grid, data, page.dataset.address as string);
  const dicomSegs = new DicomSegStore(controller);
  const annotations = new AnnotationStore(user, controller, visibility, queue);
  const segmentations = new SegmentationStore(user, controller, queue);
  const editor = new SegmentationEditor(controller, segmentations, visibility);
  const polling = new AnalysisPolling(controller);
  controller.on("viewportAdded", (viewport) => { new ImageOverlay(viewport, { controller, visibility, segmentations, editor, dicomSegs }); });
  const status = new StatusLine(part(page, "#said"));
  controller.on("message", (sentence) => status.show(sentence));
  new SidePanel(part(page, "#side"), { controller, visibility, queue, annotations, segmentations, editor, dicomSegs, polling, mayAnnotate });
  composeCommands(page, mayAnnotate, { controller, editor, visibility });
  return controller;
}

/** Create the toolbar, the series panel and the help dialog, and bind the keys. */
function composeCommands(page: HTMLElement, mayAnnotate: boolean, context: CommandContext): void {
  const { controller } = context;
  const dialog = part<HTMLDialogElement>(page, "#help");
  const help: Command = { id: "help", title: "This help", group: "Go", keys: ["?"], run: () => dialog.showModal() };
  const commands = [...commandsFor(mayAnnotate), help];
  const run = (command: Command): void => runCommand(command, context);
  fillHelpDialog(dialog, commands, (key) => controller.data.presets.find((one) => one.key === key)?.title ?? "");
  bindKeys(commands, run);
  page.querySelector("[data-help]")?.addEventListener("click", () => dialog.showModal());
  const panels = [new Toolbar(part(page, "#tools"), commands, context, run), new SeriesPanel(part(page, "#series"), controller)];
  let frame = 0;
  controller.on("changed", () => {
    cancelAnimationFrame(frame); // once for each frame, however much has changed
    frame = requestAnimationFrame(() => { for (const panel of panels) panel.update(); });
  });
}

/** Say why the study cannot be opened. */
function showFailure(grid: HTMLElement, sentence: string): void {
  const box = document.createElement("div");
  box.className = "notice-over is-covering";
  const text = document.createElement("p");
  text.textContent = `The study cannot be opened. ${sentence}`;
  const retry = document.createElement("button");
  retry.type = "button";
  retry.textContent = "Retry";
  retry.addEventListener("click", () => location.reload());
  box.setAttribute("role", "alert");
  box.append(text, retry);
  grid.replaceChildren(box);
}

function part<Kind extends HTMLElement = HTMLElement>(page: HTMLElement, selector: string): Kind {
  return page.querySelector(selector) as Kind;
}
