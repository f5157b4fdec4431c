// Times of day as the reader's own clock tells them.

/** Show every time of a part of the page as hours and minutes. */
export function freshenClocks(part = document) {
  for (const time of part.querySelectorAll("time.clock[datetime]")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  }
}

freshenClocks();
document.addEventListener("htmx:afterSettle", () => freshenClocks());
