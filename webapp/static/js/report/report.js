// Writing a report: saved as it is typed, kept here until the server has it, signed only when it is saved.

import * as kept from "../kept.js";
import { bindKeys } from "../keys.js";
import { freshenClocks } from "./clock.js";

const AGAIN = 5_000;
const NOT_TEXT = new Set(["csrfmiddlewaretoken", "password", "edit", "base", "shown", "kind", "username"]);
const byId = (id) => document.getElementById(id);
const form = byId("report-form");
/** By study and user: {at, edit, base, fields}. */
const KEY = `readroom-report:${form?.dataset.key}`;
let acknowledged = form && written();
let sent = acknowledged;
let inConflict = false;
let signing = false;
let again = 0;

/** Return what the fields say, as one string that can be compared. */
function written() {
  return JSON.stringify([...new FormData(form)].filter(([name]) => !NOT_TEXT.has(name)));
}

const isDirty = () => written() !== acknowledged;
const save = () => htmx.trigger(form, "save");

function keep() {
  if (!isDirty()) kept.drop(KEY);
  else kept.keep(KEY, { at: new Date().toISOString(), edit: byId("edit").value, base: form.elements.base.value, fields: JSON.parse(written()) });
}

/** Say that the text is not saved, and why. */
function say(sentence) {
  const line = byId("not-saved").content.firstElementChild.cloneNode(true);
  line.querySelector("span").textContent = `${signing ? "Not signed, not saved" : "Not saved"}: ${sentence}`;
  signing = false;
  byId("saved").replaceWith(line);
}

function trouble({ status, responseURL }) {
  clearTimeout(again);
  if (status === 0) say("no connection. Your text is kept in this browser and sent again.");
  else if (responseURL?.includes("/sign-in/")) say("you are signed out. Sign in again in another tab, then reload: your text is kept in this browser.");
  else if (status === 403) say("this page is from an earlier sign-in. Reload it: your text is kept in this browser.");
  else if (status === 404) say("you may not write here any more. Your text is kept in this browser.");
  else say("the server is in trouble. Your text is kept in this browser and sent again.");
  if (status === 0 || status >= 500) again = setTimeout(save, AGAIN);
}

/** Put kept fields into the form; those that this form does not have stay where they are. */
function put(fields) {
  for (const [name, value] of fields) if (form.elements[name]) form.elements[name].value = value;
  keep();
  save();
}

/** Look for a text that a crash, or a lost line, left here. */
function restore() {
  const found = kept.read(KEY);
  if (!found) return;
  if (JSON.stringify(found.fields) === written()) {
    kept.drop(KEY);
  } else if (found.edit === byId("edit").value && found.base === form.elements.base.value) {
    put(found.fields);
  } else {
    offer(found);
  }
}

function offer(found) {
  const notice = byId("kept").content.firstElementChild.cloneNode(true);
  notice.querySelector("time").dateTime = found.at;
  const told = found.fields.filter(([name, text]) => text && (name.startsWith("section-") || name === "free_text"));
  notice.querySelector("dl").append(...told.flatMap(([name, text]) => {
    const title = document.createElement("dt");
    const said = Object.assign(document.createElement("dd"), { className: "said", textContent: text });
    title.textContent = document.querySelector(`label[for="${name}"]`)?.textContent ?? name.replace("section-", "");
    return [title, said];
  }));
  const over = () => { kept.drop(KEY); notice.remove(); };
  notice.querySelector("[data-put]").addEventListener("click", () => { over(); put(found.fields); });
  notice.querySelector("[data-drop]").addEventListener("click", over);
  form.parentElement.before(notice);
  freshenClocks(notice);
}

/** Return who asked, whichever element an event of htmx is told at: the form, the button that fills, or neither. */
function askedBy({ detail }) {
  const element = detail.requestConfig?.elt ?? detail.elt;
  return element === form || element?.id === "fill" ? element : null;
}

function listen() {
  form.addEventListener("input", keep);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!askedBy(event)) return;
    if (inConflict) event.preventDefault();
    sent = written();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!askedBy(event)) return;
    const { detail } = event;
    const isAnswer = detail.serverResponse.includes('id="saved"');
    detail.shouldSwap = isAnswer;
    detail.isError = !isAnswer;
    if (detail.xhr.status >= 400) detail.target = byId("saved");
    inConflict = detail.serverResponse.includes("data-keep-mine");
    if (detail.xhr.status >= 400) signing = false;
    if (!isAnswer) trouble(detail.xhr);
  });
  document.addEventListener("htmx:sendError", (event) => { if (askedBy(event)) trouble({ status: 0 }); });
  document.addEventListener("htmx:afterSettle", (event) => {
    const by = askedBy(event);
    if (!by || event.detail.xhr?.status !== 200) return;
    acknowledged = by === form ? sent : written();
    keep();
    if (!signing || isDirty()) return;
    signing = false; // once, however many savings were on their way
    form.requestSubmit();
  });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.elt?.id === "take") location.reload(); });
  window.addEventListener("online", () => { if (isDirty()) save(); });
  form.addEventListener("submit", (event) => {
    if (!byId("password")?.value) {
      event.preventDefault();
      toPassword();
      return;
    }
    if (!isDirty() && navigator.onLine) return;
    event.preventDefault();
    signing = true;
    save();
  });
  form.addEventListener("click", (event) => {
    const mine = event.target.closest("[data-keep-mine]");
    if (!mine && !event.target.closest("[data-take-theirs]")) return;
    inConflict = false;
    if (mine) {
      byId("edit").value = mine.dataset.keepMine;
      save();
    } else {
      kept.drop(KEY);
      location.reload();
    }
  });
}

function toPassword() {
  const field = byId("password");
  byId("sign").scrollIntoView({ block: "nearest" });
  field?.focus();
  return Boolean(field);
}

if (form) {
  listen();
  document.addEventListener("DOMContentLoaded", restore); // htmx knows the form only then
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.ctrlKey && event.target.closest?.("textarea") && toPassword()) event.preventDefault();
});
bindKeys({ S: toPassword, i: () => byId("to-images")?.click() });
