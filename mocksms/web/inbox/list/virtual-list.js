/** A list of any length, of which only the rows in sight are in the page. */

import { element } from "../../shared/dom.js";
import { soon } from "../api/live.js";

const SPARE = 6; // Rows kept ready beyond either edge.

let lists = 0;

export class WindowedList {
  #key;
  #fill;
  #open;
  #more;
  #id;
  #sizer;
  #rows = new Map();
  #items = [];
  #places = new Map();
  #selected = null;
  #isDue = false;
  #count = 0;

  /**
   * @param label what is listed, for those who hear the page
   * @param key tells an item from others
   * @param fill returns what a row shows of an item
   * @param open does what choosing an item means
   * @param more brings further items when the end is in sight
   */
  constructor({ label, key, fill, open, more }) {
    this.#key = key;
    this.#fill = fill;
    this.#open = open;
    this.#more = more;
    this.#id = `list-${(lists += 1)}`;
    this.#sizer = element("div", { role: "presentation", class: "sizer" });
    this.node = element("div", { class: "windowed", role: "listbox", tabindex: "0", "aria-label": label }, this.#sizer);
    this.node.addEventListener("scroll", () => this.#due(), { passive: true });
    this.node.addEventListener("click", (event) => this.#clicked(event));
    this.node.addEventListener("keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.#due()).observe(this.node);
  }

  /** Show these items; what is in sight stays where it is when others come before it. */
  set(items) {
    const height = this.#height();
    const top = Math.floor(this.node.scrollTop / height);
    const anchor = this.node.scrollTop > 0 ? this.#items[top] : undefined;
    const before = anchor && this.#key(anchor);
    this.#items = items;
    this.#places = new Map(items.map((item, place) => [this.#key(item), place]));
    this.#sizer.style.height = `${items.length * height}px`;
    const moved = this.#places.get(before);
    if (moved !== undefined && moved !== top) this.node.scrollTop += (moved - top) * height;
    this.#due();
  }

  /** Mark an item as the one that is open, and bring it into sight. */
  select(key, isShown = true) {
    this.#selected = key;
    const place = this.#places.get(key);
    if (place !== undefined && isShown) {
      const height = this.#height();
      const { scrollTop, clientHeight } = this.node;
      if (place * height < scrollTop) this.node.scrollTop = place * height;
      else if ((place + 1) * height > scrollTop + clientHeight)
        this.node.scrollTop = (place + 1) * height - clientHeight;
    }
    this.#due();
  }

  /** Open the item so many places on from the one that is open. */
  move(by) {
    const place = this.#places.get(this.#selected) ?? (by > 0 ? -1 : this.#items.length);
    const item = this.#items[Math.max(0, Math.min(this.#items.length - 1, place + by))];
    if (item) this.#open(item);
  }

  #height() {
    return parseFloat(getComputedStyle(this.node).getPropertyValue("--row")) || 60;
  }

  #due() {
    if (this.#isDue) return;
    this.#isDue = true;
    soon(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    const height = this.#height();
    const first = Math.max(0, Math.floor(this.node.scrollTop / height) - SPARE);
    const last = Math.min(
      this.#items.length,
      Math.ceil((this.node.scrollTop + this.node.clientHeight) / height) + SPARE,
    );
    const wanted = new Set(this.#items.slice(first, last).map(this.#key));
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.node.remove();
      this.#rows.delete(key);
    }
    for (let place = first; place < last; place += 1) this.#place(place, height);
    const active = this.#rows.get(this.#selected);
    if (active) this.node.setAttribute("aria-activedescendant", active.node.id);
    else this.node.removeAttribute("aria-activedescendant");
    if (last > this.#items.length - 2 * SPARE) this.#more();
  }

  #place(place, height) {
    const item = this.#items[place];
    const key = this.#key(item);
    let row = this.#rows.get(key);
    if (!row) {
      this.#count += 1;
      row = { node: element("div", { role: "option", id: `${this.#id}-${this.#count}`, class: "row" }) };
      this.#rows.set(key, row);
      this.#sizer.append(row.node);
    }
    if (row.item !== item) row.node.replaceChildren(...this.#fill(item, row.node));
    row.item = item;
    row.key = key;
    row.node.style.transform = `translateY(${place * height}px)`;
    row.node.setAttribute("aria-selected", String(key === this.#selected));
    row.node.setAttribute("aria-posinset", String(place + 1));
    row.node.setAttribute("aria-setsize", String(this.#items.length));
  }

  #clicked(event) {
    const row = event.target.closest("[role=option]");
    const found = row && [...this.#rows.values()].find(({ node }) => node === row);
    if (found) this.#open(found.item);
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    this.move(step);
  }
}
