// The viewer's page. What the first picture needs is asked for here, while Cornerstone is still on its way.

import "./page/viewer.css";
import "./overlays/overlays.css";

import { firstOf } from "./reading/first.ts";
import { studyFetched } from "./study.ts";
import { frameAddress, frameBegun, headersFetched } from "./wire.ts";

const page = document.getElementById("viewer") as HTMLElement;
const data = studyFetched(page.dataset.address as string);
data.then((study) => {
  for (const { hung, at } of firstOf(study, location.search)) {
    const image = hung.series.images[at];
    if (!image) continue;
    headersFetched(hung).catch(() => {}); // the cell says why
    frameBegun(frameAddress(hung, image));
  }
}, () => {});
const { readingBegun } = await import("./reading/reading.ts");
await readingBegun(page, data);
