/** When callbacks are due: a countdown on the clock of their account. */

import { element } from "../../shared/dom.js";
import { mockState } from "../state/mock-state.js";
import { isReadOnly } from "../state/read-only.js";
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
  const left = Date.parse(at) - nowOf(account);
  if (left <= 0) return "due";
  return `in ${formatDuration(Math.ceil(left / SECOND_MS) * SECOND_MS)}`;
}

/**
 * The current time of an account, in milliseconds.
 *
 * @param {string} account
 */
function nowOf(account) {
  const clock = mockState.accounts.find(({ id }) => id === account)?.clock ?? mockState.clock;
  const passed = clock.frozen || isReadOnly ? 0 : performance.now() - mockState.loadedAt;
  return Date.parse(clock.now) + passed;
}
