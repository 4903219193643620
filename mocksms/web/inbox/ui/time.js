/** Times as a person reads them, in the time zone of the browser. */

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
];

export const clockTime = (moment) => CLOCK.format(new Date(moment));
export const day = (moment) => DAY.format(new Date(moment));
export const moment = (instant) => `${DATE.format(new Date(instant))} ${clockTime(instant)}`;

/** The time of day, or the date of another day than that of `now`. */
export function recent(instant, now) {
  return day(instant) === day(now) ? SHORT.format(new Date(instant)) : DATE.format(new Date(instant));
}

/** A length of time in its largest units: `350 ms`, `2.5 s`, `1 h 5 min`. */
export function span(milliseconds) {
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
