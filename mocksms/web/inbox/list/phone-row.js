/** A row of the list at the left: a phone, or a message or reply that a search has found. */

import { element } from "../../common/dom.js";
import { mockState } from "../state/mock-state.js";
import { control } from "../state/read-only.js";
import { isUnread } from "../state/read-state.js";
import { phoneKey } from "../thread/phone-key.js";
import { accountLabel } from "../ui/account-label.js";
import { callbackMark } from "../ui/callback-mark.js";
import { isolated, statusClass } from "../ui/components.js";
import { icon } from "../ui/icons.js";
import { singleLine } from "../ui/text.js";
import { exactDateTime, timeOrDate } from "../ui/time.js";

/** @typedef {Api.Phone | Api.Message | Api.Reply} Item */

const PREVIEW_CHARACTERS = 120;

/**
 * @param {Item} item
 * @returns {item is Api.Message}
 */
export function isMessage(item) {
  return "content" in item;
}

/**
 * @param {Item} item
 * @returns {item is Api.Reply}
 */
export function isReplyItem(item) {
  return "effect" in item;
}

/**
 * The identity of a row.
 *
 * @param {Item} item
 */
export function keyOf(item) {
  if (isReplyItem(item)) return `reply-${item.cursor}`;
  return isMessage(item) ? item.transaction_id : phoneKey(item.account, item.number);
}

/**
 * Whether it came after what was read of its phone.
 *
 * @param {Item} item
 */
export function isNew(item) {
  return isUnread(phoneKey(item.account, item.number), item.cursor);
}

/**
 * What a row shows of each kind of item.
 *
 * @param {Item} item
 */
function summaryOf(item) {
  const { account, number } = item;
  const common = { account, number, status: null, reason: null, code: null, callbacks: null, isOptedOut: false };
  if (isReplyItem(item)) return { ...common, at: item.at, preview: item.text, isReply: true };
  const { mobile_number: asSent, status, reject_reason: reason, callback_state: callbacks } = item;
  if (isMessage(item)) {
    const { created_at: at, content: preview, codes } = item;
    const code = codes[0]?.code;
    return { ...common, number: asSent, status, reason, at, preview, code, callbacks, isReply: false };
  }
  const isOptedOut = item.lists.includes("unsubscribed");
  const { at, preview, code, is_reply: isReply } = item;
  return { ...common, number: asSent, status, reason, at, preview, code, callbacks, isReply, isOptedOut };
}

/**
 * @param {Item} item
 * @param {HTMLElement} node
 * @returns {Dom.Child[]}
 */
export function renderRow(item, node) {
  const unread = isNew(item);
  node.classList.toggle("unread", unread);
  const { account, number, status, reason, at, preview, code, callbacks, isReply, isOptedOut } = summaryOf(item);
  return [
    control(element("span", { class: "pick" })),
    element("span", { class: `dot ${status === null ? "reply" : statusClass(status)}` }),
    element(
      "span",
      { class: "upper" },
      element("span", { class: "number" }, isolated(number)),
      mockState.showsAccounts() && element("span", { class: "chip" }, accountLabel(account)),
      isOptedOut && element("span", { class: "chip opted-out" }, "opted out"),
      element("time", { datetime: at, title: exactDateTime(at) }, timeOrDate(at, mockState.now())),
    ),
    element(
      "span",
      { class: "lower" },
      isReply && element("span", { class: "muted" }, "↩", hiddenText(" replied: ")),
      element("span", { class: "preview", dir: "auto" }, singleLine(preview, PREVIEW_CHARACTERS)),
      code && codeMark(code),
      callbackMark(callbacks),
      status &&
        status !== "sent" &&
        element("span", { class: `badge ${statusClass(status)}` }, hiddenText(`${status} `), reason ?? status),
      unread && element("span", { class: "new" }, hiddenText("unread")),
    ),
  ];
}

/**
 * A code that a click copies. It is no button: a row of a list has none. The key `y` does the same.
 *
 * @param {string} code
 */
function codeMark(code) {
  const attributes = { class: "code-chip", "data-code": code, title: `Copy code ${code} (y)` };
  return element("span", attributes, hiddenText("code "), code, icon("copy"));
}

/**
 * The code in a row that was clicked, if one was.
 *
 * @param {MouseEvent} click
 */
export function codeAt({ target }) {
  const mark = target instanceof Element && target.closest("[data-code]");
  return mark instanceof HTMLElement ? mark.dataset.code : undefined;
}

/** @param {string} text */
function hiddenText(text) {
  return element("span", { class: "visually-hidden" }, text);
}

/**
 * An item with the status that an event says, if it does.
 *
 * @param {Item} item
 * @param {Ui.MockEvent | undefined} event
 * @returns {Item}
 */
export function withStatus(item, event) {
  if (!event?.status || isReplyItem(item)) return item;
  return { ...item, status: event.status, reject_reason: event.reject_reason ?? null };
}
