/** The URL of the page says what is shown: a view can be shared as a link, and the browser's back button works. */

import { BASE } from "../../common/base.js";

/** @type {Record<Ui.View, string[]>} */
const FILTERS = {
  phones: ["search", "to", "status", "reject_reason", "tag", "content", "text", "regex", "sender"],
  requests: ["method", "path", "to", "status", "refused"],
  callbacks: ["search", "state", "event", "kind", "url"],
};
/** The filter that words without a name belong to. That of phones has the whole search, which the mock reads. */
const DEFAULT_FILTER = { phones: "search", requests: "path", callbacks: "search" };
const EXAMPLES = {
  phones: "054-111 status:rejected",
  requests: "status:400 /sms/send",
  callbacks: "state:failed 054-111",
};
const HELP = {
  phones:
    "Digits find numbers in any spelling, 8 or more hex digits ids, other words texts and replies in any case. " +
    "A minus before a word excludes it.",
  requests: "Plain words search in the path, to: takes a number, with * for any digits.",
  callbacks: "Plain words search in the URL, the event, the number and the id of the message.",
};
const NAMED_FILTER = /(\w+):("(?:\\"|[^"])*"|\S+)/g;

/** Emits `change` whenever the URL changes. */
export const routeEvents = new EventTarget();

/**
 * The parameters of the URL.
 *
 * @returns {Ui.Route}
 */
export function route() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/**
 * The views, in the order of the bar.
 *
 * @type {Ui.View[]}
 */
export const VIEWS = ["phones", "requests", "callbacks"];

/** What is listed. */
export function view() {
  return viewIn(route().view);
}

/** @param {string | null | undefined} value of the parameter */
function viewIn(value) {
  return VIEWS.find((name) => name === value) ?? "phones";
}

/**
 * Change parameters of the URL.
 *
 * @param {Ui.Query} changes null removes a parameter
 * @param {boolean} [push] false: the back button skips this change
 */
export function navigate(changes, push = true) {
  const url = urlWith(changes);
  if (url === location.pathname + location.search) return;
  history[push ? "pushState" : "replaceState"](null, "", url);
  routeEvents.dispatchEvent(new Event("change"));
}

/**
 * The URL of the page with changed parameters.
 *
 * @param {Ui.Query} changes null removes a parameter
 */
export function urlWith(changes) {
  const query = new URLSearchParams(location.search);
  const before = view();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, String(value));
  }
  if (viewIn(query.get("view")) !== before) removeFilters(query, changes);
  if (query.get("panel") !== "compose") query.delete("recipient");
  if (query.get("panel") !== "controls") query.delete("section");
  if (query.get("panel") !== "webhook") query.delete("webhook");
  if (!changes.reply) query.delete("reply"); // It is marked until anything else is opened.
  return query.size ? `${BASE}?${query}` : BASE;
}

/**
 * Remove the filters of another view, except those that are set at the same time.
 *
 * @param {URLSearchParams} query
 * @param {Ui.Query} changes
 */
function removeFilters(query, changes) {
  Object.keys(withoutFilters())
    .filter((name) => !(name in changes))
    .forEach((name) => query.delete(name));
}

/** The changes that close the conversation and the message that is open. */
export const NO_CONVERSATION = { phone: null, in: null, message: null };

/** The changes that close the panel, whatever it shows. */
export const NO_PANEL = { panel: null, message: null, request: null, callback: null };

/**
 * The filters of the current view, by their names in the inspection API.
 *
 * @returns {Ui.Route}
 */
export function filters() {
  const current = route();
  return Object.fromEntries(FILTERS[view()].filter((name) => current[name]).map((name) => [name, current[name]]));
}

/** Whether a filter is set in the current view. */
export function hasFilters() {
  return Object.keys(filters()).length > 0;
}

/**
 * The changes that remove every filter.
 *
 * @returns {Record<string, null>}
 */
export function withoutFilters() {
  return Object.fromEntries(
    Object.values(FILTERS)
      .flat()
      .map((name) => [name, null]),
  );
}

/**
 * Set the filters from the text of the search box, such as `status:rejected tag:"two words" other words`.
 *
 * @param {string} text
 */
export function search(text) {
  const names = view() === "phones" ? [] : FILTERS[view()];
  /** @type {Ui.Query} */
  const changes = withoutFilters();
  const rest = text
    .replace(NAMED_FILTER, (whole, name, value) => {
      if (!names.includes(name)) return whole;
      changes[name] = unquoted(value);
      return "";
    })
    .trim();
  if (rest) changes[DEFAULT_FILTER[view()]] = rest;
  navigate({ ...changes, ...NO_CONVERSATION, request: null, callback: null });
}

/** The words of the search that have no name. */
export function searchWords() {
  return filters()[DEFAULT_FILTER[view()]] ?? "";
}

/** Write the filters as text for the search box. */
export function searchText() {
  const rest = DEFAULT_FILTER[view()];
  const { [rest]: words = "", ...named } = filters();
  const parts = Object.entries(named).map(([name, value = ""]) => `${name}:${quoted(value)}`);
  const needsName =
    view() !== "phones" &&
    (words !== words.trim() || [...words.matchAll(NAMED_FILTER)].some(([, name]) => FILTERS[view()].includes(name)));
  return [...parts, needsName ? `${rest}:${quoted(words)}` : words].filter(Boolean).join(" ");
}

/**
 * A value as a search has it: in quotes if it has spaces.
 *
 * @param {string} value
 */
export function quoted(value) {
  return /\s|^"/.test(value) ? `"${value.replaceAll('"', '\\"')}"` : value;
}

/** @param {string} value */
function unquoted(value) {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll('\\"', '"') : value;
}

/** An example of a search in the current view. */
export function searchExample() {
  return EXAMPLES[view()];
}

/** What the search box of the current view understands. */
export function searchHelp() {
  const keys = searchKeys()
    .map((key) => `${key}:`)
    .join(", ");
  return `${HELP[view()]} Keys: ${keys}`;
}

const PHONE_KEYS = "to from status reason state tag sender content text regex id is has before after".split(" ");

/** The keys of the search box of the current view. */
export function searchKeys() {
  return view() === "phones" ? PHONE_KEYS : FILTERS[view()];
}

addEventListener("popstate", () => routeEvents.dispatchEvent(new Event("change")));
