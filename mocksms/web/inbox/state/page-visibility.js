/** Out of sight the page leaves its line to other tabs and looks only now and then, unless the desktop is to be told. */

import { notifies } from "./preferences.js";

const LOOKS = 10_000;
const AWAY = 60_000;

/** Let a line rest while the page is out of sight; `seen` is told when it comes into sight again. */
export function restOutOfSight(live, seen) {
  let next = null;

  function lookAway() {
    if (!notifies()) live.rest();
    next = setTimeout(() => {
      if (live.state === "resting") live.retry();
      next = setTimeout(lookAway, LOOKS);
    }, AWAY);
  }

  function turned() {
    clearTimeout(next);
    if (document.hidden) next = setTimeout(lookAway, LOOKS);
    else if (live.state === "lost" || live.state === "resting") live.retry();
  }

  document.addEventListener("visibilitychange", () => {
    turned();
    if (!document.hidden) seen();
  });
  turned();
}
