/** What the strip says about each condition of the mock, where it leads, and how it ends. */

import { request } from "../api/client.js";
import { mergedFaults } from "../panels/faults.js";
import { mockState } from "../state/mock-state.js";
import { callbackPlace, controlsPlace } from "../state/places.js";
import { control, isReadOnly } from "../state/read-only.js";
import { NO_CONVERSATION, NO_PANEL } from "../state/route.js";
import { plural } from "../ui/components.js";
import { clockTime, dateTime, day, exactDateTime, formatDuration } from "../ui/time.js";

/**
 * @typedef {object} Condition
 * @property {string} id the identity of the condition
 * @property {"frozen" | "fault" | "scenario" | "failing" | "restarted"} kind
 * @property {string} text what the pill says
 * @property {string} name what it is, without what changes
 * @property {string} about more about it, as a tooltip
 * @property {Ui.Query} place where it is set, as parameters of the URL
 * @property {string} endName what × does
 * @property {(() => Promise<unknown>) | false | undefined} end ends it; undefined if it can only be hidden
 */

/**
 * All conditions, the one that changes most first.
 *
 * @param {Api.Conditions} found
 * @param {string} restartedAt empty if the mock was not restarted while the page was open
 * @returns {Condition[]}
 */
export function conditionsOf({ frozen, faults, scenarios, failing }, restartedAt) {
  return [
    ...(restartedAt ? [restart(restartedAt)] : []),
    ...(frozen && !isReadOnly ? [frozenClock(frozen)] : []), // A trace has no clock that runs.
    ...mergedFaults(faults).map(fault),
    ...scenarios.map(scenario),
    ...(failing.length ? [failingWebhooks(failing)] : []),
  ];
}

/** @param {string} at */
function restart(at) {
  return /** @type {const} */ ({
    id: `restarted ${at}`,
    kind: "restarted",
    text: `Mock restarted at ${clockTime(at)}`,
    name: "Mock restarted",
    about: `The mock was started again at ${exactDateTime(at)}. What it had in memory before is deleted.`,
    place: { ...NO_PANEL, ...NO_CONVERSATION, view: null },
    endName: "Hide",
    end: undefined,
  });
}

/** @param {NonNullable<Api.Conditions["frozen"]>} frozen */
function frozenClock({ at, account, accounts, all }) {
  const isToday = day(at) === day(new Date());
  const isOne = accounts === 1 && account !== null && !all;
  const whose = all ? wholeMock() : isOne ? `, ${mockState.accountName(account)}` : `, ${plural(accounts, "account")}`;
  const query = isOne ? { account } : {};
  return /** @type {const} */ ({
    id: "frozen",
    kind: "frozen",
    text: `Clock frozen at ${isToday ? clockTime(at) : dateTime(at)}${whose}`,
    name: "Clock frozen",
    about: `It shows ${exactDateTime(at)}.`,
    place: controlsPlace("clock", isOne ? account : null),
    endName: "Resume",
    end: control(() => request("POST", "clock/resume", { query })),
  });
}

function wholeMock() {
  return mockState.showsAccounts() ? ", all accounts" : "";
}

/** @param {Api.Fault} found */
function fault({ id, account, fault: name, effect, matches, left, until, waiting }) {
  const rest = Date.parse(until) - mockState.now().getTime();
  const parts = [
    name,
    left !== null && `${left} left`,
    waiting.length > 0 && `${waiting.length} waiting`,
    account === null && mockState.accountCount > 0 && "new accounts only",
    rest > 0 && minutes(rest),
  ];
  return /** @type {const} */ ({
    id: `fault ${id}`,
    kind: "fault",
    text: `Fault: ${parts.filter(Boolean).join(", ")}`,
    name: `Fault: ${name}`,
    about: `${effect}. Matches: ${matches}. Ends at ${exactDateTime(until)}.`,
    place: controlsPlace("faults"),
    endName: "Remove",
    end: control(() => request("DELETE", `faults/${id}`)),
  });
}

/**
 * A duration in whole minutes, or in seconds below one.
 *
 * @param {number} milliseconds
 */
function minutes(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1_000);
  return formatDuration((seconds < 60 ? seconds : Math.ceil(seconds / 60) * 60) * 1_000);
}

/** @param {Api.Conditions["scenarios"][number]} found */
function scenario({ names, account, applied }) {
  const name = names.join(", ");
  const whose = account && mockState.showsAccounts() ? `, ${mockState.accountName(account)}` : "";
  const query = account ? { account } : {};
  return /** @type {const} */ ({
    id: `scenario ${name}`,
    kind: "scenario",
    text: `Scenario ${name}, ${applied} applied${whose}`,
    name: `Scenario ${name}`,
    about: `Its rules were applied ${applied === 1 ? "once" : `${applied} times`}.`,
    place: controlsPlace("scenario", account),
    endName: "Unload",
    end: control(() => request("DELETE", "scenario", { query })),
  });
}

/** @param {Api.Conditions["failing"]} webhooks */
function failingWebhooks(webhooks) {
  const latest = webhooks.reduce((one, other) => (other.latest > one.latest ? other : one));
  const { host, pathname } = new URL(latest.url);
  const error = latest.status === null ? "no response" : `HTTP ${latest.status}`;
  const where = webhooks.length > 1 ? `at ${webhooks.length} webhooks` : `at ${host}${pathname}`;
  return /** @type {const} */ ({
    id: `failing ${latest.latest}`,
    kind: "failing",
    text: `Callbacks failing: ${error} ${where}`,
    name: "Callbacks failing",
    about: webhooks.map(({ url, failed, error: why }) => `${url}: ${failed} failed, the last one: ${why}`).join("; "),
    place: { ...callbackPlace(latest.latest), view: "callbacks" },
    endName: "Hide",
    end: undefined,
  });
}
