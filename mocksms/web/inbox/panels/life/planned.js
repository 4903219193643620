/** When a planned event is due, and a button that advances the clock to it. */

import { element } from "../../../common/dom.js";
import { request } from "../../api/client.js";
import { countdown } from "../../list/due.js";
import { control } from "../../state/read-only.js";
import { button } from "../../ui/components.js";
import { attempt } from "../../ui/notices.js";
import { exactDateTime, exactTime } from "../../ui/time.js";

/**
 * When a planned event is due. A callback without a time to skip to waits for the one before it.
 *
 * @param {Api.LifeEvent} event
 * @param {Api.Timeline} timeline
 */
export function dueTime({ at, call, paused }, { account }) {
  if (call) return countdown(at, account);
  return element("time", { datetime: at, title: exactDateTime(at) }, paused ? "paused" : "waits");
}

/**
 * A button that advances the clock of the account to a planned event.
 *
 * @param {Api.LifeEvent} event
 * @param {Api.Timeline} timeline
 */
export function skipButton({ at, call }, { account }) {
  if (!call) return null;
  const body = call.body ?? {};
  const skip = () => attempt(() => request("POST", "clock/advance", { query: { account }, body }), "Clock advanced.");
  return control(
    button("Skip there", skip, { class: "small skip", "data-id": at, "aria-label": `Skip there: ${exactTime(at)}` }),
  );
}
