/** The list at the left: all phones, the latest used first; or, during a search, the messages that match. */

import { confirmReset } from "../panels/controls.js";
import { countEvents, refreshCounts, setCounts } from "../state/counts.js";
import { messagePlace } from "../state/places.js";
import { isReadOnly } from "../state/read-only.js";
import { markAllRead, markRead } from "../state/read-state.js";
import { hasFilters, navigate, route } from "../state/route.js";
import { setUnreadCount } from "../state/title.js";
import { refreshUnread } from "../state/unread.js";
import { phoneKey } from "../thread/phone-key.js";
import { copyText, formatted, plural } from "../ui/components.js";
import { attempt } from "../ui/notices.js";
import { patch } from "../ui/patch.js";
import { deleteRecords, openRecords, recordsOf, sendAgain } from "./bulk-actions.js";
import { noResults, welcome } from "./empty-states.js";
import { PagedList, positionOf } from "./paged-list.js";
import { codeAt, isMessage, isNew, keyOf, renderRow, withStatus } from "./phone-row.js";
import { readRows } from "./read-rows.js";
import { issueLines, searchChips } from "./search-chips.js";
import { Selection } from "./selection.js";
import { actionsOfAll, actionsOfSelected } from "./selection-bar.js";

/** @typedef {import("./phone-row.js").Item} Item */

const RELEVANT_EVENTS = ["message", "reply", "account", "deleted", "reset", "scenario", "consent"];

export class Phones {
  /** @type {Api.SearchIssue[]} */
  #issues = [];
  #evictedCount = 0;

