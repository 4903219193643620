/** All that is known of one message. */

import { curlOf } from "../../shared/curl.js";
import { element } from "../../shared/dom.js";
import { NOBODY, call, get, knownKeys } from "../api/client.js";
import { attempt, badge, button, copyButton, counted, facts, raw, section } from "../ui/components.js";
import { go, place } from "../state/route.js";
import { callbackParts, callbacksOf } from "./callbacks.js";
import { exchangeParts } from "./request.js";
import { anchor, visible } from "../ui/text.js";
import { clockTime, moment, span } from "../ui/time.js";

/** What a message of each status can still be made to do, and by which word of the inspection API. */
const STEPS = {
  queued: [
    ["send", "Send now"],
    ["cancel", "Cancel"],
    ["bounce", "Bounce"],
  ],
  sent: [["bounce", "Bounce"]],
};

/** Read a message and what belongs to it, and return the parts of its panel. */
export async function messageParts(id) {
  const message = await get(`messages/${encodeURIComponent(id)}`, NOBODY);
  const [exchange, calls] = await Promise.all([exchangeOf(message), callbacksOf(message)]);
  return [
    element("h2", {}, "SMS to ", element("bdi", {}, visible(message.mobile_number))),
    element(
      "p",
      { class: "state" },
      badge(message.status, message.reject_reason),
      message.decided_by && element("span", {}, " decided by ", element("strong", {}, visible(message.decided_by))),
    ),
    element("div", { class: "actions", "data-id": message.transaction_id }, steps(message)),
    timeline(message),
    about(message),
    message.codes.length > 0 && codes(message),
    message.links.length > 0 && links(message),
    ...callbackParts(message, calls),
    ...(exchange ? exchangeParts(exchange, "The call that made it") : [gone(message)]),
    exchange && curl(message, exchange),
  ].filter(Boolean);
}

async function exchangeOf(message) {
  if (!message.request_id) return null;
  const { requests } = await get("requests", {
    account: message.account,
    since: message.request_id - 1,
    before: message.request_id + 1,
    limit: 1,
  });
  return requests[0] ?? null;
}

function act(message, word, said) {
  const path = `messages/${message.transaction_id}/${word}`;
  return attempt(() => call("POST", path, { query: { account: message.account } }), said);
}

function steps(message) {
  return [
    ...(STEPS[message.status] ?? []).map(([word, words]) => button(words, () => act(message, word))),
    place().phone !== message.number &&
      button("Conversation", () => go({ view: null, phone: message.number, in: message.account })),
    button("Opt the phone out", () => act(message, "unsubscribe", "The phone has opted out.")),
  ];
}

function timeline(message) {
  const { history } = message;
  return section(
    "What happened to it",
    true,
    element(
      "ol",
      { class: "timeline" },
      history.map((step, index) =>
        element(
          "li",
          { class: step.status },
          element("span", { class: "gap" }, index ? after(history[index - 1].at, step.at) : ""),
          element("time", { datetime: step.at, title: step.at }, clockTime(step.at)),
          badge(step.status, step.reject_reason),
          element("span", { class: "soft" }, visible(step.cause)),
        ),
      ),
    ),
  );
}

function after(before, at) {
  const passed = Date.parse(at) - Date.parse(before);
  return passed ? `+${span(passed)}` : "at once";
}

function about(message) {
  const { segments } = message;
  const forced = segments.forced_by && [
    element("code", {}, visible(segments.forced_by.character)),
    ` ${codePoint(segments.forced_by.character)} at ${segments.forced_by.index}`,
  ];
  return section(
    "About it",
    true,
    facts([
      ["status", message.status],
      [
        "reason",
        message.reject_reason && [
          element("code", {}, message.reject_reason),
          " in send answers, ",
          element("code", {}, message.reject_reason_in_reads),
          " in the reads",
        ],
      ],
      ["id", [element("code", {}, message.transaction_id), " ", copyButton("Id", () => message.transaction_id)]],
      [
        "segments",
        `${segments.count} × ${segments.encoding}, ${segments.characters} characters, ${segments.units} ${segments.encoding === "GSM-7" ? "septets" : "code units"}`,
      ],
      ["UCS-2 because of", forced],
      ["sender", element("bdi", {}, visible(message.sender))],
      [
        "tags",
        message.tags.length > 0 &&
          message.tags.map((tag) => element("span", { class: "chip tag" }, element("bdi", {}, visible(tag)))),
      ],
      ["scheduled for", message.scheduled_at && moment(message.scheduled_at)],
      [
        "warnings",
        message.warnings.length > 0 &&
          element(
            "ul",
            {},
            message.warnings.map(({ path, note }) =>
              element("li", {}, element("code", {}, visible(path)), " ", visible(note)),
            ),
          ),
      ],
    ]),
  );
}

function codePoint(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function codes(message) {
  return section(
    "Codes",
    true,
    element(
      "ul",
      { class: "plain" },
      message.codes.map(({ code, announced }) =>
        element(
          "li",
          {},
          element("code", { class: "code" }, code),
          copyButton(`Code ${code}`, () => code),
          element("span", { class: "soft" }, announced ? "the text calls it a code" : "may be one"),
        ),
      ),
    ),
  );
}

function links(message) {
  const count = new Map();
  message.clicks_details.forEach(({ url }) => count.set(url, (count.get(url) ?? 0) + 1));
  const click = (url) =>
    attempt(() =>
      call("POST", `messages/${message.transaction_id}/click`, { query: { account: message.account }, body: { url } }),
    );
  return section(
    "Links",
    true,
    element(
      "ul",
      { class: "plain" },
      message.links.map((link) =>
        element(
          "li",
          { "data-id": message.transaction_id },
          anchor(link),
          message.status === "sent" && button("Click as the phone", () => click(link), { class: "small" }),
        ),
      ),
    ),
    element(
      "p",
      { class: "soft", role: "status" },
      message.clicks ? `Clicked ${counted(message.clicks, "time")}: ` : "Not clicked yet.",
      ...[...count].map(([url, times]) => [...visible(url), ` × ${times}. `]).flat(),
    ),
  );
}

function gone(message) {
  return element(
    "p",
    { class: "soft" },
    message.request_id ? "The call that made it went to make room." : "No call made it.",
  );
}

function curl(message, exchange) {
  const key = knownKeys()[message.account];
  const headers = { "X-API-Key": key ?? "YOUR-KEY", "Content-Type": "application/json" };
  const line = curlOf({ method: exchange.method, target: exchange.target, headers, body: exchange.body });
  return section(
    "As a curl line",
    false,
    !key &&
      element(
        "p",
        { class: "soft" },
        `Put the key in place of YOUR-KEY; the mock keeps no more of it than ${exchange.headers.find(([name]) => name.toLowerCase() === "x-api-key")?.[1] ?? "its account"}.`,
      ),
    exchange.size > exchange.body.length &&
      exchange.size > 65_536 &&
      element("p", { class: "soft" }, "The body is kept in part only."),
    copyButton("Curl line", () => line),
    raw("Curl line", visible(line)),
  );
}
