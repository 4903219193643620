/** Times as people read them, in the time zone of the browser. */

/** @typedef {string | Date} Instant */

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT_TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const EXACT_TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const EXACT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  timeZoneName: "short",
});
/** @type {[string, number][]} */
const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
];

/**
 * The time of day with seconds.
 *
 * @param {Instant} instant
 */
export function clockTime(instant) {
  return TIME.format(new Date(instant));
}

/**
 * The day with its weekday.
 *
 * @param {Instant} instant
 */
export function day(instant) {
  return DAY.format(new Date(instant));
}

/**
 * Date and time.
 *
 * @param {Instant} instant
 */
export function dateTime(instant) {
  return `${DATE.format(new Date(instant))} ${clockTime(instant)}`;
}

/**
 * The time of day with milliseconds, for steps that follow each other at once.
 *
 * @param {Instant} instant
 */
export function exactTime(instant) {
  return EXACT_TIME.format(new Date(instant));
}

/**
 * Date and time with milliseconds and the time zone.
 *
 * @param {Instant} instant
 */
export function exactDateTime(instant) {
  return EXACT.format(new Date(instant));
}

/**
 * The time of day if the instant is on the same day as `now`, else the date.
 *
 * @param {Instant} instant
 * @param {Instant} now
 */
export function timeOrDate(instant, now) {
  return (day(instant) === day(now) ? SHORT_TIME : DATE).format(new Date(instant));
}

/**
 * A duration in its two largest units, such as `350 ms`, `2.5 s` or `1 h 5 min`.
 *
 * @param {number} milliseconds
 */
export function formatDuration(milliseconds) {
  const seconds = Math.abs(milliseconds) / 1000;
  if (seconds < 0.01) return `${Number((seconds * 1000).toFixed(1))} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`;
  let rest = Math.round(seconds);
  const parts = UNITS.map(([unit, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count && `${count} ${unit}`;
  });
  return [...parts, rest && `${rest} s`].filter(Boolean).slice(0, 2).join(" ");
}