  /** @param {HTMLElement} node */
  constructor(node) {
    /** @type {PagedList<Item>} */
    this.paged = new PagedList({
      node,
      label: "Phones",
      key: keyOf,
      render: renderRow,
      open: (item, click) => this.#onOpen(item, click),
      isChecked: isReadOnly ? undefined : (key) => this.selection.has(key),
      read: readRows,
      onPage: (page) => this.#onPage(page),
    });
    this.refresh = this.paged.refresh;
    this.selection = new Selection(() => this.#onSelection());
    this.paged.list.node.addEventListener("keydown", (event) => this.#onKey(event));
    this.paged.list.node.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
    countEvents.addEventListener("change", () => this.#showFilters());
  }

  /** Show what the URL says. */
  onRouteChange() {
    this.paged.show();
    this.#select();
  }

  /**
   * Show a new status of a message at once; read the list again for anything else.
   *
   * @param {Ui.MockEvent[]} events
   */
  onEvents(events) {
    const changed = new Map(events.filter(({ kind }) => kind === "message").map((event) => [event.cursor, event]));
    const latest = Math.max(0, ...this.paged.items.slice(0, 1).map(positionOf));
    const isStale = events.some(
      ({ kind, cursor = 0 }) => RELEVANT_EVENTS.includes(kind) && (kind !== "message" || cursor > latest),
    );
    const hasAttempt = events.some(
      ({ kind, state, attempts }) => kind === "callback" && (attempts || state !== "pending"),
    );
    if (events.some(({ kind }) => kind === "deleted" || kind === "reset")) this.paged.invalidate();
    else this.paged.set(this.paged.items.map((item) => withStatus(item, changed.get(item.cursor))));
    if (isStale || hasAttempt || hasFilters()) this.refresh();
  }

  /** Read everything again with the next refresh: what is shown may no longer exist. */
  invalidate() {
    this.paged.invalidate();
  }

  /** @param {number} step */
  move(step) {
    this.paged.list.move(step);
  }

  /** Draw the rows again: accounts, the day or what is unread have changed. */
  redraw() {
    this.paged.set(this.paged.items.map((item) => ({ ...item })));
    this.#showStatus();
  }

  /** @param {Ui.Page} page */
  #onPage(page) {
    this.#issues = page.issues ?? [];
    if (page.counts) setCounts(page.counts);
    else refreshCounts();
    this.#select();
    this.#evictedCount = page.evicted;
    this.#showStatus();
    this.#showFilters();
    if (this.selection.size) this.selection.keepOnly(new Set(this.#keys()));
    const isEmpty = !this.paged.items.length;
    this.paged.showEmptyState(isEmpty ? (hasFilters() ? noResults() : welcome()) : []);
  }

  #showFilters() {
    patch(this.paged.filters, [...issueLines(this.#issues), ...searchChips()]);
  }

  #select() {
    this.paged.list.select(openKey());
  }

  #showStatus() {
    const { total, items } = this.paged;
    const unreadCount = items.filter((item) => isNew(item)).length;
    if (hasFilters() || total > items.length) refreshUnread();
    else setUnreadCount(unreadCount);
    if (this.selection.size || this.selection.isOn) {
      this.paged.showStatus(`${formatted(this.selection.size)} selected`, actionsOfSelected(this, this.#selected()));
      return;
    }
    const count = hasFilters() ? `${formatted(total)} found` : plural(total, "phone");
    const evicted = this.#evictedCount ? `, ${formatted(this.#evictedCount)} old SMS evicted` : "";
    this.paged.showStatus(`${count}${evicted}`, actionsOfAll(this, unreadCount));
  }

  /** Mark what is selected as read, or all phones if nothing is. */
  markRead() {
    const [newest] = this.paged.items;
    if (this.selection.size) {
      this.#selected().forEach(({ account, number, cursor }) => markRead(phoneKey(account, number), cursor));
      this.selection.clear();
    } else if (newest) markAllRead(route().account, newest.cursor);
    this.redraw();
  }

  /** Select the row that is open, or no longer. */
  toggleOpen() {
    const key = openKey();
    if (key) this.selection.toggle(key);
  }

  /** Select all rows that are in the list. */
  selectAll() {
    this.selection.selectAll(this.#keys());
  }

  /** Delete what is selected; if nothing is, the message or else the conversation that is open, or else everything. */
  async delete() {
    const selected = this.#selected();
    if (!selected.length && !isAnythingOpen()) {
      await confirmReset();
      return;
    }
    const records = selected.length ? recordsOf(selected) : await attempt(openRecords);
    if (records && (await deleteRecords(records))) this.selection.clear();
  }

  /** Send the selected messages again. */
  async sendAgain() {
    const { messages } = recordsOf(this.#selected());
    this.selection.clear();
    await sendAgain(messages);
  }

  #selected() {
    return this.paged.items.filter((item) => this.selection.has(keyOf(item)));
  }

  #keys() {
    return this.paged.items.map(keyOf);
  }

  #onSelection() {
    this.paged.list.node.toggleAttribute("data-selecting", this.selection.isOn || this.selection.size > 0);
    this.paged.list.redraw();
    this.#showStatus();
  }

  /**
   * @param {Item} item
   * @param {MouseEvent} [click]
   */
  #onOpen(item, click) {
    const code = click && codeAt(click);
    if (code) copyText(code, code);
    else if (!click || isReadOnly || !this.#selectsBy(click, keyOf(item))) show(item);
  }

  /**
   * Select a row if a click does not mean to open it. Returns whether it did.
   *
   * @param {MouseEvent} click
   * @param {string} key
   */
  #selectsBy({ target, shiftKey, ctrlKey, metaKey }, key) {
    const isPick = target instanceof Element && target.closest(".pick");
    if (shiftKey) this.selection.extendTo(key, this.#keys(), openKey());
    else if (isPick || ctrlKey || metaKey || this.selection.isOn) this.selection.toggle(key);
    else return false;
    return true;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { key, shiftKey, ctrlKey, metaKey } = event;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (isReadOnly) return;
    if (shiftKey && step) this.#extend(step);
    else if ((ctrlKey || metaKey) && key === "a") this.selectAll();
    else return;
    event.preventDefault();
  }

  /** @param {number} step */
  #extend(step) {
    const first = openKey();
    this.move(step);
    const key = openKey();
    if (key) this.selection.extendTo(key, this.#keys(), first);
  }
}

function isAnythingOpen() {
  const { phone, message, request, callback } = route();
  return Boolean(phone || message || request || callback);
}

/** The identity of the row that is open. */
function openKey() {
  const { phone, in: account, message } = route();
  return hasFilters() ? message : phone && phoneKey(account ?? "", phone);
}

/** @param {Item} item */
function show(item) {
  const message = isMessage(item) ? item.transaction_id : null;
  navigate({ ...messagePlace(message), phone: item.number, in: item.account });
}
