/** The colours of the pages in this browser: as the system has them, light or dark. */

import { byId } from "../../common/dom.js";
import { localStore } from "./storage.js";

/** @type {Record<string, string>} */
const THEME_ICONS = { system: "◐", light: "☀", dark: "☾" };
const THEME_KEY = "mocksms-theme";

function currentTheme() {
  const theme = localStore.get(THEME_KEY) ?? "system";
  return Object.hasOwn(THEME_ICONS, theme) ? theme : "system";
}

function showTheme() {
  const theme = currentTheme();
  document.documentElement.dataset.theme = theme;
  const button = byId("theme");
  button.textContent = THEME_ICONS[theme];
  button.setAttribute("aria-label", `Colours: ${theme}`);
  button.title = `Colours: ${theme}`;
}

function nextTheme() {
  const names = Object.keys(THEME_ICONS);
  localStore.set(THEME_KEY, names[(names.indexOf(currentTheme()) + 1) % names.length]);
  showTheme();
}

/** Apply the colours and connect the button that changes them; another tab may change them too. */
export function initTheme() {
  byId("theme").addEventListener("click", nextTheme);
  addEventListener("storage", ({ key }) => key === THEME_KEY && showTheme());
  showTheme();
}
