/** Suggestions below the search box: keys, and the values that a key has in the mock. */

import { byId, element, setChildren } from "../../common/dom.js";
import { get } from "../api/client.js";
import { quoted, searchKeys, view } from "../state/route.js";
import { STATUSES } from "./components.js";
import { reportError } from "./notices.js";
import { singleLine } from "./text.js";

const MAX_SUGGESTIONS = 8;
const COUNTS_MS = 5_000; // The counts are read again if they are older.
const WORD = /\S*$/;
const TERM = /^(-?)([a-z_]+):"?([^"]*)$/i;

/** @type {Record<string, string[]>} */
const FIXED_VALUES = {
  is: ["sms", "reply", "unread"],
  has: ["code", "link", "click", "tag"],
  before: ["10m", "1h", "1d"],
  after: ["10m", "1h", "1d"],
};
/** @type {Record<string, string>} */
const HINTS = {
  to: "number of the recipient",
  from: "number of a phone that replied",
  status: STATUSES.join(", "),
  reason: "kosher-number, bounced, …",
  tag: "tag of the send",
  sender: "part of the sender",
  state: "status, reason or both: rejected/bounced",
  text: "as the phone shows it",
  content: "as it was sent",
  regex: "regular expression",
  id: "start of a transaction id",
  is: FIXED_VALUES.is.join(", "),
  has: FIXED_VALUES.has.join(", "),
  before: "15:30, 2026-01-31 or 10m (ago)",
  after: "15:30, 2026-01-31 or 10m (ago)",
};

/** @typedef {{ text: string, hint: string }} Suggestion */

export class SearchBox {
  /** @type {Api.SearchCounts | undefined} */
  #counts;
  #loadedAt = -Infinity;
  /** @type {Suggestion[]} */
  #shown = [];
  #active = -1;

  /**
   * @param {HTMLInputElement} input
   */
  constructor(input) {
    this.input = input;
    this.node = element("ul", { id: "suggestions", role: "listbox", "aria-label": "Suggestions", hidden: true });
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", "suggestions");
    byId("search").append(this.node);
    input.addEventListener("focus", () => this.#load().catch(reportError));
    input.addEventListener("input", () => this.#suggest());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.#onKey(event));
    this.node.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // The box keeps the focus.
      const option = event.target instanceof Element && event.target.closest("[role=option]");
      if (option) this.#accept([...this.node.children].indexOf(option));
    });
  }

  close() {
    this.#show([]);
  }

  async #load() {
    if (view() !== "phones" || performance.now() - this.#loadedAt < COUNTS_MS) return;
    this.#loadedAt = performance.now();
    this.#counts = (await get("search", { limit: 1 })).counts;
    if (document.activeElement === this.input && this.input.value) this.#suggest();
  }

  /** The word before the caret. */
  #word() {
    return WORD.exec(this.input.value.slice(0, this.input.selectionStart ?? 0))?.[0] ?? "";
  }

  #suggest() {
    const word = this.#word();
    const term = TERM.exec(word);
    const found = term ? this.#values(term[1], term[2].toLowerCase(), term[3]) : keysFor(word);
    this.#show(found.filter(({ text }) => text !== word).slice(0, MAX_SUGGESTIONS));
  }

  /**
   * @param {string} minus
   * @param {string} key
   * @param {string} start
   * @returns {Suggestion[]}
   */
  #values(minus, key, start) {
    return this.#valuesOf(key)
      .filter(({ value }) => value.toLowerCase().startsWith(start.toLowerCase()))
      .map(({ value, count }) => ({ text: `${minus}${key}:${quoted(value)}`, hint: count ? String(count) : "" }));
  }

  /**
   * @param {string} key
   * @returns {Api.Count[]}
   */
  #valuesOf(key) {
    const { statuses = [], reject_reasons: reasons = [], tags = [], senders = [] } = this.#counts ?? {};
    if (view() === "requests") return [];
    if (key === "status") return withMissing(statuses, STATUSES);
    if (key === "state") return [...withMissing(statuses, STATUSES), ...reasons];
    if (key === "reason" || key === "reject_reason") return reasons;
    if (key === "tag") return tags;
    if (key === "sender") return senders;
    return withMissing([], FIXED_VALUES[key] ?? []);
  }

  /** @param {Suggestion[]} suggestions */
  #show(suggestions) {
    this.#shown = suggestions;
    this.node.hidden = !suggestions.length;
    const options = suggestions.map(({ text, hint }, index) =>
      element(
        "li",
        { role: "option", id: `suggestion-${index}` },
        element("bdi", {}, singleLine(text, 60)),
        " ",
        element("span", { class: "muted" }, hint),
      ),
    );
    setChildren(this.node, options);
    this.#activate(-1);
  }

  /** @param {number} index */
  #activate(index) {
    this.#active = index;
    [...this.node.children].forEach((node, place) => node.setAttribute("aria-selected", String(place === index)));
    if (index < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `suggestion-${index}`);
  }

  /** @param {number} index */
  #accept(index) {
    const { text } = this.#shown[index];
    const { input } = this;
    const caret = input.selectionStart ?? 0;
    const start = caret - this.#word().length;
    const isKey = text.endsWith(":");
    const rest = input.value.slice(caret).trimStart();
    const before = input.value.slice(0, start) + text + (isKey ? "" : " ");
    input.value = before + rest;
    input.setSelectionRange(before.length, before.length);
    if (isKey) this.#suggest();
    else this.close();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const count = this.#shown.length;
    if (!count || event.isComposing) return;
    if (event.key === "ArrowDown") this.#activate((this.#active + 1) % count);
    else if (event.key === "ArrowUp") this.#activate((this.#active < 1 ? count : this.#active) - 1);
    else if (event.key === "Tab" && !event.shiftKey) this.#accept(Math.max(0, this.#active));
    else if (event.key === "Enter" && this.#active >= 0) this.#accept(this.#active);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/**
 * @param {string} word
 * @returns {Suggestion[]}
 */
function keysFor(word) {
  const [, minus = "", start = ""] = /^(-?)([a-z_]+)$/i.exec(word) ?? [];
  if (!start) return [];
  return searchKeys()
    .filter((key) => key.startsWith(start.toLowerCase()))
    .map((key) => ({ text: `${minus}${key}:`, hint: (view() === "phones" && HINTS[key]) || "" }));
}

/**
 * Counts with the values that are not among them.
 *
 * @param {Api.Count[]} found
 * @param {string[]} values
 * @returns {Api.Count[]}
 */
function withMissing(found, values) {
  const known = new Set(found.map(({ value }) => value));
  return [...found, ...values.filter((value) => !known.has(value)).map((value) => ({ value, count: 0 }))];
}
