/** When a planned event is due: a countdown, and a button that advances the clock to it. */

import { element } from "../../../shared/dom.js";
import { request } from "../../api/client.js";
import { control, isReadOnly } from "../../state/read-only.js";
import { button } from "../../ui/components.js";
import { attempt } from "../../ui/notices.js";
import { exactDateTime, exactTime, formatDuration } from "../../ui/time.js";

const TICK_MS = 1_000;

/** The clock of the account when the diagram was read. @type {Api.Clock | undefined} */
let clock;
let readAt = 0;
let timer = 0;

/**
 * Remember the clock of the account whose message is shown, and count down while something is due.
 *
 * @param {Api.Clock} current
 */
export function startCountdown(current) {
  clock = current;
  readAt = performance.now();
  timer ||= setInterval(tick, TICK_MS);
}

/** @param {string} at */
function textUntil(at) {
  if (!clock) return "";
  const passed = clock.frozen || isReadOnly ? 0 : performance.now() - readAt;
  const left = Date.parse(at) - Date.parse(clock.now) - passed;
  return left > 0 ? `in ${formatDuration(Math.ceil(left / 1000) * 1000)}` : "due";
}

function tick() {
  const nodes = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".sequence [data-due]"));
  nodes.forEach((node) => (node.textContent = textUntil(node.dataset.due ?? "")));
  if (nodes.length) return;
  clearInterval(timer);
  timer = 0;
}

/**
 * When a planned event is due. A callback without a time to skip to waits for the one before it.
 *
 * @param {Api.LifeEvent} event
 */
export function dueTime({ at, call, paused }) {
  const attributes = { datetime: at, title: exactDateTime(at) };
  return call
    ? element("time", { ...attributes, "data-due": at }, textUntil(at))
    : element("time", attributes, paused ? "paused" : "waits");
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
