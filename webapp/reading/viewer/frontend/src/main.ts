// Entry of the viewer's page. The first images are requested and drawn here, while Cornerstone is still loading.

import "./styles/viewer.css";
import "./styles/overlays.css";

import { fetchMetadata, frameUrl, startFrame } from "./api/dicomweb.ts";
import { fetchStudy, type StudyData } from "./api/study.ts";
import { initialDisplays } from "./hanging/initialImage.ts";
import { FirstPaint } from "./viewport/FirstPaint.ts";

/** Cornerstone waits this long for the first paint: parsing it would take the core that draws. */
const FIRST_PAINT_MS = 1500;
const page = document.getElementById("viewer") as HTMLElement;
const data = fetchStudy(page.dataset.address as string);
const started = data.then(startFirstPaint).catch(() => null); // the page reports the error
const timeout = new Promise((resolve) => setTimeout(resolve, FIRST_PAINT_MS));
await Promise.race([started.then((one) => one?.painted), timeout]);
const { startViewer } = await import("./app/app.ts");
await startViewer(page, data, (await started)?.firstPaint);

/** Request what hangs first, and draw it as soon as it is here. */
function startFirstPaint(study: StudyData): { firstPaint: FirstPaint; painted: Promise<void> } {
  const displays = initialDisplays(study, location.search);
  for (const { displaySet, imageIndex } of displays) {
    const image = displaySet.series.images[imageIndex];
    if (!image) continue;
    fetchMetadata(displaySet).catch(() => {}); // the viewport reports the error
    startFrame(frameUrl(displaySet, image));
  }
  const firstPaint = new FirstPaint(page.querySelector("#main") as HTMLElement, study);
  return { firstPaint, painted: firstPaint.paint(displays) };
}
