// Entry of a campaign's page that asks for an outline.

import { fetchMask, maskImageUrl } from "../segmentation/maskCanvas.ts";
import { CaseOutlineEditor } from "./CaseOutlineEditor.ts";
import { byId, createSvg } from "./page.ts";

/** The case as the page states it: the size of its image, and the URLs of the masks of the reader and of others. */
interface CaseData {
  columns: number;
  rows: number;
  own: string | null;
  /** By reader, for the adjudicator; null where that reader says there is nothing to outline. */
  masks: (string | null)[];
}

/** Show the adjudicator the readers' outlines, each with a line of its own. */
async function showReaderOutlines({ masks, columns, rows }: CaseData): Promise<void> {
  const colours = ["--accent", "--violet"];
  for (const [reader, url] of masks.entries()) {
    if (!url) continue;
    const colour = getComputedStyle(document.documentElement).getPropertyValue(colours[reader % 2] as string).trim();
    const href = await maskImageUrl(url, colour, reader % 2 === 1, () => fetchMask(url));
    byId("others").append(createSvg("image", { href, width: columns, height: rows, class: "other-mask" }));
  }
}

const data = JSON.parse(byId("case-data").textContent ?? "") as CaseData;
const editor = new CaseOutlineEditor(data.columns, data.rows);
if (data.own) void editor.load(data.own, false);
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-take-outline]")) {
  button.addEventListener("click", () => { void editor.load(data.masks[Number(button.dataset.takeOutline)] ?? null, true); });
}
void showReaderOutlines(data);
