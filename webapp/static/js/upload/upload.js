// The upload page: gathers files, sends them, and keeps the tally.

import { chosen, dropped } from "./gather.js";
import { Rows } from "./rows.js";
import { Sending } from "./sending.js";

const byId = (id) => document.getElementById(id);
const drop = byId("drop");
const { api, study, largest } = drop.dataset;
const rows = new Rows(byId("rows"), study);
const items = [];
const counts = { stored: 0, duplicate: 0, refused: 0 };

const sending = new Sending({ api, on: {
  progress(item) {
    rows.set(item.row, "sending");
    rows.progress(item.row, item.sent);
    refresh();
  },
  done(item, files) {
    finish(item);
    if (files.length === 1) tell(item.row, files[0]);
    else tellZip(item, files);
    refresh();
  },
  refused(item, reason) {
    finish(item);
    tell(item.row, { name: item.name, status: "refused", reason });
    refresh();
  },
  lost(item, reason) {
    item.state = "lost";
    item.sent = 0;
    rows.set(item.row, "lost", { reason });
    byId("trouble").textContent = reason;
    refresh();
  },
} });

function finish(item) {
  item.state = "finished";
  item.sent = 1;
  item.file = null; // let go of it: thousands of files may pass through this page
}

function tell(row, { name, status, reason, study: id }) {
  counts[status] += 1;
  rows.set(row, status, { reason, study: id, name });
}

/** A zip's own row sums up; its refused members are listed, its stored ones as far as rows go. */
function tellZip(item, files) {
  const stored = files.filter(({ status }) => status !== "refused").length;
  const refused = files.length - stored;
  rows.set(item.row, files.length ? "stored" : "refused", {
    name: item.name,
    study: files.find((file) => file.study)?.study,
    reason: files.length ? `${files.length} files: ${stored} stored or known${refused ? `, ${refused} refused` : ""}` : "The zip is empty.",
  });
  if (!files.length) counts.refused += 1;
  for (const file of [...files].reverse()) tell(rows.make(file.name, { under: item.row, status: file.status }), file);
}

function take(found) {
  if (!found.length) return;
  byId("progress").hidden = false;
  drop.classList.add("compact");
  const fresh = found.map(({ file, name }) => ({ file, name, sent: 0, state: "waiting", row: rows.make(name) }));
  items.push(...fresh);
  for (const item of fresh) {
    if (!item.file) sending.on.refused(item, "The browser could not open this file.");
    else if (item.file.size > Number(largest)) sending.on.refused(item, "The file is larger than one upload may be.");
  }
  sending.add(fresh.filter((item) => item.state === "waiting"));
  refresh();
}

let due = false;
/** Renew the tally, at most once a frame however many files report. */
function refresh() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => { due = false; tally(); });
}

function tally() {
  const finished = items.filter(({ state }) => state === "finished").length;
  const lost = items.filter(({ state }) => state === "lost").length;
  byId("total").max = items.length || 1;
  byId("total").value = items.reduce((sum, item) => sum + item.sent, 0);
  const isOver = finished + lost === items.length;
  byId("tally").textContent = `${finished} of ${items.length} file${items.length === 1 ? "" : "s"}${isOver && !lost ? ", all done" : ""}`;
  byId("again").hidden = byId("trouble").hidden = !lost || sending.isBusy;
  byId("copy").hidden = !rows.refused.length;
  const shown = { "": counts.stored + counts.duplicate + counts.refused, ...counts };
  for (const button of document.querySelectorAll("[data-view]")) button.querySelector("b")?.replaceChildren(String(shown[button.dataset.view]));
}

byId("again").addEventListener("click", () => {
  const lost = items.filter(({ state }) => state === "lost");
  for (const item of lost) {
    item.state = "waiting";
    rows.set(item.row, "waiting");
  }
  sending.add(lost);
  refresh();
});
byId("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(rows.refused.join("\n"));
  byId("copy").lastChild.textContent = "Copied";
});
document.querySelector(".views").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  byId("rows").dataset.view = button.dataset.view;
  for (const other of document.querySelectorAll(".views button")) other.setAttribute("aria-pressed", String(other === button));
});
for (const button of document.querySelectorAll("[data-pick]")) {
  button.addEventListener("click", () => byId(button.dataset.pick).click());
}
for (const picker of [byId("files"), byId("folder")]) {
  picker.addEventListener("change", () => { take(chosen(picker.files)); picker.value = ""; });
}

// The whole page takes a drop, so that a near miss does not make the browser leave for the file.
let over = 0;
addEventListener("dragenter", (event) => { event.preventDefault(); over += 1; drop.classList.add("over"); });
addEventListener("dragleave", () => { over -= 1; if (over <= 0) drop.classList.remove("over"); });
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", async (event) => {
  event.preventDefault();
  over = 0;
  drop.classList.remove("over");
  take(await dropped(event.dataTransfer));
});
addEventListener("beforeunload", (event) => { if (sending.isBusy) event.preventDefault(); });
