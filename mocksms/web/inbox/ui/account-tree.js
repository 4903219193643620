/** The tree of accounts: all accounts, then those of tests by module and class. The keys are those of other trees. */

import { element } from "../../common/dom.js";
import { accountCountIn, accountRows } from "../state/account-rows.js";
import { mockState } from "../state/mock-state.js";
import { route } from "../state/route.js";
import { accountItem } from "./account-row.js";
import { plural } from "./components.js";
import { patch } from "./patch.js";
import { updateUnpressed } from "./press.js";

const ALL = "all"; // The path of the row of all accounts; that of an account is its id, which has 12 characters.
const DRAWN_ROWS = 60; // Rows that are drawn at first, and then whenever the end of them is nearly in sight.
const NEAR_PX = 400;

/** @typedef {{ query: string, onlyFailed: boolean }} AccountSearch */

export class AccountTree {
  /** Number of accounts that the search has found, null without a search. @type {number | null} */
  found = null;
  /** @type {Map<string, boolean>} groups that were folded or unfolded by hand */
  #folds = new Map();
  #active = ALL;
  #drawn = DRAWN_ROWS;
  /** @type {"focus" | "scroll" | null} what the active row waits for until it is drawn */
  #due = null;
  /** @type {AccountSearch} */
  #search = { query: "", onlyFailed: false };
  /** @type {Ui.AccountRow[]} */
  #rows = [];
  #choose;

  /** @param {(account: string | null) => void} choose called with the id of an account, or null for all */
  constructor(choose) {
    this.#choose = choose;
    this.node = element("ul", { role: "tree", "aria-label": "Accounts" });
    this.node.addEventListener("scroll", () => this.#drawMore(), { passive: true });
    this.node.addEventListener("click", (event) => this.#onClick(event));
  }

  /**
   * Make the selected account the active row, and show it.
   *
   * @param {"focus" | "scroll"} how
   */
  goToSelected(how) {
    this.#active = route().account || ALL;
    this.#due = how;
  }

  /** Show another search from its start. */
  restart() {
    this.#folds.clear();
    this.#drawn = DRAWN_ROWS;
    this.#active = ALL;
    this.node.scrollTop = 0;
  }

  /**
   * Show the accounts that a search finds.
   *
   * @param {AccountSearch} search
   */
  show(search) {
    this.#search = search;
    const { accounts } = mockState;
    const isReduced = search.query.trim() !== "" || search.onlyFailed;
    const rows = accountRows(accounts, { ...search, selected: route().account, folds: this.#folds });
    this.found = isReduced ? accountCountIn(rows) : null;
    this.#rows = isReduced ? rows : belowAll(rows, accounts);
    if (!this.#rows.some(({ path }) => path === this.#active)) this.#active = this.#rows[0]?.path ?? ALL;
    this.#draw();
  }

  /** Focus the active row. */
  focus() {
    this.#due = "focus";
    this.#draw();
  }

  /** Choose the first account that the search has found. */
  chooseFirst() {
    const first = this.#rows.find(({ account }) => account);
    if (this.found !== null && first) this.#choose(first.path);
  }

  /**
   * Handle a key in the tree. Returns false for one that is to be typed elsewhere, or that leaves the tree upwards.
   *
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    const index = this.#rows.findIndex(({ path }) => path === this.#active);
    const row = this.#rows[index];
    if (event.key === "ArrowUp" && index === 0) return false;
    /** @type {Record<string, () => unknown>} */
    const actions = {
      ArrowDown: () => this.#moveTo(this.#rows[index + 1]),
      ArrowUp: () => this.#moveTo(this.#rows[index - 1]),
      Home: () => this.#moveTo(this.#rows[0]),
      End: () => this.#moveTo(this.#rows[this.#rows.length - 1]),
      ArrowRight: () => (row.expanded === false ? this.#fold(row, true) : this.#moveInto(row, this.#rows[index + 1])),
      ArrowLeft: () => (row.expanded ? this.#fold(row, false) : this.#moveTo(this.#parentOf(row))),
      Enter: () => this.#press(row),
      " ": () => this.#press(row),
    };
    const action = actions[event.key];
    if (!action) return event.key.length > 1;
    event.preventDefault();
    action();
    return true;
  }

  #draw() {
    const selected = route().account || ALL;
    const rows = this.#rows.slice(0, this.#drawnCount());
    updateUnpressed(this.node, () => {
      patch(
        this.node,
        rows.map((row) => accountItem(row, selected, this.#active)),
      );
      this.#showActive();
    });
  }

  #showActive() {
    const nodes = /** @type {HTMLElement[]} */ ([...this.node.children]);
    const active = nodes.find(({ dataset }) => dataset.id === this.#active);
    if (this.#due === "focus") active?.focus();
    else if (this.#due === "scroll") active?.scrollIntoView({ block: "nearest" });
    this.#due = null;
  }

  /** How many rows are drawn: also the active one and some below it. */
  #drawnCount() {
    return Math.max(this.#drawn, this.#rows.findIndex(({ path }) => path === this.#active) + DRAWN_ROWS);
  }

  #drawMore() {
    const { scrollTop, clientHeight, scrollHeight } = this.node;
    if (this.#drawnCount() >= this.#rows.length || scrollTop + clientHeight + NEAR_PX < scrollHeight) return;
    this.#drawn = this.#drawnCount() + DRAWN_ROWS;
    this.#draw();
  }

  /** @param {MouseEvent} event */
  #onClick({ target }) {
    const item = target instanceof Element && target.closest("[role=treeitem]");
    const row = item instanceof HTMLElement && this.#rows.find(({ path }) => path === item.dataset.id);
    if (row) this.#press(row);
  }

  /** Choose an account, or fold or unfold a group. @param {Ui.AccountRow} row */
  #press(row) {
    if (row.expanded !== null) this.#fold(row, !row.expanded);
    else this.#choose(row.path === ALL ? null : row.path);
  }

  /**
   * @param {Ui.AccountRow} row
   * @param {boolean} expanded
   */
  #fold(row, expanded) {
    this.#folds.set(row.path, expanded);
    this.#active = row.path;
    this.#due = "focus";
    this.show(this.#search);
  }

  /** @param {Ui.AccountRow | undefined} row */
  #moveTo(row) {
    if (!row) return;
    this.#active = row.path;
    this.focus();
  }

  /**
   * @param {Ui.AccountRow} row
   * @param {Ui.AccountRow} first
   */
  #moveInto(row, first) {
    if (row.expanded) this.#moveTo(first);
  }

  /** @param {Ui.AccountRow} row */
  #parentOf({ parent }) {
    return this.#rows.find(({ path }) => path === parent);
  }
}

/**
 * The rows with that of all accounts above them.
 *
 * @param {Ui.AccountRow[]} rows
 * @param {Api.Account[]} accounts
 * @returns {Ui.AccountRow[]}
 */
function belowAll(rows, accounts) {
  const siblings = rows.filter(({ level }) => level === 1).length + 1;
  const place = { level: 1, parent: null, position: 1, siblings, expanded: null };
  return [
    { path: ALL, name: `All ${plural(mockState.accountCount, "account")}`, accounts, ...place },
    ...rows.map((row) => (row.level === 1 ? { ...row, position: row.position + 1, siblings } : row)),
  ];
}
