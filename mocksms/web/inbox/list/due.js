/** When callbacks are due: a countdown on the clock of their account. */

import { element } from "../../common/dom.js";
import { mockState } from "../state/mock-state.js";
import { exactDateTime, formatDuration } from "../ui/time.js";

const SECOND_MS = 1_000;

/**
 * A countdown to an instant. `updateCountdowns` keeps it up to date.
 *
 * @param {string} at
 * @param {string} account
 */
export function countdown(at, account) {
  const node = element("time", { datetime: at, title: exactDateTime(at), "data-account": account, class: "due" });
  node.textContent = dueText(at, account);
  return node;
}

/**
 * Update the countdowns within a node.
 *
 * @param {HTMLElement} node
 */
export function updateCountdowns(node) {
  for (const each of node.querySelectorAll("time.due")) {
    if (!(each instanceof HTMLTimeElement)) continue;
    const text = dueText(each.dateTime, each.dataset.account ?? "");
    if (each.textContent !== text) each.textContent = text;
  }
}

/**
 * @param {string} at
 * @param {string} account
 */
function dueText(at, account) {
  const left = Date.parse(at) - mockState.now(account).getTime();
  if (left <= 0) return "due";
  return `in ${formatDuration(Math.ceil(left / SECOND_MS) * SECOND_MS)}`;
}
