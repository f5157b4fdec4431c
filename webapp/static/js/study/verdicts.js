// Saying by key what one thinks of a finding: the one that has the focus, else the one that is shown, else the next.

const items = () => [...document.querySelectorAll(".findings > li")];
const isOpen = (item) => item.querySelector(".verdict") && !item.querySelector(".verdict-said");

function meant() {
  const focused = document.activeElement?.closest(".findings > li");
  const shown = items().filter((item) => item.querySelector(".finding.is-shown"));
  return focused ?? shown.find(isOpen) ?? shown[0] ?? items().find(isOpen);
}

/** Press a finding's button: its slice is shown, and the keys mean it. */
function goTo(item) {
  const more = item.closest("details.more");
  if (more) more.open = true;
  const button = item.querySelector(".finding");
  button.click();
  button.focus();
}

/** Agree at once; for the others open what they ask, and let the reader type. */
export function say(word) {
  const control = meant()?.querySelector(`[data-say="${word}"]`);
  if (!control) return false;
  if (control instanceof HTMLDetailsElement) {
    control.open = true;
    control.querySelector("input").focus();
  } else control.click();
  return true;
}

/** When an answer of the server has taken a finding's place, go on with the next that nothing was said of. */
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const path = detail.requestConfig?.path ?? "";
  if (!path.endsWith("/verdicts/") || !detail.xhr) return;
  const number = new DOMParser().parseFromString(detail.xhr.responseText, "text/html").querySelector(".finding")?.id;
  const here = number && document.getElementById(number)?.closest("li");
  if (!here) return;
  const next = here.querySelector("[role=alert]") ? here : items().find(isOpen);
  goTo(next ?? here);
});
