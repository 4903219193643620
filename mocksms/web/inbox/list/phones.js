/** The list at the left: every phone, the latest used first; or the messages that fit what is searched for. */

import { element } from "../../shared/dom.js";
import { get } from "../api/client.js";
import { nothingFound, welcome } from "./empty-states.js";
import { PagedList, orderOf } from "./paged-list.js";
import { apart, button, counted } from "../ui/components.js";
import { filters, go, place, unfiltered } from "../state/route.js";
import { isUnread } from "../state/read-state.js";
import { state } from "../state/mock-state.js";
import { line } from "../ui/text.js";
import { recent } from "../ui/time.js";

const CHANGES = ["message", "reply", "account", "deleted", "reset", "scenario", "consent"];

export const phoneKey = (account, number) => `${account}-${number}`;

export class Phones {
  constructor(node) {
    this.paged = new PagedList({
      node,
      label: "Phones",
      key: keyOf,
      fill: row,
      open,
      read,
      came: (page) => this.#came(page),
    });
    this.refresh = this.paged.refresh;
  }

  /** Show what the address says. */
  moved() {
    this.paged.show();
    this.#mark();
  }

  /** Take in what has happened: a status at once, anything else with the next look. */
  heed(news) {
    if (news.some(({ kind }) => kind === "deleted" || kind === "reset")) this.paged.forget();
    const changed = new Map(news.filter(({ kind }) => kind === "message").map((each) => [each.cursor, each]));
    const latest = Math.max(0, ...this.paged.items.slice(0, 1).map(orderOf));
    const isStale = news.some(({ kind, cursor }) => CHANGES.includes(kind) && (kind !== "message" || cursor > latest));
    this.paged.set(this.paged.items.map((item) => updated(item, changed.get(item.cursor))));
    if (isStale || isSearch()) this.refresh();
  }

  /** Begin anew with the next look, since what is shown may be gone. */
  forget() {
    this.paged.forget();
  }

  move(by) {
    this.paged.list.move(by);
  }

  /** Draw the rows again, since what they depend on has changed. */
  redraw() {
    this.paged.set(this.paged.items.map((item) => ({ ...item })));
    this.#count();
  }

  async #came(page) {
    this.#mark();
    this.#count(page.evicted);
    const isEmpty = !this.paged.items.length;
    this.paged.fillBlank(isEmpty ? await (isSearch() ? nothingFound() : welcome()) : []);
  }

  #mark() {
    const { phone, in: account, message } = place();
    this.paged.list.select(isSearch() ? message : phone && phoneKey(account, phone));
  }

  #count(evicted = 0) {
    const { total, items } = this.paged;
    const what = isSearch() ? `${total.toLocaleString("en")} SMS fit` : counted(total, "phone");
    const gone = evicted ? `, ${evicted.toLocaleString("en")} SMS went to make room` : "";
    const clear = button("Show all phones", () => go(unfiltered()), { class: "small" });
    this.paged.say(`${what}${gone}`, ...(isSearch() ? [clear] : []));
    const unread = isSearch() ? 0 : items.filter((item) => isUnread(keyOf(item), item.cursor)).length;
    document.title = unread ? `(${unread}) mocksms` : "mocksms";
  }
}

function isSearch() {
  return Object.keys(filters()).length > 0;
}

function keyOf(item) {
  return item.content === undefined ? phoneKey(item.account, item.number) : item.transaction_id;
}

async function read(query) {
  const page = await (isSearch() ? get("messages", { ...filters(), ...query }) : get("phones", query));
  return { page, rows: page.phones ?? page.messages };
}

function updated(item, change) {
  return change ? { ...item, status: change.status, reject_reason: change.reject_reason } : item;
}

function open(item) {
  go({ phone: item.number, in: item.account, message: isSearch() ? item.transaction_id : null, panel: null });
}

function row(item, node) {
  const unread = !isSearch() && isUnread(keyOf(item), item.cursor);
  node.classList.toggle("unread", unread);
  const at = item.at ?? item.created_at;
  const isAmongMany = state.accounts.length > 1 && !place().account;
  const isPlain = item.status === "sent" || !item.status;
  return [
    element("span", { class: `dot ${item.status ?? "reply"}` }),
    element(
      "span",
      { class: "upper" },
      element("span", { class: "who" }, apart(item.mobile_number)),
      isAmongMany && element("span", { class: "chip" }, state.nameOf(item.account)),
      item.lists?.includes("unsubscribed") && element("span", { class: "chip out" }, "opted out"),
      element("time", { datetime: at }, recent(at, state.now())),
    ),
    element(
      "span",
      { class: "lower" },
      item.is_reply && element("span", { class: "soft" }, "↩", element("span", { class: "hidden" }, " replied: ")),
      element("span", { class: "words", dir: "auto" }, line(item.preview ?? item.text, 120)),
      !isPlain &&
        element(
          "span",
          { class: `badge ${item.status}` },
          element("span", { class: "hidden" }, `${item.status} `),
          item.reject_reason ?? item.status,
        ),
      unread && element("span", { class: "new" }, element("span", { class: "hidden" }, "unread")),
    ),
  ];
}
