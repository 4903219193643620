/** Components that all views are made of. */

import { element } from "../../common/dom.js";
import { icon } from "./icons.js";
import { latinKey } from "./latin-key.js";
import { showError, showNotice } from "./notices.js";
import { singleLine } from "./text.js";

/**
 * Create a button.
 *
 * @param {string} text
 * @param {(event: Event) => unknown} onclick
 * @param {Dom.Attributes} [attributes]
 */
export function button(text, onclick, attributes = {}) {
  return element("button", { type: "button", onclick, ...attributes }, text);
}

/**
 * Create a button that shows an icon only.
 *
 * @param {Parameters<typeof icon>[0]} name of the icon
 * @param {string} label what the button does, for screen readers and as a tooltip
 * @param {(event: Event) => unknown} onclick
 * @param {Dom.Attributes} [attributes]
 */
export function iconButton(name, label, onclick, attributes = {}) {
  const node = button("", onclick, { class: "flat icon-button", "aria-label": label, title: label, ...attributes });
  node.append(icon(name));
  return node;
}

/**
 * Create a button that copies a text.
 *
 * @param {string} name what is copied, for the notice
 * @param {() => string} read returns the text
 */
export function copyButton(name, read) {
  return button("Copy", () => copyText(name, read()), { class: "small", "aria-label": `Copy ${name.toLowerCase()}` });
}

/**
 * A one-time code with an icon; a click on it copies the code.
 *
 * @param {string} code
 * @param {Dom.Child} nodes the code as its text has it
 */
export function codeChip(code, nodes) {
  const copies = iconButton("copy", `Copy code ${code}`, () => copyText(code, code));
  return element("span", { class: "code-chip" }, nodes, copies);
}

/**
 * Copy a text and say so in a notice.
 *
 * @param {string} name what is copied, for the notice
 * @param {string} text
 */
export async function copyText(name, text) {
  if (await copy(text)) showNotice(`${name} copied.`);
  else showError("The browser does not allow copying. Select the text and copy it manually.");
}

/**
 * Copy a text. Returns whether that worked.
 *
 * @param {string} text
 */
async function copy(text) {
  // The clipboard is available to pages of this machine and over TLS only; elsewhere the old command has to do.
  const isCopied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  return isCopied || copyByCommand(text);
}

/** @param {string} text */
function copyByCommand(text) {
  const focused = document.activeElement;
  const source = element("textarea", { class: "visually-hidden" });
  source.value = text;
  document.body.append(source);
  source.select();
  const isCopied = document.execCommand("copy");
  source.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}

/**
 * A number with its noun, such as `1 phone` or `2,000 phones`.
 *
 * @param {number} count
 * @param {string} noun
 * @param {string} [several] the noun of other numbers than 1
 */
export function plural(count, noun, several = `${noun}s`) {
  return `${formatted(count)} ${count === 1 ? noun : several}`;
}

/**
 * A number with commas between the thousands.
 *
 * @param {number} count
 */
export function formatted(count) {
  return count.toLocaleString("en");
}

/** The statuses of the vendor's guide. */
export const STATUSES = ["sent", "queued", "rejected", "invalid", "exception"];

/** Whether a status is one that the vendor's guide does not have: a rule wrote it. @param {string} status */
export function isFreeStatus(status) {
  return !STATUSES.includes(status);
}

/** The class of a status, which has its colour. @param {string} status */
export function statusClass(status) {
  return isFreeStatus(status) ? "free" : status;
}

/**
 * A status in its colour, with its reason.
 *
 * @param {string} status
 * @param {string | null} [reason]
 */
export function badge(status, reason) {
  return element("span", { class: `badge ${statusClass(status)}` }, status, reason && ` · ${reason}`);
}

/**
 * A text whose writing direction does not affect what is next to it.
 *
 * @param {string} text
 */
export function isolated(text) {
  return element("bdi", {}, singleLine(text));
}

/**
 * An input of a form with its label.
 *
 * @param {string} label
 * @param {HTMLElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint) {
  return element("label", { class: "field" }, element("span", {}, label), input, hint && element("small", {}, hint));
}

/**
 * A checkbox with its label.
 *
 * @param {string} name
 * @param {string} label
 * @param {boolean} [checked]
 * @param {((event: any) => unknown) | undefined} [onchange]
 */
export function checkbox(name, label, checked = false, onchange = undefined) {
  return element(
    "label",
    { class: "checkbox" },
    element("input", { type: "checkbox", name, checked, onchange }),
    label,
  );
}

/**
 * A section of a panel that can be folded.
 *
 * @param {string} title
 * @param {boolean} open
 * @param {...Dom.Child} children
 */
export function section(title, open, ...children) {
  const heading = element("summary", {}, element("h3", {}, title));
  return element("details", { class: "section", open, "data-name": title.toLowerCase() }, heading, ...children);
}

/**
 * A list of names and values. Rows without a value are left out.
 *
 * @param {[string, Dom.Child][]} rows
 */
export function factList(rows) {
  return element(
    "dl",
    { class: "facts" },
    rows.map(([name, value]) => value && [element("dt", {}, name), element("dd", {}, value)]),
  );
}

/**
 * A preformatted text in a box that scrolls.
 *
 * @param {string} label
 * @param {Dom.Child} text
 */
export function codeBlock(label, text) {
  return element("pre", { class: "code-block", tabindex: "0", role: "region", "aria-label": label }, text);
}

/**
 * Open a modal dialog. The first letter of a button presses it, unless several begin with it.
 *
 * @param {string} label
 * @param {HTMLElement} content
 * @param {...HTMLElement} buttons
 * @returns {Promise<string>} the value of the button that closed it
 */
export function dialog(label, content, ...buttons) {
  const form = element("form", { method: "dialog" }, content, element("div", { class: "actions" }, buttons));
  const node = element("dialog", { "aria-label": label }, form);
  document.body.append(node);
  enableLetters(node, buttons);
  node.showModal();
  return new Promise((resolve) => {
    node.addEventListener("close", () => {
      node.remove();
      resolve(node.returnValue);
    });
  });
}

/**
 * @param {HTMLElement} node
 * @param {HTMLElement[]} buttons
 */
function enableLetters(node, buttons) {
  const byLetter = Map.groupBy(buttons, ({ textContent }) => textContent.slice(0, 1).toLowerCase());
  byLetter.forEach(([first, ...others], letter) => !others.length && first?.setAttribute("aria-keyshortcuts", letter));
  node.addEventListener("keydown", (event) => {
    const isOther = event.repeat || event.ctrlKey || event.metaKey || event.altKey;
    if (isOther || (event.target instanceof HTMLElement && event.target.matches("input, textarea, select"))) return;
    const letter = latinKey(event) ?? event.key.toLowerCase();
    const pressed = buttons.find((each) => each.getAttribute("aria-keyshortcuts") === letter);
    if (!pressed) return;
    event.preventDefault();
    pressed.click();
  });
}
