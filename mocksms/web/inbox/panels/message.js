/** The panel of one message: everything the mock knows about it. */

import { element } from "../../common/dom.js";
import { ANY_ACCOUNT, get, request } from "../api/client.js";
import { deleteRecords, sendAgain } from "../list/bulk-actions.js";
import { tagChip } from "../list/search-chips.js";
import { control } from "../state/read-only.js";
import { navigate, route } from "../state/route.js";
import { messageLink } from "../thread/message-text.js";
import { button, codeChip, copyButton, factList, isFreeStatus, plural, section } from "../ui/components.js";
import { attempt } from "../ui/notices.js";
import { withEscapes } from "../ui/text.js";
import { exactDateTime } from "../ui/time.js";
import { codeSection } from "./code-section.js";
import { lifeSection } from "./life/life.js";
import { whySentence } from "./life/why.js";
import { requestSections, warningList } from "./request.js";
import { segmentFacts } from "./segment-facts.js";

/**
 * The actions that are possible in each status: path in the inspection API, and label. A status that the guide does not
 * have has those of queued.
 *
 * @type {Record<string, [string, string][]>}
 */
const ACTIONS = {
  queued: [
    ["send", "Send now"],
    ["cancel", "Cancel"],
    ["bounce", "Bounce"],
  ],
  sent: [["bounce", "Bounce"]],
};

/**
 * Read a message with its request and callbacks, and return the nodes of its panel.
 *
 * @param {string} id
 * @returns {Promise<Dom.Child[]>}
 */
export async function messagePanel(id) {
  const message = await get(`messages/${encodeURIComponent(id)}`, ANY_ACCOUNT);
  const { account, number } = message;
  const [timeline, origin, { phones }] = await Promise.all([
    get(`messages/${encodeURIComponent(message.transaction_id)}/timeline`, { account }),
    loadRequest(message),
    get("phones", { account, number, limit: 1 }),
  ]);
  const isOptedOut = phones[0]?.lists.includes("unsubscribed") ?? false;
  return [
    element("h2", {}, "SMS to ", element("bdi", {}, withEscapes(message.mobile_number))),
    whySentence(message, timeline),
    element("div", { class: "actions", "data-id": message.transaction_id }, actionButtons(message, isOptedOut)),
    lifeSection(message, timeline),
    detailsSection(message),
    message.codes.length > 0 && codesSection(message),
    message.links.length > 0 && linksSection(message),
    ...(origin ? requestSections(origin, "Request that created it") : [noRequest(message)]),
    origin && codeSection(origin, [message]),
  ];
}

/** @param {Api.Message} message */
async function loadRequest({ account, request_id: id }) {
  if (!id) return null;
  const { requests } = await get("requests", { account, since: id - 1, before: id + 1, limit: 1 });
  return requests[0] ?? null;
}

/**
 * @param {Api.Message} message
 * @param {string} action
 * @param {{ body?: object, doneText?: string }} [options]
 */
function act({ transaction_id: id, account }, action, { body, doneText } = {}) {
  return attempt(() => request("POST", `messages/${id}/${action}`, { query: { account }, body }), doneText);
}

/**
 * @param {Api.Message} message
 * @param {boolean} isOptedOut whether the phone has opted out
 */
function actionButtons(message, isOptedOut) {
  const { status, number, account } = message;
  return [
    ...(ACTIONS[isFreeStatus(status) ? "queued" : status] ?? []).map(([action, label]) =>
      control(button(label, () => act(message, action))),
    ),
    route().phone !== number && button("Conversation", () => navigate({ view: null, phone: number, in: account })),
    control(button("Send again", () => sendAgain([message]))),
    control(isOptedOut ? optInButton(message) : optOutButton(message)),
    control(button("Delete", () => deleteRecords({ messages: [message] }), { class: "danger" })),
  ];
}

/** @param {Api.Message} message */
function optOutButton(message) {
  return button("Opt the phone out", () => act(message, "unsubscribe", { doneText: "The phone has opted out." }));
}

/** @param {Api.Message} message */
function optInButton({ account, number }) {
  const work = () => request("PATCH", "account", { query: { account }, body: { unsubscribed: { remove: [number] } } });
  return button("Opt the phone in", () => attempt(work, "The phone has opted in."));
}

/** @param {Api.Message} message */
function detailsSection(message) {
  const { transaction_id: id, segments, tags, warnings } = message;
  return section(
    "Details",
    true,
    factList([
      ["status", message.status],
      [
        "reason",
        message.reject_reason && [
          element("code", {}, message.reject_reason),
          " in the response to the send, ",
          element("code", {}, message.reject_reason_in_reads),
          " in search and info",
        ],
      ],
      ["id", [element("code", {}, id), " ", copyButton("Id", () => id)]],
      ...segmentFacts(segments),
      ["sender", element("bdi", {}, withEscapes(message.sender))],
      ["tags", tags.length > 0 && tags.map(tagChip)],
      ["scheduled for", message.scheduled_at && exactDateTime(message.scheduled_at)],
      ["warnings", warnings.length > 0 && warningList(warnings)],
    ]),
  );
}

/** @param {Api.Message} message */
function codesSection({ codes }) {
  return section(
    "Codes",
    true,
    element(
      "ul",
      { class: "plain" },
      codes.map(({ code, announced }) =>
        element(
          "li",
          {},
          codeChip(code, code),
          element("span", { class: "muted" }, announced ? "the text calls it a code" : "may be a code"),
        ),
      ),
    ),
  );
}

/** @param {Api.Message} message */
function linksSection(message) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  message.clicks_details.forEach(({ url }) => counts.set(url, (counts.get(url) ?? 0) + 1));
  return section(
    "Links",
    true,
    element(
      "ul",
      { class: "plain" },
      message.links.map((url) =>
        element(
          "li",
          { "data-id": message.transaction_id },
          messageLink(message, url),
          (message.status === "sent" || isFreeStatus(message.status)) &&
            message.tracks_clicks &&
            control(button("Click as the phone", () => act(message, "click", { body: { url } }), { class: "small" })),
        ),
      ),
    ),
    element(
      "p",
      { class: "muted", role: "status" },
      clicksText(message),
      [...counts].map(([url, count]) => [withEscapes(url), ` × ${count}. `]),
    ),
  );
}

/** @param {Api.Message} message */
function clicksText({ clicks, tracks_clicks: tracks }) {
  if (clicks) return `Clicked ${plural(clicks, "time")}: `;
  return tracks ? "Not clicked yet." : "Clicks do not count: it was sent without track_clicks.";
}

/** @param {Api.Message} message */
function noRequest({ request_id: id }) {
  const text = id ? "The request that created it was evicted from the journal." : "It was not created by a request.";
  return element("p", { class: "muted" }, text);
}
