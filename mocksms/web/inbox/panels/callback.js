/** The panel of one callback: its request, every attempt with the response of the webhook, and what can be done. */

import { element } from "../../common/dom.js";
import { ANY_ACCOUNT, get, request } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { messagePlace } from "../state/places.js";
import { control } from "../state/read-only.js";
import { navigate, route } from "../state/route.js";
import { setPaused } from "../state/webhooks.js";
import { accountLabel } from "../ui/account-label.js";
import { button, codeBlock, copyButton, factList, section } from "../ui/components.js";
import { jsonBlock } from "../ui/json-view.js";
import { attempt } from "../ui/notices.js";
import { withEscapes } from "../ui/text.js";
import { exactDateTime, formatDuration } from "../ui/time.js";

/**
 * The classes of the states of callbacks, which have their colours.
 *
 * @type {Record<string, string>}
 */
export const COLOURS = { delivered: "sent", failed: "rejected", retrying: "queued", pending: "queued" };

/**
 * Read a callback and return the nodes of its panel.
 *
 * @param {string} id
 * @returns {Promise<Dom.Child[]>}
 */
export async function callbackPanel(id) {
  const callback = await get(`callbacks/${encodeURIComponent(id)}`, ANY_ACCOUNT);
  return [
    element("h2", {}, "Callback ", element("bdi", {}, withEscapes(callback.event))),
    element("p", { class: "state" }, callbackBadge(callback), " to ", element("bdi", {}, withEscapes(callback.url))),
    element("div", { class: "actions", "data-id": callback.id }, actionButtons(callback)),
    detailsSection(callback),
    attemptsSection(callback),
    requestSection(callback),
  ];
}

/**
 * The state of a callback in its colour.
 *
 * @param {Api.Callback} callback
 */
export function callbackBadge({ state, paused, attempts }) {
  const shown = paused ? "paused" : state === "pending" && attempts.length ? "retrying" : state;
  return element("span", { class: `badge ${COLOURS[shown] ?? ""}` }, shown);
}

/**
 * What came of an attempt, in a few words.
 *
 * @param {Api.Attempt} each
 */
export function outcomeOf({ status, error, duration }) {
  return `${status ? `HTTP ${status}` : error} in ${formatDuration(duration * 1000)}`;
}

/**
 * The attempts of a callback, each with its response.
 *
 * @param {Api.Attempt[]} attempts
 */
function attemptList(attempts) {
  return element(
    "ol",
    { class: "timeline" },
    attempts.map((each) =>
      element(
        "li",
        { class: each.error ? "rejected" : "sent" },
        element("time", { datetime: each.at }, exactDateTime(each.at)),
        element("span", { class: `badge ${each.error ? "rejected" : "sent"}` }, withEscapes(outcomeOf(each))),
        each.error && each.status && !each.error.startsWith("HTTP ") && element("span", {}, withEscapes(each.error)),
        each.body && jsonBlock("Response of the webhook", each.body),
      ),
    ),
  );
}

/**
 * Repeat a callback.
 *
 * @param {{ id: number, account: string }} callback
 * @returns {Promise<Api.Callback | undefined>} the new one; undefined if that failed
 */
function replay({ id, account }) {
  return attempt(() => request("POST", `callbacks/${id}/replay`, { query: { account } }), "Callback replayed.");
}

/** @param {Api.Callback} callback */
function actionButtons(callback) {
  const { id, account, state, paused, transaction_id: message } = callback;
  const drop = () => request("POST", `callbacks/${id}/drop`, { query: { account } });
  const showReplay = async () => {
    const fresh = await replay(callback);
    if (fresh && route().callback === String(id)) navigate({ callback: fresh.id });
  };
  return [
    control(button("Replay", showReplay)),
    paused && control(button("Resume webhook", () => setPaused(callback, false))),
    state === "pending" &&
      control(button("Drop", () => attempt(drop, "Callback dropped."), { title: "No further attempt follows" })),
    message && button("Message", () => navigate(messagePlace(message))),
  ];
}

/** @param {Api.Callback} callback */
function detailsSection(callback) {
  const { account, kind, mobile_number: number, created_at: at, due_at: due, replay_of: original } = callback;
  const { paused, waits_for: first } = callback;
  return section(
    "Details",
    true,
    factList([
      ["phone", element("bdi", {}, withEscapes(number))],
      ["kind", kind],
      ["created", exactDateTime(at)],
      ["next try", paused ? "once its webhook is resumed" : due && exactDateTime(due)],
      ["waits for", first && callbackButton(first)],
      ["repeats", original && callbackButton(original)],
      ["account", mockState.accountCount > 1 && accountLabel(account)],
    ]),
  );
}

/** @param {number} id */
function callbackButton(id) {
  return button(`callback ${id}`, () => navigate({ callback: id }), { class: "small" });
}

/** @param {Api.Callback} callback */
function attemptsSection({ attempts }) {
  const none = element("p", { class: "muted" }, "No attempt yet.");
  return section(`Attempts: ${attempts.length}`, true, attempts.length ? attemptList(attempts) : none);
}

/** @param {Api.Callback} callback */
function requestSection({ url, request: { method, headers, body } }) {
  const head = [`${method} ${url}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  return section(
    "Request",
    true,
    codeBlock("Request", withEscapes(head)),
    copyButton("Request body", () => body),
    jsonBlock("Body of the request", body),
  );
}
