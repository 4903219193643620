/** What a row of the diagram says about its event. */

import { element } from "../../../common/dom.js";
import { badge, plural } from "../../ui/components.js";
import { routeLink } from "../../ui/route-link.js";
import { isolatedRuns, singleLine } from "../../ui/text.js";
import { formatDuration } from "../../ui/time.js";
import { statusBadge } from "../request.js";
import { callbackPlace, replyPlace, requestPlace } from "../../state/places.js";

const PREFIX = "/rest/v1";
const MAX_CHARACTERS = 90;

/**
 * The nodes of an event: its name, linked to where more is, and its result.
 *
 * @param {Api.LifeEvent} event
 * @param {Api.Message} message
 * @returns {Dom.Child[]}
 */
export function eventContent(event, message) {
  const { kind, text, status, reject_reason: reason, cursor, planned } = event;
  switch (kind) {
    case "request":
      return [routeLink(requestPlace(event.request_id), singleLine(text.replace(` ${PREFIX}/`, " /"), MAX_CHARACTERS))];
    case "response":
      return [routeLink(requestPlace(event.request_id), "response"), " ", ...responseContent(event)];
    case "step":
      return [badge(status ?? "", reason), !planned && muted(text)];
    case "decision":
      return ["rules and lists decide"];
    case "reply":
      return [cursor ? routeLink(replyPlace(message, cursor), "reply") : "reply", " ", quoted(text)];
    case "click":
      return ["click on ", ...isolatedRuns(text, MAX_CHARACTERS)];
    case "callback":
      return [callbackLink(event), " ", ...attemptContent(event)];
    default:
      return [kind === "opt_out" ? "opted out" : "opted in", muted(text)];
  }
}

/** @param {string} text */
function muted(text) {
  return element("span", { class: "muted" }, " ", isolatedRuns(text, MAX_CHARACTERS));
}

/** @param {string} text */
function quoted(text) {
  return element("q", {}, isolatedRuns(text, MAX_CHARACTERS));
}

/** @param {Api.LifeEvent} event */
function callbackLink({ callback_id: callback, text }) {
  return routeLink(callbackPlace(callback), element("span", { class: "visually-hidden" }, "callback "), text);
}

/** @param {Api.LifeEvent} event */
function responseContent({ http_status: status, failed, text, duration }) {
  const broken = failed && text && element("strong", { class: "wrong" }, " ", isolatedRuns(text, MAX_CHARACTERS));
  return [statusBadge(status), broken || muted(`· ${formatDuration((duration ?? 0) * 1000)}`)];
}

/** @param {Api.LifeEvent} event */
function attemptContent({ planned, attempt, http_status: status, failed, error, duration }) {
  const number = attempt && attempt > 1 ? ` attempt ${attempt}` : "";
  if (planned) return [number && muted(number)];
  const result = failed
    ? element(
        "strong",
        { class: "wrong" },
        status === null ? isolatedRuns(error ?? "", MAX_CHARACTERS) : String(status),
      )
    : statusBadge(status);
  return [result, muted(`${number} · ${formatDuration((duration ?? 0) * 1000)}`)];
}

/**
 * What is left out of the diagram.
 *
 * @param {Api.Timeline} timeline
 */
export function leftOutNote({ left_out: count }) {
  return count > 0 && element("p", { class: "muted" }, `${plural(count, "earlier attempt")} of callbacks not shown.`);
}
