/** Preferences of this browser: colours, and desktop notifications of new SMS. */

import { byId } from "../../common/dom.js";
import { showError } from "../ui/notices.js";
import { localStore } from "./storage.js";
import { initTheme } from "./theme.js";

const NOTIFY_KEY = "mocksms-notify";
const DENIED = "The browser blocks notifications for this page. Allow them in the browser's settings, then try again.";
const MIN_PAUSE_MS = 2_000;

let notifiedAt = -Infinity;

/** Whether desktop notifications are on and the browser allows them. */
export function wantsNotifications() {
  return localStore.get(NOTIFY_KEY) === "yes" && globalThis.Notification?.permission === "granted";
}

function showNotify() {
  const isOn = wantsNotifications();
  const button = byId("notify");
  button.hidden = !("Notification" in globalThis);
  button.textContent = isOn ? "🔔" : "🔕";
  button.setAttribute("aria-pressed", String(isOn));
  button.title = `Desktop notifications of new SMS: ${isOn ? "on" : "off"}`;
}

async function toggleNotify() {
  const choice = wantsNotifications() ? "no" : "yes";
  localStore.set(NOTIFY_KEY, choice);
  if (choice === "yes" && (await Notification.requestPermission()) !== "granted") showError(DENIED);
  showNotify();
}

/**
 * Show a desktop notification of new SMS if the page is hidden; one that gives the number if there are several.
 *
 * @param {Ui.MockEvent[]} events
 * @param {number} known the cursor up to which nothing is new
 */
export function notifyDesktop(events, known) {
  const fresh = events.filter(({ kind, cursor = 0 }) => (kind === "message" || kind === "reply") && cursor > known);
  const latest = fresh.at(-1);
  if (!latest || !document.hidden || !wantsNotifications() || performance.now() - notifiedAt < MIN_PAUSE_MS) return;
  notifiedAt = performance.now();
  const one = latest.kind === "reply" ? `Reply from ${latest.number}` : `SMS to ${latest.number}`;
  const body = fresh.length > 1 ? `${fresh.length} new SMS` : one;
  new Notification("mocksms", { body, tag: "mocksms" }).onclick = () => focus();
}

/** Apply the preferences and connect the buttons that change them. */
export function initPreferences() {
  initTheme();
  byId("notify").addEventListener("click", toggleNotify);
  showNotify();
}
