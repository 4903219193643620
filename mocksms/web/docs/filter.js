/** The full-text filter of the reference: over paths, parameters, fields and descriptions. */

import { byId, element } from "../common/dom.js";
import { textsOf } from "./search-text.js";

const input = /** @type {HTMLInputElement} */ (byId("filter"));
const EXCERPT_BEFORE = 24;
const EXCERPT_AFTER = 60;

/** @type {{ id: string, texts: string[] }[]} */
let entries = [];

/**
 * Connect the filter.
 *
 * @param {OpenApi.Document} description
 * @param {OpenApi.Operation[]} operations
 */
export function initFilter(description, operations) {
  entries = operations.map((operation) => ({ id: operation.operationId, texts: textsOf(operation, description) }));
  input.addEventListener("input", filter);
  byId("filter-form").addEventListener("submit", openFirst);
  addEventListener("keydown", onKey);
  if (input.value) filter();
}

/** Filter for a text. @param {string} text */
export function applyFilter(text) {
  input.value = text;
  filter();
}

function filter() {
  const words = plain(input.value).split(" ").filter(Boolean);
  const phrase = words.join(" ");
  const withPhrase = new Map(entries.map(({ id, texts }) => [id, texts.find((text) => plain(text).includes(phrase))]));
  const isPhrase = [...withPhrase.values()].some((found) => found !== undefined);
  for (const { id, texts } of entries) {
    const all = plain(texts.join(" "));
    const isFound = isPhrase ? withPhrase.get(id) !== undefined : words.every((word) => all.includes(word));
    const shown = isPhrase ? withPhrase.get(id) : texts.find((text) => plain(text).includes(words[0]));
    showEntry(id, isFound, words.length && shown ? excerpt(shown, isPhrase ? phrase : words[0]) : undefined);
  }
  hideEmpty();
}

/**
 * @param {string} id
 * @param {boolean} isFound
 * @param {Dom.Child} found where the words are
 */
function showEntry(id, isFound, found) {
  const operation = document.getElementById(id);
  const item = document.querySelector(`[data-operation="${id}"]`);
  const place = item?.querySelector("p");
  if (operation) operation.hidden = !isFound;
  if (item instanceof HTMLElement) item.hidden = !isFound;
  if (place) {
    place.hidden = !found;
    place.replaceChildren(...(found ? [element("span", {}, found)] : []));
  }
}

function hideEmpty() {
  for (const group of document.querySelectorAll("#operation-links .group, #operations section")) {
    if (group instanceof HTMLElement)
      group.hidden = !group.querySelector("[data-operation]:not([hidden]), details.operation:not([hidden])");
  }
  const isEmpty = !document.querySelector("#operations section:not([hidden])");
  const nothing = byId("nothing");
  nothing.hidden = !isEmpty;
  nothing.textContent = isEmpty ? `No operation has “${input.value.trim()}” in its path, fields or descriptions.` : "";
}

/**
 * The part of a text around some words.
 *
 * @param {string} text
 * @param {string} words
 * @returns {Dom.Child}
 */
function excerpt(text, words) {
  const start = plain(text).indexOf(words);
  const end = start + words.length;
  const from = Math.max(0, start - EXCERPT_BEFORE);
  return [
    (from ? "…" : "") + text.slice(from, start),
    element("mark", {}, text.slice(start, end)),
    text.slice(end, end + EXCERPT_AFTER) + (end + EXCERPT_AFTER < text.length ? "…" : ""),
  ];
}

/**
 * A text as it is compared: "opt out" finds opt-out and opt_out.
 *
 * @param {string} text
 */
function plain(text) {
  return text.toLowerCase().replace(/[-_/\s]/g, " ");
}

/** Open the first operation that is found. @param {Event} event */
function openFirst(event) {
  event.preventDefault();
  const first = document.querySelector("#operation-links [data-operation]:not([hidden]) a");
  if (first instanceof HTMLAnchorElement) location.hash = first.hash;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const isField = event.target instanceof Element && event.target.matches("input, textarea, select");
  if (event.key === "Escape" && event.target === input) return applyFilter("");
  if (event.key !== "/" || isField || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  event.preventDefault();
  return input.focus();
}
