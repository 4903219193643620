/** Short notices at the edge of the page: what was done, and what failed. */

import { byId } from "../../common/dom.js";
import { messageOf } from "../../common/errors.js";
import { ApiError, NoResponse } from "../api/client.js";
import { singleLine } from "./text.js";

const NOTICE_MS = 5_000;
const ERROR_MS = 10_000;
const MAX_CHARACTERS = 400;

/** @type {Map<string, number>} */
const timers = new Map();

/**
 * Show a notice for five seconds.
 *
 * @param {string} text
 */
export function showNotice(text) {
  show("notice", text, NOTICE_MS);
}

/**
 * Show an error for ten seconds.
 *
 * @param {string} text
 */
export function showError(text) {
  show("error", text, ERROR_MS);
}

/**
 * @param {string} id
 * @param {string} text
 * @param {number} milliseconds
 */
function show(id, text, milliseconds) {
  const node = byId(id);
  node.textContent = singleLine(text, MAX_CHARACTERS);
  clearTimeout(timers.get(id));
  timers.set(
    id,
    setTimeout(() => {
      node.textContent = "";
    }, milliseconds),
  );
}

/**
 * Show the error of work in the background, unless the page shows it already: "not live", or the token dialog.
 *
 * @param {unknown} error
 */
export function reportError(error) {
  const isShown = error instanceof NoResponse || (error instanceof ApiError && error.status === 401);
  if (!isShown) showError(messageOf(error));
}

/**
 * Do something and show the error if it fails.
 *
 * @param {() => Promise<any>} work
 * @param {string} [doneText] notice to show when it is done
 * @param {(error: unknown) => void} [onError] shows the error
 * @returns {Promise<any>} the result of the work, or true if it has none; undefined if it failed
 */
export async function attempt(work, doneText, onError = (error) => showError(messageOf(error))) {
  try {
    const result = await work();
    if (doneText) showNotice(doneText);
    return result ?? true;
  } catch (error) {
    onError(error);
    return undefined;
  }
}
