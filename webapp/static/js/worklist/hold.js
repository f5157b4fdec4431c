// News must not move a row from under a hand. While the pointer is at work in the table, rows are renewed
// in place and keep their order; new ones wait behind a button. An idle pointer lets go after a while.

import { freshenTimes } from "../time.js";

const IDLE = 30_000;
let lastMove = -Infinity;
let inside = false;

document.addEventListener("pointermove", (event) => {
  inside = Boolean(event.target.closest?.(".worklist"));
  if (inside) lastMove = performance.now();
});
document.addEventListener("pointerleave", () => { inside = false; });

const isHeld = () => inside && performance.now() - lastMove < IDLE;
const bodies = (part) => [...part.querySelectorAll(".worklist tbody")];

/** Renew the rows that are on screen, in place; return the rows that are not on screen yet. */
function renewInPlace(live, news) {
  const shown = new Map(bodies(live).map((body) => [body.id, body]));
  const fresh = [];
  for (const body of bodies(news)) {
    const old = shown.get(body.id);
    if (!old) fresh.push(body);
    else if (!old.contains(document.activeElement) && old.innerHTML !== body.innerHTML) {
      old.className = body.className;
      old.replaceChildren(...document.importNode(body, true).childNodes);
    }
  }
  live.querySelector(".chips").replaceWith(document.importNode(news.querySelector(".chips"), true));
  freshenTimes(live);
  return fresh;
}

function announce(live, fresh, news) {
  const held = live.querySelector(".held");
  const first = fresh.filter((body) => body.classList.contains("urgency-row-3")).length;
  const moved = bodies(live).map((body) => body.id).join() !== bodies(news).map((body) => body.id).join();
  held.hidden = !moved;
  const count = fresh.length ? `${fresh.length} new${first ? `, ${first} to look at first` : ""}` : "The order changed";
  held.firstElementChild.textContent = `${count}: show`;
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, serverResponse } = event.detail;
  if (target.id !== "worklist-live" || xhr.status === 204) return;
  if (!serverResponse.includes('id="worklist-live"')) {
    event.detail.shouldSwap = false; // The session is over: the answer is the sign-in page.
    if (xhr.status < 400) location.reload();
    return;
  }
  if (!isHeld()) return;
  event.detail.shouldSwap = false;
  const news = new DOMParser().parseFromString(serverResponse, "text/html");
  if (!bodies(news).length || !bodies(target).length) return;
  announce(target, renewInPlace(target, news), news);
});

// Whatever is new since the last look glows for a moment.
let known = new Set(bodies(document).map((body) => body.id));
document.addEventListener("htmx:afterSettle", () => {
  const now = bodies(document);
  for (const body of now) if (!known.has(body.id)) body.classList.add("fresh");
  known = new Set(now.map((body) => body.id));
});

document.addEventListener("click", (event) => {
  if (!event.target.closest(".held button")) return;
  inside = false;
  htmx.trigger("#worklist-live", "show");
});
