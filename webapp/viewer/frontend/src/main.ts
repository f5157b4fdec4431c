// The viewer's page. What the first picture needs is asked for here, while Cornerstone is still on its way.

import "./styles/viewer.css";
import "./styles/overlays.css";

import { Early } from "./viewport/FirstPaint.ts";
import { firstOf } from "./hanging/initialImage.ts";
import { studyFetched, type StudyData } from "./api/study.ts";
import { frameAddress, frameBegun, headersFetched } from "./api/dicomweb.ts";

/** Cornerstone waits this long for the first picture: to read it takes the one core that draws. */
const PATIENCE_MS = 1500;
const page = document.getElementById("viewer") as HTMLElement;
const data = studyFetched(page.dataset.address as string);
const early = data.then(begun).catch(() => null); // the page says why
const patience = new Promise((done) => setTimeout(done, PATIENCE_MS));
await Promise.race([early.then((one) => one?.drawn), patience]);
const { readingBegun } = await import("./controller/ViewerController.ts");
await readingBegun(page, data, (await early)?.early);

/** Ask for what hangs first, and draw it as soon as it is here. */
function begun(study: StudyData): { early: Early; drawn: Promise<void> } {
  const placed = firstOf(study, location.search);
  for (const { hung, at } of placed) {
    const image = hung.series.images[at];
    if (!image) continue;
    headersFetched(hung).catch(() => {}); // the cell says why
    frameBegun(frameAddress(hung, image));
  }
  const early = new Early(page.querySelector("#main") as HTMLElement, study);
  return { early, drawn: early.show(placed) };
}
