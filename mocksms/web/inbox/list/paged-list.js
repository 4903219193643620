/** A list that is read page by page, the newest first, and kept up to date at its head. */

import { element } from "../../shared/dom.js";
import { calmly, excuse } from "../api/live.js";
import { button } from "../ui/components.js";
import { refill } from "../ui/patch.js";
import { filters, go, place, unfiltered } from "../state/route.js";
import { line } from "../ui/text.js";
import { WindowedList } from "./virtual-list.js";

const PAGE = 100;

/** The place of something in what has happened. */
export function orderOf(item) {
  return item.cursor ?? item.id;
}

/** The words of a refusal of what was asked for; anything else that went wrong goes on. */
function refused(error) {
  if (error.status !== 400) throw error;
  return { refusal: error.message };
}

export class PagedList {
  items = [];
  total = 0;
  #asked = "";
  #isReading = false;
  #round = 0;

  /**
   * @param node where it is shown
   * @param read returns a page and its rows for a query of `before` and `limit`
   * @param came is told when a page from the head was read
   * @param rows what a list of rows is made with: label, key, fill and open
   */
  constructor({ node, read, came, ...rows }) {
    this.node = node;
    this.read = read;
    this.came = came;
    this.key = rows.key;
    this.refresh = calmly(() => this.#refresh());
    this.head = element("p", { class: "count", role: "status" });
    this.blank = element("div", { class: "blank", hidden: true });
    this.list = new WindowedList({ ...rows, more: () => this.#more().catch(excuse) });
  }

  get isShown() {
    return this.node.contains(this.list.node);
  }

  /** Be what is shown; begin anew if something else was shown or asked for before. */
  show() {
    const asked = JSON.stringify([filters(), place().account]);
    if (this.isShown && asked === this.#asked) return;
    if (!this.isShown) this.node.replaceChildren(this.head, this.list.node, this.blank);
    if (asked !== this.#asked) this.list.set([]);
    this.#asked = asked;
    this.forget();
    this.refresh();
  }

  /** Begin anew with the next page that is read; what is being read is of no use any more. */
  forget() {
    this.#round += 1;
    this.items = [];
  }

  /** Show other items in place of those that are there. */
  set(items) {
    this.items = items;
    this.list.set(items);
  }

  /** Say how much there is, and offer to ask for other things. */
  say(words, ...offers) {
    refill(this.head, [element("span", {}, words), ...offers]);
  }

  /** Show these nodes if there is nothing to list. */
  fillBlank(nodes) {
    document.body.classList.toggle("nothing", !this.items.length);
    this.list.node.hidden = !this.items.length;
    this.blank.hidden = this.items.length > 0;
    refill(this.blank, nodes);
  }

  async #refresh() {
    const round = this.#round;
    const { page, rows, refusal } = await this.read({ limit: PAGE }).catch(refused);
    if (round !== this.#round || !this.isShown) return;
    if (refusal) {
      this.#refuse(refusal);
      return;
    }
    this.total = page.total;
    this.set(rows.length === page.total ? rows : this.#joined(rows));
    await this.came(page);
  }

  /** Show nothing but why it cannot be asked for. */
  #refuse(refusal) {
    this.set([]);
    this.say(
      "Nothing is looked for",
      button("Show all", () => go({ ...unfiltered(), account: null }), { class: "small" }),
    );
    this.fillBlank([element("h2", {}, "This cannot be asked for"), element("p", {}, line(refusal, 400))]);
  }

  async #more() {
    if (this.#isReading || !this.items.length || this.items.length >= this.total) return;
    this.#isReading = true;
    const round = this.#round;
    const query = { before: orderOf(this.items.at(-1)), limit: PAGE };
    const { rows } = await this.read(query).finally(() => {
      this.#isReading = false;
    });
    if (round !== this.#round) return;
    const known = new Set(this.items.map(this.key));
    const fresh = rows.filter((row) => !known.has(this.key(row)));
    if (!fresh.length) this.total = this.items.length;
    this.set([...this.items, ...fresh]);
  }

  /** Put the page from the head before what was read earlier; where the two do not meet, the earlier part goes. */
  #joined(rows) {
    const fresh = new Set(rows.map(this.key));
    if (!this.items.some((item) => fresh.has(this.key(item)))) return rows;
    const end = orderOf(rows.at(-1));
    return [...rows, ...this.items.filter((item) => !fresh.has(this.key(item)) && orderOf(item) < end)];
  }
}
