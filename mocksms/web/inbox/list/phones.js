/** The list at the left: all phones, the latest used first; or, during a search, the messages that match. */

import { get } from "../api/client.js";
import { countEvents, refreshCounts, setCounts } from "../state/counts.js";
import { hasFilters, navigate, route, searchText, withoutFilters } from "../state/route.js";
import { setUnreadCount } from "../state/title.js";
import { phoneKey } from "../thread/phone-key.js";
import { button, copyText, formatted, plural } from "../ui/components.js";
import { patch } from "../ui/patch.js";
import { noResults, welcome } from "./empty-states.js";
import { PagedList, positionOf } from "./paged-list.js";
import { codeAt, isMessage, isNew, isReplyItem, keyOf, renderRow } from "./phone-row.js";
import { issueLines, searchChips } from "./search-chips.js";

/** @typedef {import("./phone-row.js").Item} Item */

const RELEVANT_EVENTS = ["message", "reply", "account", "deleted", "reset", "scenario", "consent"];
const MAX_ROWS = 1_000; // Of a search for unread ones: only the browser knows what was read.
const UNREAD = /(?:^|\s)(-?)is:unread(?=\s|$)/gi;

export class Phones {
  /** @type {Api.SearchIssue[]} */
  #issues = [];

  /** @param {HTMLElement} node */
  constructor(node) {
    /** @type {PagedList<Item>} */
    this.paged = new PagedList({
      node,
      label: "Phones",
      key: keyOf,
      render: renderRow,
      open,
      read,
      onPage: (page) => this.#onPage(page),
    });
    this.refresh = this.paged.refresh;
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
    if (events.some(({ kind }) => kind === "deleted" || kind === "reset")) this.paged.invalidate();
    const changed = new Map(events.filter(({ kind }) => kind === "message").map((event) => [event.cursor, event]));
    const latest = Math.max(0, ...this.paged.items.slice(0, 1).map(positionOf));
    const isStale = events.some(
      ({ kind, cursor = 0 }) => RELEVANT_EVENTS.includes(kind) && (kind !== "message" || cursor > latest),
    );
    const hasAttempt = events.some(
      ({ kind, state, attempts }) => kind === "callback" && (attempts || state !== "pending"),
    );
    this.paged.set(this.paged.items.map((item) => withStatus(item, changed.get(item.cursor))));
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
    this.#showStatus(page.evicted);
    this.#showFilters();
    const isEmpty = !this.paged.items.length;
    this.paged.showEmptyState(isEmpty ? (hasFilters() ? noResults() : welcome()) : []);
  }

  #showFilters() {
    patch(this.paged.filters, [...issueLines(this.#issues), ...searchChips()]);
  }

  #select() {
    const { phone, in: account, message } = route();
    this.paged.list.select(hasFilters() ? message : phone && phoneKey(account ?? "", phone));
  }

  #showStatus(evictedCount = 0) {
    const { total, items } = this.paged;
    const count = hasFilters() ? `${formatted(total)} found` : plural(total, "phone");
    const evicted = evictedCount ? `, ${formatted(evictedCount)} old SMS evicted` : "";
    const clear = button("Show all phones", () => navigate(withoutFilters()), { class: "small" });
    this.paged.showStatus(`${count}${evicted}`, ...(hasFilters() ? [clear] : []));
    setUnreadCount(hasFilters() ? 0 : items.filter((item) => isNew(item)).length);
  }
}

/**
 * @param {Ui.Query} query
 * @returns {Promise<{ page: Ui.Page, rows: Item[] }>}
 */
async function read(query) {
  if (!hasFilters()) {
    const phones = await get("phones", query);
    return { page: phones, rows: phones.phones };
  }
  const text = searchText();
  const unread = [...text.matchAll(UNREAD)].at(-1);
  const limit = unread ? MAX_ROWS : query.limit;
  const page = await get("search", { ...query, limit, query: text.replace(UNREAD, ""), zone: zoneMinutes() });
  const rows = page.results.map(({ message, reply }) => /** @type {Item} */ (message ?? reply));
  if (!unread) return { page, rows };
  const fitting = rows.filter((row) => isNew(row) === !unread[1]);
  return { page: { ...page, total: fitting.length }, rows: fitting };
}

/** The offset of the browser's time zone, in minutes east of UTC. */
function zoneMinutes() {
  return -new Date().getTimezoneOffset();
}

/**
 * @param {Item} item
 * @param {Ui.MockEvent | undefined} event
 * @returns {Item}
 */
function withStatus(item, event) {
  if (!event?.status || isReplyItem(item)) return item;
  return { ...item, status: event.status, reject_reason: event.reject_reason ?? null };
}

/**
 * @param {Item} item
 * @param {MouseEvent} [click]
 */
function open(item, click) {
  const code = click && codeAt(click);
  if (code) {
    copyText(code, code);
    return;
  }
  const message = isMessage(item) ? item.transaction_id : null;
  navigate({ phone: item.number, in: item.account, message, panel: null });
}
