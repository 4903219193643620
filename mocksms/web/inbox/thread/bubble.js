/** The bubbles of a thread: one SMS as its phone shows it, and below it what the phone does not show. */

import { element } from "../../common/dom.js";
import { tagChip } from "../list/search-chips.js";
import { callbackMark } from "../ui/callback-mark.js";
import { badge, button, formatted, statusClass } from "../ui/components.js";
import { isolatedRuns, truncated, withEscapes } from "../ui/text.js";
import { clockTime, exactDateTime } from "../ui/time.js";
import { messageText } from "./message-text.js";
import { onPlainClick } from "./plain-click.js";

const MAX_CHARACTERS = 1_500;
const MAX_CAUSE = 120;
const MAX_TAGS = 3;

/**
 * An SMS to the phone. A click on it opens its details, as its button does.
 *
 * @param {Api.Message} message
 * @param {() => void} open shows the details of the message
 */
export function messageBubble(message, open) {
  const { segments } = message;
  const size = segments.count > 1 || segments.encoding !== "GSM-7" ? `${segments.count} × ${segments.encoding}` : "";
  const { status, reject_reason: reason, created_at: at } = message;
  const bubble = element(
    "article",
    { class: `bubble to ${statusClass(status)}`, "data-id": message.transaction_id },
    textNodes(message.text, (maxLength) => messageText(message, maxLength)),
    element(
      "div",
      { class: "foot" },
      element(
        "button",
        { type: "button", class: "about", onclick: open },
        element("time", { datetime: at, title: exactDateTime(at) }, clockTime(at)),
        badge(status, reason),
        reason && element("span", { class: "cause" }, isolatedRuns(message.decided_by ?? "", MAX_CAUSE)),
        callbackMark(message.callback_state),
        size && element("span", { class: "muted" }, size),
        message.clicks > 0 && element("span", { class: "muted" }, `${message.clicks} × clicked`),
        element("span", { class: "visually-hidden" }, " details"),
      ),
      [...new Set(message.tags)].slice(0, MAX_TAGS).map(tagChip),
    ),
  );
  onPlainClick(bubble, open);
  return bubble;
}

/**
 * An SMS from the phone.
 *
 * @param {Api.Reply} reply
 */
export function replyBubble({ text, at, effect, cursor }) {
  return element(
    "article",
    { class: "bubble from", "data-reply": String(cursor) },
    textNodes(text, (maxLength) => withEscapes(truncated(text, maxLength))),
    element(
      "div",
      { class: "foot" },
      element("time", { datetime: at, title: exactDateTime(at) }, clockTime(at)),
      " reply",
      effect && element("span", { class: "badge rejected" }, effect),
    ),
  );
}

/**
 * An opt-out or opt-in without an SMS from the phone.
 *
 * @param {Api.Consent} consent
 */
export function consentLine({ choice, cause, at }) {
  const text = choice === "out" ? "opted out" : "opted in";
  return element("p", { class: "divider" }, `${text} · `, isolatedRuns(cause), ` · ${clockTime(at)}`);
}

/**
 * The line above the first SMS of a day.
 *
 * @param {string} day
 */
export function dayLine(day) {
  return element("p", { class: "divider day" }, day);
}

/**
 * @param {string} text
 * @param {(maxLength: number) => Dom.Child[]} nodesOf
 * @returns {Dom.Child}
 */
function textNodes(text, nodesOf) {
  const node = element("p", { class: "text" }, nodesOf(MAX_CHARACTERS));
  if (text.length <= MAX_CHARACTERS) return node;
  const more = button(
    `Show all ${formatted(text.length)} characters`,
    () => {
      node.replaceWith(element("p", { class: "text" }, nodesOf(Infinity)));
      more.remove();
    },
    { class: "small" },
  );
  return [node, more];
}
