// A form is sent once: what a second press of the key would order comes from somebody who waits.

const AGAIN = 5_000; // ms until a try that led nowhere, because it was stopped or the line was dead, may be repeated
const going = new Set();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (going.has(form)) {
    event.preventDefault();
    return;
  }
  going.add(form);
  setTimeout(() => going.delete(form), AGAIN);
});
window.addEventListener("pageshow", () => going.clear()); // come back to by the browser's own key
