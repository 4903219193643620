/** A picture of the states of a message, with its own path lit. */

import { element } from "../../../common/dom.js";
import { isFreeStatus, statusClass } from "../../ui/components.js";
import { svg } from "../../ui/svg.js";
import { singleLine } from "../../ui/text.js";

const WIDTH = 96;
const HEIGHT = 20;
const MAX_FREE_CHARACTERS = 11;

/** The state of a message that waits for credit, which is queued with a reason. */
const NO_CREDIT = "no credit";

/** The places of the states: left and top. @type {Map<string, number[]>} */
const PLACES = new Map([
  ["queued", [0, 28]],
  [NO_CREDIT, [0, 62]],
  ["sent", [132, 28]],
  ["rejected", [264, 0]],
  ["invalid", [264, 28]],
  ["exception", [264, 56]],
]);
const FREE_PLACE = [132, 62];

/* The steps that are drawn also where the message did not take them: others would cross them. */
const STEPS = [
  ["queued", "sent"],
  ["queued", NO_CREDIT],
  ["queued", "rejected"],
  ["queued", "exception"],
  [NO_CREDIT, "sent"],
  ["sent", "rejected"],
  ["sent", "invalid"],
  ["sent", "exception"],
];

/**
 * The picture.
 *
 * @param {Api.Step[]} history
 */
export function statePicture(history) {
  const path = history.map(nameOf);
  const free = path.filter((name) => !PLACES.has(name)).at(-1);
  const places = free === undefined ? PLACES : new Map([...PLACES, [free, FREE_PLACE]]);
  const taken = path.slice(1).map((name, index) => [path[index], name]);
  const isTaken = (/** @type {string[]} */ [from, to]) => taken.some(([one, other]) => one === from && other === to);
  const edges = [
    ...STEPS.filter((step) => !isTaken(step)).map(([from, to]) => ({ from, to, classes: "" })),
    ...taken.map(([from, to]) => ({ from, to, classes: `lit ${statusClass(statusOf(to))}` })),
  ];
  const picture = svg(
    "svg",
    { class: "states", viewBox: "-1 -1 362 84", role: "img", "aria-label": `States of this SMS: ${path.join(", ")}` },
    ...edges.map(({ from, to, classes }) => arrow(places.get(from), places.get(to), classes)),
    ...[...places].map(([name, place]) => box(name, place, path)),
  );
  return element("div", { class: "state-picture" }, picture);
}

/** @param {Api.Step} step */
function nameOf({ status, reject_reason: reason }) {
  return status === "queued" && reason ? NO_CREDIT : status;
}

/** @param {string} name */
function statusOf(name) {
  return name === NO_CREDIT ? "queued" : name;
}

/**
 * @param {string} name
 * @param {number[]} place
 * @param {string[]} path
 */
function box(name, [x, y], path) {
  const status = statusOf(name);
  const isLit = path.includes(name);
  const classes = ["box", isLit && "lit", isLit && statusClass(status), path.at(-1) === name && "current"];
  const text = isFreeStatus(status) ? singleLine(name, MAX_FREE_CHARACTERS) : name;
  return svg(
    "g",
    { class: classes.filter(Boolean).join(" ") },
    svg("rect", { x, y, width: WIDTH, height: HEIGHT, rx: 6 }),
    svg("text", { x: x + WIDTH / 2, y: y + HEIGHT / 2 + 4, "text-anchor": "middle" }, text),
  );
}

/**
 * An arrow between two states; none if one of them has no place, of several that rules wrote.
 *
 * @param {number[] | undefined} from
 * @param {number[] | undefined} to
 * @param {string} classes
 */
function arrow(from, to, classes) {
  if (!from || !to || from === to) return false;
  const [[x, y], [toX, toY]] = [from, to];
  const middle = HEIGHT / 2;
  const isBelow = x === toX;
  const start = isBelow ? [x + WIDTH / 2, y + HEIGHT] : [x + WIDTH, y + middle];
  const end = isBelow ? [toX + WIDTH / 2, toY] : [toX, toY + middle];
  const passes = !isBelow && toX - x > WIDTH * 2; // It goes above or below the column between.
  const bend = passes ? (toY < y ? -14 : HEIGHT + 34) + y : undefined;
  const path =
    bend === undefined ? curve(start, end, isBelow) : `M${start} C${x + WIDTH + 40},${bend} ${toX - 60},${bend} ${end}`;
  return svg("path", { class: `edge ${classes}`.trim(), d: path });
}

/**
 * @param {number[]} start
 * @param {number[]} end
 * @param {boolean} isBelow
 */
function curve(start, end, isBelow) {
  if (isBelow) return `M${start} L${end}`;
  const half = (start[0] + end[0]) / 2;
  return `M${start} C${half},${start[1]} ${half},${end[1]} ${end}`;
}
