/** The life of a message as a sequence diagram. For screen readers it is a list whose items name both lanes. */

import { element } from "../../../common/dom.js";
import { button, formatted, statusClass } from "../../ui/components.js";
import { svg } from "../../ui/svg.js";
import { exactDateTime, exactTime, formatDuration } from "../../ui/time.js";
import { dueTime, skipButton } from "./planned.js";
import { eventContent } from "./event-content.js";

/** The lanes in their order, with where they are in percent of the width. @type {Record<string, number>} */
const LANES = { application: 12.5, mocksms: 37.5, phone: 62.5, webhook: 87.5 };
const ARROW_HEIGHT = 14;
const MIN_GAP_MS = 1_000;

/** Of more attempts than this, only the first and the last are shown at first. */
const MAX_ATTEMPTS = 8;
const FIRST_ATTEMPTS = 2;
const LAST_ATTEMPTS = 3;

/** The messages whose attempts are all shown. @type {Set<string>} */
const unfolded = new Set();

/**
 * The diagram of a message.
 *
 * @param {Api.Message} message
 * @param {Api.Timeline} timeline
 * @returns {HTMLElement[]}
 */
export function sequenceDiagram(message, timeline) {
  const { events, transaction_id: id } = timeline;
  const folded = foldedEvents(timeline);
  const firstShown = Math.max(-1, ...folded) + 1;
  /** @type {Dom.Child[]} */
  const rows = events.map((event, index) => [
    index === firstShown && folded.size ? foldRow(folded.size, id) : null,
    gapRow(events[index - 1], event, folded.has(index)),
    eventRow(event, index, message, timeline, folded.has(index)),
  ]);
  return [
    element(
      "div",
      { class: "lanes", "aria-hidden": "true" },
      Object.keys(LANES).map((lane) => element("span", {}, lane)),
    ),
    element("ol", { class: "sequence", "data-id": id, "aria-label": "Life of this SMS" }, rows),
  ];
}

/**
 * The places of the attempts that are folded: those in the middle, if there are many.
 *
 * @param {Api.Timeline} timeline
 */
function foldedEvents({ events, transaction_id: id }) {
  const attempts = events.flatMap(({ kind, planned }, index) => (kind === "callback" && !planned ? [index] : []));
  const isLong = attempts.length > MAX_ATTEMPTS && !unfolded.has(id);
  return new Set(isLong ? attempts.slice(FIRST_ATTEMPTS, -LAST_ATTEMPTS) : []);
}

/**
 * @param {number} count
 * @param {string} id of the message
 */
function foldRow(count, id) {
  /** @param {Event} event */
  const unfold = ({ currentTarget: node }) => {
    if (!(node instanceof HTMLElement)) return;
    const list = node.closest("ol");
    unfolded.add(list?.dataset.id ?? "");
    node.closest("li")?.remove();
    const rows = /** @type {HTMLElement[]} */ ([...(list?.querySelectorAll("li[hidden]") ?? [])]);
    rows.forEach((row) => (row.hidden = false));
    rows
      .find((row) => row.querySelector("a"))
      ?.querySelector("a")
      ?.focus();
  };
  return element(
    "li",
    { class: "fold", "data-id": id },
    button(`Show ${formatted(count)} more attempts`, unfold, { class: "small" }),
  );
}

/**
 * A row for the time since the event before, if it does not follow at once.
 *
 * @param {Api.LifeEvent | undefined} before
 * @param {Api.LifeEvent} event
 * @param {boolean} isFolded
 */
function gapRow(before, event, isFolded) {
  const passed = before ? Date.parse(event.at) - Date.parse(before.at) : 0;
  if (event.planned || passed < MIN_GAP_MS) return false;
  return element("li", { class: "later", hidden: isFolded }, `${formatDuration(passed)} later`);
}

/**
 * @param {Api.LifeEvent} event
 * @param {number} index
 * @param {Api.Message} message
 * @param {Api.Timeline} timeline
 * @param {boolean} isFolded
 */
function eventRow(event, index, message, timeline, isFolded) {
  const { source, target, at, planned } = event;
  const lanes = source === target ? `${source}: ` : `${source} to ${target}: `;
  return element(
    "li",
    { class: classesOf(event), "data-index": String(index), hidden: isFolded },
    element(
      "div",
      { class: "event-line" },
      planned ? dueTime(event, timeline) : element("time", { datetime: at, title: exactDateTime(at) }, exactTime(at)),
      element("span", { class: "visually-hidden" }, planned ? `planned, ${lanes}` : lanes),
      element("span", { class: "event-text" }, eventContent(event, message)),
      planned && skipButton(event, timeline),
    ),
    arrow(source, target),
  );
}

/** @param {Api.LifeEvent} event */
function classesOf({ kind, status, failed, planned }) {
  const colour = kind === "step" && status ? statusClass(status) : kind;
  return ["event", colour, failed && "failed", planned && "planned"].filter(Boolean).join(" ");
}

/**
 * An arrow between two lanes; one that stays in its lane is a loop.
 *
 * @param {string} source
 * @param {string} target
 */
function arrow(source, target) {
  const attributes = { class: "arrow", width: "100%", height: ARROW_HEIGHT, "aria-hidden": "true", focusable: "false" };
  const [from, to] = [LANES[source], LANES[target]];
  const middle = ARROW_HEIGHT / 2;
  if (from === to) return svg("svg", attributes, placed(from, svg("path", { d: "M0,2 h22 v9 h-18 M9,7 l-5,4 l5,3" })));
  const head = to > from ? "M-7,-4 L-1,0 L-7,4" : "M7,-4 L1,0 L7,4";
  return svg(
    "svg",
    attributes,
    svg("line", { x1: `${from}%`, x2: `${to}%`, y1: middle, y2: middle }),
    placed(from, svg("circle", { cx: 0, cy: middle, r: 2.5 })),
    placed(to, svg("path", { d: head, transform: `translate(0 ${middle})` })),
  );
}

/**
 * Move a shape to a place in percent of the width.
 *
 * @param {number} percent
 * @param {SVGElement} shape
 */
function placed(percent, shape) {
  return svg("svg", { x: `${percent}%`, overflow: "visible" }, shape);
}
