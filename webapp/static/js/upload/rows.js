// What is told of each file: one row a file, and one a member of a zip.

const SIGNS = { waiting: "queued", sending: "receiving", stored: "negative", duplicate: "link", refused: "failed", lost: "retry" };
const WORDS = { stored: "Stored", duplicate: "Already stored, kept once", waiting: "Waiting", sending: "" };
/** Rows on the page; of more files the tally tells, and every refusal is listed whatever their number. */
const MOST = 1500;

export class Rows {
  constructor(list, study) {
    Object.assign(this, { list, study, unlisted: 0, refused: [] });
    this.template = document.getElementById("row");
  }

  /** Make the row of a file (or of a zip's member, under its zip). */
  make(name, { under = null, status = "waiting" } = {}) {
    if (this.list.childElementCount >= MOST && status !== "refused") {
      this.unlisted += 1;
      this.#tellUnlisted();
      return null;
    }
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.querySelector(".name").textContent = name;
    row.querySelector(".name").title = name;
    row.classList.toggle("inside", Boolean(under));
    if (under) under.after(row);
    else this.list.append(row);
    this.set(row, status);
    return row;
  }

  set(row, status, { reason = "", study = "", name = "" } = {}) {
    if (status === "refused") this.refused.push(`${name}\t${reason}`);
    if (!row) return;
    row.className = `row is-${status}${row.classList.contains("inside") ? " inside" : ""}`;
    row.querySelector(".sign").replaceChildren(document.getElementById(`sign-${SIGNS[status]}`).content.cloneNode(true));
    row.querySelector(".said").textContent = reason || WORDS[status] || "";
    const link = row.querySelector(".study");
    link.hidden = !study;
    if (study) link.href = this.study.replace("00000000-0000-0000-0000-000000000000", study);
  }

  progress(row, share) {
    if (row) row.querySelector("progress").value = share;
  }

  #tellUnlisted() {
    const line = document.getElementById("unlisted");
    line.hidden = false;
    line.textContent = `${this.unlisted} more files are counted above but not listed. Refused ones are always listed.`;
  }
}
