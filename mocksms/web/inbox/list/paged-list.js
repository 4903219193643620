/** A list that is read page by page, the newest first, and kept up to date at its start. */

import { element } from "../../common/dom.js";
import { ApiError } from "../api/client.js";
import { filters, navigate, route, withoutFilters } from "../state/route.js";
import { button } from "../ui/components.js";
import { reportError } from "../ui/notices.js";
import { patch } from "../ui/patch.js";
import { throttle } from "../ui/schedule.js";
import { singleLine } from "../ui/text.js";
import { VirtualList } from "./virtual-list.js";

const PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;
const MAX_ERROR_CHARACTERS = 400;

/** @typedef {{ cursor?: number, id?: number }} Ordered */

/**
 * The position of an item in the order of events: its cursor, or its id.
 *
 * @param {Ordered} item
 */
export function positionOf({ cursor, id = 0 }) {
  return cursor ?? id;
}

/**
 * @template {Ordered} Item
 * @typedef {{ page: Ui.Page, rows: Item[] }} PageOfRows
 */

/**
 * @template {Ordered} Item
 * @typedef {object} PageOptions
 * @property {HTMLElement} node where the list is shown
 * @property {HTMLElement} [top] shown above all
 * @property {(query: Ui.Query) => Promise<PageOfRows<Item>>} read reads a page by `before` and `limit`
 * @property {(page: Ui.Page) => void} onPage called when the first page was read
 * @property {HTMLElement} [head] the names of the columns
 */

/** @template {Ordered} Item */
export class PagedList {
  /** @type {Item[]} */
  items = [];
  total = 0;
  #key;
  #options;
  #query = "";
  #isLoading = false;
  #shownCount = 0; // How many were shown before everything was dropped: as many are read again.
  #round = 0; // Counts up when what is being read has become useless.

  /** @param {PageOptions<Item> & import("./virtual-list.js").RowOptions<Item>} options */
  constructor(options) {
    this.#options = options;
    this.#key = options.key;
    this.refresh = throttle(() => this.#refresh());
    this.status = element("p", { class: "list-status", role: "status" });
    this.filters = element("div", { class: "list-filters", role: "group", "aria-label": "Narrow the search" });
    this.emptyState = element("div", { class: "empty-state", hidden: true });
    this.list = new VirtualList(options, () => this.#loadMore().catch(reportError));
  }

  get isShown() {
    return this.#options.node.contains(this.list.node);
  }

  /** Show this list; read it again if another list or another query was shown before. */
  show() {
    const query = JSON.stringify([filters(), route().account]);
    if (this.isShown && query === this.#query) return;
    if (!this.isShown) this.#options.node.replaceChildren(...this.#parts());
    if (query !== this.#query) this.set([]);
    this.#query = query;
    this.invalidate();
    this.#refresh().catch(reportError); // At once: only updates wait for a pause.
  }

  #parts() {
    const { top, head } = this.#options;
    const parts = [top, this.status, this.filters, head, this.list.node, this.emptyState];
    return parts.filter((part) => part !== undefined);
  }

  /** Drop everything with the next page that is read: what is shown may no longer exist. */
  invalidate() {
    this.#round += 1;
    this.#shownCount = this.items.length || this.#shownCount;
    this.items = [];
  }

  /**
   * Replace the items.
   *
   * @param {Item[]} items
   */
  set(items) {
    this.items = items;
    this.list.set(items);
  }

  /**
   * Show how much there is.
   *
   * @param {string} text
   * @param {...HTMLElement} actions
   */
  showStatus(text, ...actions) {
    patch(this.status, [element("span", {}, text), ...actions]);
  }

  /**
   * Show these nodes if there is nothing to list.
   *
   * @param {Dom.Child[]} nodes
   */
  showEmptyState(nodes) {
    const isEmpty = !this.items.length;
    document.body.classList.toggle("empty", isEmpty);
    this.list.node.hidden = isEmpty;
    if (this.#options.head) this.#options.head.hidden = isEmpty;
    this.emptyState.hidden = !isEmpty;
    patch(this.emptyState, nodes);
  }

  async #refresh() {
    if (!this.isShown) return; // Another list came first: the filters are those of its items.
    const round = this.#round;
    /** @type {PageOfRows<Item>} */
    let result;
    try {
      result = await this.#options.read({ limit: this.#refreshSize() });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 400) throw error;
      if (round === this.#round && this.isShown) this.#showInvalidFilter(error.message);
      return;
    }
    if (round !== this.#round || !this.isShown) return;
    this.#shownCount = 0;
    const { page, rows } = result;
    this.total = page.total;
    this.set(rows.length === page.total ? rows : this.#withEarlier(rows));
    this.#options.onPage(page);
  }

  #refreshSize() {
    return Math.min(Math.max(PAGE_SIZE, this.#shownCount), MAX_PAGE_SIZE);
  }

  /** @param {string} message */
  #showInvalidFilter(message) {
    this.set([]);
    this.showStatus(
      "No results",
      button("Show all", () => navigate({ ...withoutFilters(), account: null }), { class: "small" }),
    );
    this.showEmptyState([
      element("h2", {}, "Invalid filter"),
      element("p", {}, singleLine(message, MAX_ERROR_CHARACTERS)),
    ]);
  }

  async #loadMore() {
    const last = this.items.at(-1);
    if (this.#isLoading || !last || this.items.length >= this.total) return;
    this.#isLoading = true;
    const round = this.#round;
    const query = { before: positionOf(last), limit: PAGE_SIZE };
    const { rows } = await this.#options.read(query).finally(() => {
      this.#isLoading = false;
    });
    if (round !== this.#round) return;
    const known = new Set(this.items.map(this.#key));
    const fresh = rows.filter((row) => !known.has(this.#key(row)));
    if (!fresh.length) this.total = this.items.length;
    this.set([...this.items, ...fresh]);
  }

  /**
   * Put the first page before the items that were read earlier; if there is a gap between the two, the earlier ones go.
   *
   * @param {Item[]} rows
   */
  #withEarlier(rows) {
    const fresh = new Set(rows.map(this.#key));
    const last = rows.at(-1);
    if (!last || !this.items.some((item) => fresh.has(this.#key(item)))) return rows;
    return [
      ...rows,
      ...this.items.filter((item) => !fresh.has(this.#key(item)) && positionOf(item) < positionOf(last)),
    ];
  }
}
