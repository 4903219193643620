/** Small parts that all views are made of. */

import { element } from "../../shared/dom.js";
import { line } from "./text.js";

/** Say something at the edge of the page; an alarm is what went wrong. */
export function tell(words, isAlarm = false) {
  const place = document.getElementById(isAlarm ? "alarm" : "notice");
  place.textContent = line(words, 400);
  clearTimeout(place.timer);
  place.timer = setTimeout(
    () => {
      place.textContent = "";
    },
    isAlarm ? 10_000 : 5_000,
  );
}

/** Do something that may be refused, and say so if it is; returns what came of it, or undefined. */
export async function attempt(work, said) {
  try {
    const done = await work();
    if (said) tell(said);
    return done ?? true;
  } catch (error) {
    tell(error.message, true);
    return undefined;
  }
}

export function button(words, onclick, more = {}) {
  return element("button", { type: "button", onclick, ...more }, words);
}

/** A button that copies what it is given by. */
export function copyButton(what, read) {
  return button(
    "Copy",
    async () => {
      if (await copy(read())) tell(`${what} copied.`);
      else tell("This browser lets no page copy: select the text and copy it by hand.", true);
    },
    { class: "small", "aria-label": `Copy ${what.toLowerCase()}` },
  );
}

/** Copy a text; returns whether it was. */
async function copy(text) {
  // The clipboard is open to pages of this machine and over TLS only; elsewhere the old way has to do.
  const isCopied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  return isCopied || copyOldWay(text);
}

function copyOldWay(text) {
  const held = document.activeElement;
  const field = element("textarea", { class: "hidden" });
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  held.focus();
  return isCopied;
}

/** A number of things, in words. */
export function counted(count, thing) {
  return `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;
}

/** A status in its colour, with its reason. */
export function badge(status, reason) {
  return element("span", { class: `badge ${status ?? "reply"}` }, status ?? "reply", reason && ` · ${reason}`);
}

/** A text of others that must not disturb what stands beside it. */
export function apart(text, more = {}) {
  return element("bdi", more, line(text));
}

/** A labelled field of a form. */
export function field(label, input, hint) {
  return element("label", { class: "field" }, element("span", {}, label), input, hint && element("small", {}, hint));
}

export function choice(name, words, checked = false) {
  return element("label", { class: "choice" }, element("input", { type: "checkbox", name, checked }), words);
}

/** A part of a panel that can be folded. */
export function section(title, open, ...children) {
  return element("details", { class: "section", open }, element("summary", {}, element("h3", {}, title)), ...children);
}

/** A table of names and what they stand for; what is empty is left out. */
export function facts(rows) {
  return element(
    "dl",
    { class: "facts" },
    rows
      .filter(([, value]) => value !== undefined && value !== null && value !== false && value !== "")
      .map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])
      .flat(),
  );
}

/** A text as it came, line by line. */
export function raw(label, text) {
  return element("pre", { class: "raw", tabindex: "0", role: "region", "aria-label": label }, text);
}

/** A window before the page; resolves with the word of the button that closed it. */
export function dialog(label, content, ...buttons) {
  const form = element("form", { method: "dialog" }, content, element("div", { class: "actions" }, buttons));
  const shown = element("dialog", { "aria-label": label }, form);
  document.body.append(shown);
  shown.showModal();
  return new Promise((resolve) => {
    shown.addEventListener("close", () => {
      shown.remove();
      resolve(shown.returnValue);
    });
  });
}
