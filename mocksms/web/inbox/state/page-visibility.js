/** Hidden tabs give up their event stream and look only now and then, unless desktop notifications are on. */

import { wantsNotifications } from "./preferences.js";

const CONNECTED_MS = 10_000;
const DISCONNECTED_MS = 60_000;

/**
 * Disconnect the event stream while the page is hidden.
 *
 * @param {import("../api/live.js").Live} live
 * @param {() => void} onVisible called when the page is visible again
 */
export function disconnectWhenHidden(live, onVisible) {
  /** @type {number | undefined} */
  let timer;

  function disconnect() {
    if (!wantsNotifications()) live.disconnect();
    timer = setTimeout(() => {
      if (live.state === "disconnected") live.reconnect();
      timer = setTimeout(disconnect, CONNECTED_MS);
    }, DISCONNECTED_MS);
  }

  function update() {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(disconnect, CONNECTED_MS);
    else if (live.state === "lost" || live.state === "disconnected") live.reconnect();
  }

  document.addEventListener("visibilitychange", () => {
    update();
    if (!document.hidden) onVisible();
  });
  update();
}
