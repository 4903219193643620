/** A row of the list of callbacks: its event and phone, its attempts, and when the next one is due. */

import { element } from "../../common/dom.js";
import { callbackBadge, outcomeOf } from "../panels/callback.js";
import { mockState } from "../state/mock-state.js";
import { accountLabel } from "../ui/account-label.js";
import { isolated, plural } from "../ui/components.js";
import { clockTime, exactDateTime } from "../ui/time.js";
import { countdown } from "./due.js";

const MAX_DOTS = 4;

/**
 * What a row shows.
 *
 * @param {Api.Callback} callback
 * @returns {Dom.Child[]}
 */
export function renderRow(callback) {
  const { created_at: at, event, mobile_number: number, url, account, attempts, replay_of: replayOf } = callback;
  return [
    element("time", { datetime: at, title: exactDateTime(at) }, clockTime(at)),
    callbackBadge(callback),
    element(
      "span",
      { class: "event-name" },
      isolated(event),
      replayOf && element("span", { class: "muted" }, " replay"),
    ),
    element("span", { class: "number" }, isolated(number)),
    element("span", { class: "target muted" }, isolated(withoutScheme(url))),
    element("span", { class: "account muted" }, mockState.showsAccounts() && accountLabel(account)),
    attemptDots(attempts),
    element("span", { class: "next muted" }, nextText(callback)),
  ];
}

/** @param {string} url */
function withoutScheme(url) {
  return url.replace(/^https?:\/\//i, "");
}

/** @param {Api.Attempt[]} attempts */
function attemptDots(attempts) {
  const hidden = attempts.length - MAX_DOTS;
  return element(
    "span",
    { class: "dots" },
    element("span", { class: "visually-hidden" }, plural(attempts.length, "attempt")),
    hidden > 0 && element("span", { class: "muted", "aria-hidden": "true" }, `+${hidden}`),
    attempts
      .slice(-MAX_DOTS)
      .map(({ error, status }) =>
        element("span", { class: `dot ${error ? "rejected" : "sent"}`, title: error ?? `HTTP ${status ?? "2xx"}` }),
      ),
  );
}

/** @param {Api.Callback} callback */
function nextText(callback) {
  const { due_at: due, paused, waits_for: first, account, attempts } = callback;
  if (paused) return "waits until resumed";
  if (first) return `after callback ${first}`;
  const last = attempts.at(-1);
  if (!due) return last?.at && outcomeOf(last);
  return [last && `${last.status ? `HTTP ${last.status}` : "no response"}, next `, countdown(due, account)];
}
