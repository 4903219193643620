/** What a person chooses once for this browser: light or dark, and whether the desktop tells of new SMS. */

import { browser } from "./storage.js";
import { tell } from "../ui/components.js";

const THEMES = { system: "◐", light: "☀", dark: "☾" };
const THEME = "mocksms-theme";
const NOTIFY = "mocksms-notify";
const DENIED = "This browser lets the page tell the desktop nothing: allow notifications for it, then ask again.";
const PAUSE = 2_000;

let last = -Infinity;

function chosenTheme() {
  const theme = browser.get(THEME);
  return Object.hasOwn(THEMES, theme) ? theme : "system";
}

function showTheme() {
  const theme = chosenTheme();
  document.documentElement.dataset.theme = theme;
  const button = document.getElementById("theme");
  button.textContent = THEMES[theme];
  button.setAttribute("aria-label", `Colours: ${theme}`);
  button.title = `Colours: ${theme}`;
}

function nextTheme() {
  const names = Object.keys(THEMES);
  browser.set(THEME, names[(names.indexOf(chosenTheme()) + 1) % names.length]);
  showTheme();
}

/** Whether the desktop is to be told of new SMS, and may be. */
export function notifies() {
  return browser.get(NOTIFY) === "yes" && globalThis.Notification?.permission === "granted";
}

function showNotify() {
  const button = document.getElementById("notify");
  button.hidden = !("Notification" in globalThis);
  button.textContent = notifies() ? "🔔" : "🔕";
  button.setAttribute("aria-pressed", String(notifies()));
  button.title = notifies() ? "The desktop tells of new SMS" : "Let the desktop tell of new SMS";
}

async function toggleNotify() {
  const wanted = notifies() ? "no" : "yes";
  browser.set(NOTIFY, wanted);
  if (wanted === "yes" && (await Notification.requestPermission()) !== "granted") tell(DENIED, true);
  showNotify();
}

/** Tell the desktop of new SMS, if that was asked for and the page is not in sight; of many at once only how many. */
export function announce(news, known) {
  const fresh = news.filter(({ kind, cursor }) => (kind === "message" || kind === "reply") && cursor > known);
  if (!fresh.length || !document.hidden || !notifies() || performance.now() - last < PAUSE) return;
  last = performance.now();
  const { kind, number } = fresh.at(-1);
  const words =
    fresh.length > 1 ? `${fresh.length} new SMS` : kind === "reply" ? `Reply from ${number}` : `SMS to ${number}`;
  new Notification("mocksms", { body: words, tag: "mocksms" }).onclick = () => focus();
}

/** Put what was chosen in force, and the buttons by which to choose. */
export function begin() {
  document.getElementById("theme").addEventListener("click", nextTheme);
  document.getElementById("notify").addEventListener("click", toggleNotify);
  showTheme();
  showNotify();
}
