/** What is wrong with a form, shown at its fields. */

import { element } from "../../common/dom.js";
import { messageOf } from "../../common/errors.js";
import { ApiError } from "../api/client.js";
import { attempt, showError } from "./notices.js";
import { singleLine } from "./text.js";

const MAX_CHARACTERS = 300;
let errorCount = 0;

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/**
 * Show what is wrong at a field until it changes, in a fold that is opened, and focus the field.
 *
 * @param {Field} input
 * @param {string} text
 */
export function showFieldError(input, text) {
  clearFieldError(input);
  errorCount += 1;
  const note = element("small", { class: "field-error wrong", id: `field-error-${errorCount}`, role: "alert" }, text);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", note.id);
  input.after(note);
  input.addEventListener("input", () => clearFieldError(input), { once: true });
  input.closest("details")?.setAttribute("open", "");
  input.focus();
}

/** @param {Field} input */
function clearFieldError(input) {
  if (input.nextElementSibling?.matches(".field-error")) input.nextElementSibling.remove();
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-describedby");
}

/**
 * Do something with the values of a form. What the mock refuses is shown at the fields, any other error as a notice.
 *
 * @param {Record<string, Field>} fields by the name that the inspection API has for each
 * @param {() => Promise<any>} work
 * @param {string} [doneText] notice to show when it is done
 * @returns {Promise<any>} the result of the work, or true if it has none; undefined if it failed
 */
export function attemptWith(fields, work, doneText) {
  Object.values(fields).forEach(clearFieldError);
  return attempt(work, doneText, (error) => {
    const issues = (error instanceof ApiError && error.issues) || {};
    const shown = Object.entries(issues).filter(([name, texts]) => showIssue(fields, name, texts));
    if (!shown.length) showError(messageOf(error));
  });
}

/**
 * @param {Record<string, Field>} fields
 * @param {string} name
 * @param {string[]} texts
 */
function showIssue(fields, name, texts) {
  const key = Object.keys(fields).find((each) => name.split(/[ .]/)[0] === each);
  if (key) showFieldError(fields[key], sentence(texts[0]));
  return key;
}

/**
 * An issue such as `must be at least 1; got 0` as a sentence, without the value, which is in the field.
 *
 * @param {string} issue
 */
function sentence(issue) {
  const text = singleLine(issue.replace(/; got .*$/s, ""), MAX_CHARACTERS);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
