/** Why a message has its status: one sentence, linked to the cause. */

import { element } from "../../../common/dom.js";
import { isReadOnly } from "../../state/read-only.js";
import { isolated, statusClass } from "../../ui/components.js";
import { routeLink } from "../../ui/route-link.js";
import { isolatedRuns } from "../../ui/text.js";
import { clockTime, dateTime, day, exactDateTime } from "../../ui/time.js";
import { controlsPlace, replyPlace, requestPlace } from "../../state/places.js";

const MAX_CHARACTERS = 400;

/**
 * The sentence above the life of a message.
 *
 * @param {Api.Message} message
 * @param {Api.Timeline} timeline
 */
export function whySentence(message, { status, why, clock }) {
  const place = placeOf(message, why);
  const text = isolatedRuns(why.text, MAX_CHARACTERS);
  return element(
    "p",
    { class: "state why" },
    element("strong", { class: `badge ${statusClass(status)}` }, isolated(status), ":"),
    " ",
    place ? routeLink(place, text) : text,
    why.at && [why.kind === null ? " until " : " at ", time(why.at, clock.now)],
  );
}

/**
 * @param {string} at
 * @param {string} now
 */
function time(at, now) {
  const text = day(at) === day(now) ? clockTime(at) : dateTime(at);
  return element("time", { datetime: at, title: exactDateTime(at) }, text);
}

/**
 * The view that shows the cause, as changes of the URL; undefined if there is none.
 *
 * @param {Api.Message} message
 * @param {Api.Why} why
 * @returns {Ui.Query | undefined}
 */
function placeOf(message, { kind, reply }) {
  if (reply) return replyPlace(message, reply);
  switch (kind) {
    case "opt_out":
    case "bounce_list":
    case "kosher":
    case "credit":
    case "gateway":
      return controlsPlace("account", message.account);
    case "rule":
      return controlsPlace("scenario", message.account);
    case "magic_number":
      return isReadOnly ? undefined : { panel: "compose", recipient: message.mobile_number };
    case "number_form":
      return message.request_id ? requestPlace(message.request_id) : undefined;
    default:
      return undefined;
  }
}
