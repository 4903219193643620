/** The list at the left: all phones, the latest used first; or, during a search, the messages that match. */

import { element } from "../../shared/dom.js";
import { get } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { isUnread } from "../state/read-state.js";
import { filters, hasFilters, navigate, route, withoutFilters } from "../state/route.js";
import { phoneKey } from "../thread/phone-key.js";
import { button, formatted, isolated, plural, statusClass } from "../ui/components.js";
import { singleLine } from "../ui/text.js";
import { timeOrDate } from "../ui/time.js";
import { noResults, welcome } from "./empty-states.js";
import { PagedList, positionOf } from "./paged-list.js";

/** @typedef {Api.Phone | Api.Message} Item */

const RELEVANT_EVENTS = ["message", "reply", "account", "deleted", "reset", "scenario", "consent"];
const PREVIEW_CHARACTERS = 120;

export class Phones {
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
    this.paged.set(this.paged.items.map((item) => withStatus(item, changed.get(item.cursor))));
    if (isStale || hasFilters()) this.refresh();
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
  async #onPage(page) {
    this.#select();
    this.#showStatus(page.evicted);
    const isEmpty = !this.paged.items.length;
    this.paged.showEmptyState(isEmpty ? await (hasFilters() ? noResults() : welcome()) : []);
  }

  #select() {
    const { phone, in: account, message } = route();
    this.paged.list.select(hasFilters() ? message : phone && phoneKey(account ?? "", phone));
  }

  #showStatus(evictedCount = 0) {
    const { total, items } = this.paged;
    const count = hasFilters() ? `${formatted(total)} SMS found` : plural(total, "phone");
    const evicted = evictedCount ? `, ${formatted(evictedCount)} old SMS evicted` : "";
    const clear = button("Show all phones", () => navigate(withoutFilters()), { class: "small" });
    this.paged.showStatus(`${count}${evicted}`, ...(hasFilters() ? [clear] : []));
    const unread = hasFilters() ? 0 : items.filter((item) => isUnread(keyOf(item), item.cursor)).length;
    document.title = unread ? `(${unread}) ${mockState.title}` : mockState.title;
  }
}

/**
 * @param {Item} item
 * @returns {item is Api.Message}
 */
function isMessage(item) {
  return "content" in item;
}

/** @param {Item} item */
function keyOf(item) {
  return isMessage(item) ? item.transaction_id : phoneKey(item.account, item.number);
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
  const page = await get("messages", { ...filters(), ...query });
  return { page, rows: page.messages };
}

/**
 * @param {Item} item
 * @param {Ui.MockEvent | undefined} event
 * @returns {Item}
 */
function withStatus(item, event) {
  if (!event?.status) return item;
  return { ...item, status: event.status, reject_reason: event.reject_reason ?? null };
}

/** @param {Item} item */
function open(item) {
  navigate({ phone: item.number, in: item.account, message: hasFilters() ? item.transaction_id : null, panel: null });
}

/**
 * @param {Item} item
 * @param {HTMLElement} node
 * @returns {Dom.Child[]}
 */
function renderRow(item, node) {
  const unread = !hasFilters() && isUnread(keyOf(item), item.cursor);
  node.classList.toggle("unread", unread);
  const { status, reject_reason: reason } = item;
  const at = isMessage(item) ? item.created_at : item.at;
  const preview = isMessage(item) ? item.text : item.preview;
  const showsAccount = mockState.accountCount > 1 && !route().account;
  const isOptedOut = !isMessage(item) && item.lists.includes("unsubscribed");
  const isReply = !isMessage(item) && item.is_reply;
  return [
    element("span", { class: `dot ${status === null ? "reply" : statusClass(status)}` }),
    element(
      "span",
      { class: "upper" },
      element("span", { class: "number" }, isolated(item.mobile_number)),
      showsAccount && element("span", { class: "chip" }, mockState.accountName(item.account)),
      isOptedOut && element("span", { class: "chip opted-out" }, "opted out"),
      element("time", { datetime: at }, timeOrDate(at, mockState.now())),
    ),
    element(
      "span",
      { class: "lower" },
      isReply && element("span", { class: "muted" }, "↩", hiddenText(" replied: ")),
      element("span", { class: "preview", dir: "auto" }, singleLine(preview, PREVIEW_CHARACTERS)),
      status &&
        status !== "sent" &&
        element("span", { class: `badge ${statusClass(status)}` }, hiddenText(`${status} `), reason ?? status),
      unread && element("span", { class: "new" }, hiddenText("unread")),
    ),
  ];
}

/** @param {string} text */
function hiddenText(text) {
  return element("span", { class: "visually-hidden" }, text);
}
