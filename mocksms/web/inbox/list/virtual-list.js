/** A list of any length of which only the rows in sight are in the page. */

import { element, setChildren } from "../../common/dom.js";
import { updateUnpressed } from "../ui/press.js";
import { inNextFrame } from "../ui/schedule.js";

const SPARE_ROWS = 6; // Rows drawn beyond either edge.
const DEFAULT_ROW_PX = 60;
const PAGE_ROWS = 8;

/** @type {Record<string, number>} */
const STEPS = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE_ROWS,
  PageUp: -PAGE_ROWS,
  Home: -Infinity,
  End: Infinity,
};

let listCount = 0;

/**
 * @template Item
 * @typedef {object} RowOptions
 * @property {string} label what is listed, for screen readers
 * @property {(item: Item) => string} key the identity of an item
 * @property {(item: Item, node: HTMLElement) => Dom.Child[]} render what a row shows
 * @property {(item: Item, click?: MouseEvent) => void} open called when a row is chosen
 * @property {(key: string) => boolean} [isChecked] whether a row is one of several that are selected
 */

/** @template Item */
export class VirtualList {
  #options;
  #loadMore;
  #id;
  #sizer;
  /** @type {Map<string, { node: HTMLElement, item?: Item }>} */
  #rows = new Map();
  /** @type {Item[]} */
  #items = [];
  /** @type {Map<string, number>} */
  #indexes = new Map();
  /** @type {string | undefined} */
  #selected;
  #isDue = false;
  #rowCount = 0;

  /**
   * @param {RowOptions<Item>} options
   * @param {() => void} loadMore called when the end of the list is nearly in sight
   */
  constructor(options, loadMore) {
    this.#options = options;
    this.#loadMore = loadMore;
    this.#id = `list-${(listCount += 1)}`;
    this.#sizer = element("div", { role: "presentation", class: "sizer" });
    const several = options.isChecked && "true";
    const named = { "aria-label": options.label, "aria-multiselectable": several };
    const attributes = { class: "virtual-list", role: "listbox", tabindex: "0", ...named };
    this.node = element("div", attributes, this.#sizer);
    this.node.addEventListener("scroll", () => this.#scheduleDraw(), { passive: true });
    this.node.addEventListener("click", (event) => this.#onClick(event));
    this.node.addEventListener("keydown", (event) => this.#onKey(event));
    new ResizeObserver(() => this.#scheduleDraw()).observe(this.node);
  }

  /**
   * Show these items; what is in sight stays where it is if others are added above.
   *
   * @param {Item[]} items
   */
  set(items) {
    updateUnpressed(this.node, () => this.#set(items));
  }

  /** @param {Item[]} items */
  #set(items) {
    const height = this.#rowHeight();
    const top = Math.floor(this.node.scrollTop / height);
    const anchor = this.node.scrollTop > 0 ? this.#items[top] : undefined;
    const anchorKey = anchor && this.#options.key(anchor);
    this.#items = items;
    this.#indexes = new Map(items.map((item, index) => [this.#options.key(item), index]));
    this.#sizer.style.height = `${items.length * height}px`;
    const moved = anchorKey === undefined ? undefined : this.#indexes.get(anchorKey);
    if (moved !== undefined && moved !== top) this.node.scrollTop += (moved - top) * height;
    this.#scheduleDraw();
  }

  /** Draw the rows again: which of them are checked has changed. */
  redraw() {
    this.#scheduleDraw();
  }

  /**
   * Mark the item that is open.
   *
   * @param {string | undefined} key
   * @param {boolean} [scroll] whether to scroll to it
   */
  select(key, scroll = true) {
    this.#selected = key;
    const index = this.#indexOfSelected();
    if (index !== undefined && scroll) {
      const height = this.#rowHeight();
      const { scrollTop, clientHeight } = this.node;
      const bottom = (index + 1) * height;
      if (index * height < scrollTop) this.node.scrollTop = index * height;
      else if (bottom > scrollTop + clientHeight) this.node.scrollTop = bottom - clientHeight;
    }
    this.#scheduleDraw();
  }

  /**
   * Open another item.
   *
   * @param {number} step how many rows below the one that is open; negative: above
   */
  move(step) {
    const index = this.#indexOfSelected() ?? (step > 0 ? -1 : this.#items.length);
    const item = this.#items[Math.max(0, Math.min(this.#items.length - 1, index + step))];
    if (item) this.#options.open(item);
  }

  #indexOfSelected() {
    return this.#selected === undefined ? undefined : this.#indexes.get(this.#selected);
  }

  #rowHeight() {
    return parseFloat(getComputedStyle(this.node).getPropertyValue("--row")) || DEFAULT_ROW_PX;
  }

  #scheduleDraw() {
    if (this.#isDue) return;
    this.#isDue = true;
    inNextFrame(() => {
      this.#isDue = false;
      updateUnpressed(this.#sizer, () => this.#draw());
    });
  }

  #draw() {
    const height = this.#rowHeight();
    this.#sizer.style.height = `${this.#items.length * height}px`; // The height of rows depends on the width.
    const { scrollTop, clientHeight } = this.node;
    const first = Math.max(0, Math.floor(scrollTop / height) - SPARE_ROWS);
    const last = Math.min(this.#items.length, Math.ceil((scrollTop + clientHeight) / height) + SPARE_ROWS);
    const inSight = new Set(this.#items.slice(first, last).map(this.#options.key));
    for (const [key, row] of this.#rows) {
      if (inSight.has(key)) continue;
      row.node.remove();
      this.#rows.delete(key);
    }
    for (let index = first; index < last; index += 1) this.#drawRow(index, height);
    const active = this.#selected === undefined ? undefined : this.#rows.get(this.#selected);
    if (active) this.node.setAttribute("aria-activedescendant", active.node.id);
    else this.node.removeAttribute("aria-activedescendant");
    if (last > this.#items.length - 2 * SPARE_ROWS) this.#loadMore();
  }

  /**
   * @param {number} index
   * @param {number} height
   */
  #drawRow(index, height) {
    const item = this.#items[index];
    const key = this.#options.key(item);
    const row = this.#rows.get(key) ?? this.#createRow(key);
    if (row.item !== item) setChildren(row.node, this.#options.render(item, row.node));
    row.item = item;
    row.node.style.transform = `translateY(${index * height}px)`;
    row.node.setAttribute("aria-selected", String(key === this.#selected));
    if (this.#options.isChecked) row.node.setAttribute("aria-checked", String(this.#options.isChecked(key)));
    row.node.setAttribute("aria-posinset", String(index + 1));
    row.node.setAttribute("aria-setsize", String(this.#items.length));
  }

  /**
   * @param {string} key
   * @returns {{ node: HTMLElement, item?: Item }}
   */
  #createRow(key) {
    this.#rowCount += 1;
    const row = { node: element("div", { role: "option", id: `${this.#id}-${this.#rowCount}`, class: "row" }) };
    this.#rows.set(key, row);
    this.#sizer.append(row.node);
    return row;
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const { target } = event;
    const node = target instanceof Element && target.closest("[role=option]");
    const row = [...this.#rows.values()].find((each) => each.node === node);
    if (row?.item) this.#options.open(row.item, event);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const step = STEPS[event.key];
    if (step === undefined || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.move(step);
  }
}
