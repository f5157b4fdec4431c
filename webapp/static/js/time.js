// "3 min ago" beside the full moment, kept fresh without asking the server.

const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [Infinity, "day", 86400]];
const words = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto", style: "short" });

function ago(moment) {
  const seconds = Math.max(0, (Date.now() - moment) / 1000);
  if (seconds < 10) return "just now";
  const [, unit, size] = STEPS.find(([under]) => seconds < under);
  return words.format(-Math.floor(seconds / size), unit);
}

/** Rewrite every <time> of the page (or of a part of it). */
export function freshenTimes(part = document) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const said = ago(Date.parse(time.dateTime));
    if (time.textContent !== said) time.textContent = said;
  }
}

freshenTimes();
setInterval(freshenTimes, 5000);
document.addEventListener("htmx:afterSettle", () => freshenTimes());
