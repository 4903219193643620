/** The list of requests: everything that reached the emulated API, refused and malformed requests too. */

import { element } from "../../common/dom.js";
import { get } from "../api/client.js";
import { shortTarget, statusBadge } from "../panels/request.js";
import { mockState } from "../state/mock-state.js";
import { requestPlace } from "../state/places.js";
import { isReadOnly } from "../state/read-only.js";
import { filters, hasFilters, navigate, route } from "../state/route.js";
import { accountLabel } from "../ui/account-label.js";
import { button, formatted, isolated, plural } from "../ui/components.js";
import { patch } from "../ui/patch.js";
import { singleLine } from "../ui/text.js";
import { clockTime, exactDateTime, formatDuration } from "../ui/time.js";
import { PagedList } from "./paged-list.js";
import { unknownKeyLines } from "./search-chips.js";

export class Requests {
  #node;

  /** @param {HTMLElement} node */
  constructor(node) {
    this.#node = node;
    /** @type {PagedList<Api.Request>} */
    this.paged = new PagedList({
      node,
      label: "Requests",
      key: ({ id }) => String(id),
      render: renderRow,
      open: ({ id }) => navigate(requestPlace(id)),
      read,
      head: columnNames(),
      onPage: (page) => this.#onPage(page),
    });
    this.paged.list.node.classList.add("requests");
    this.refresh = this.paged.refresh;
  }

  /** Show what the URL says. */
  onRouteChange() {
    this.paged.show();
    this.paged.list.select(route().request);
  }

  /** @param {Ui.MockEvent[]} events */
  onEvents(events) {
    if (events.some(({ kind }) => kind === "reset")) this.paged.invalidate();
    if (events.some(({ kind }) => kind === "request" || kind === "reset")) this.refresh();
  }

  /** Read everything again with the next refresh: what is shown may no longer exist. */
  invalidate() {
    this.paged.invalidate();
  }

  /** Draw the rows again: the accounts have changed. */
  redraw() {
    this.#markAccounts();
    this.paged.set(this.paged.items.map((item) => ({ ...item })));
  }

  /** @param {number} step */
  move(step) {
    this.paged.list.move(step);
  }

  #markAccounts() {
    this.#node.classList.toggle("with-accounts", mockState.showsAccounts());
  }

  /** @param {Ui.Page} page */
  #onPage(page) {
    this.#markAccounts();
    const [label, refused] = filters().refused === "true" ? ["Show all", null] : ["Refused only", "true"];
    const evicted = page.evicted ? `, ${formatted(page.evicted)} old requests evicted` : "";
    this.paged.showStatus(
      `${plural(page.total, "request")}${hasFilters() ? " found" : ""}${evicted}`,
      button(label ?? "", () => navigate({ refused }), { class: "small" }),
    );
    patch(this.paged.filters, unknownKeyLines("in the path"));
    this.paged.list.select(route().request, false);
    this.paged.showEmptyState([
      element("h2", {}, hasFilters() ? "No request found" : isReadOnly ? "No requests" : "No requests yet"),
      element(
        "p",
        {},
        "Every request to the emulated API is listed here. Refused requests are listed with the reason.",
      ),
    ]);
  }
}

/** @param {Ui.Query} query */
async function read(query) {
  const page = await get("requests", { ...filters(), ...query });
  return { page, rows: page.requests };
}

/**
 * @param {Api.Request} request
 * @returns {Dom.Child[]}
 */
function renderRow(request) {
  const { at, account, method, target, response, note, recipients, warnings, duration, fault } = request;
  return [
    element("time", { datetime: at, title: exactDateTime(at) }, clockTime(at)),
    statusBadge(response.status, fault),
    element("span", { class: "method" }, isolated(method)),
    element("span", { class: "target", title: singleLine(target) }, isolated(shortTarget(request))),
    element(
      "span",
      { class: "details" },
      element("span", { class: "recipients" }, recipientNodes(recipients)),
      element("span", { class: "account muted" }, account && mockState.showsAccounts() && accountLabel(account)),
      element("span", { class: "warnings" }, warnings.length > 0 && plural(warnings.length, "warning")),
      element("span", { class: "note", title: singleLine(note) }, isolated(note)),
    ),
    element("span", { class: "duration muted" }, formatDuration(duration * 1000)),
  ];
}

/**
 * The first recipient, and how many others there are.
 *
 * @param {string[]} recipients
 * @returns {Dom.Child[]}
 */
function recipientNodes(recipients) {
  if (!recipients.length) return [];
  const others = recipients.length - 1;
  return [isolated(recipients[0]), others > 0 && element("span", { class: "muted" }, ` + ${formatted(others)}`)];
}

/** The names of the columns, for the eye: each row says by itself what it has. */
function columnNames() {
  const details = ["recipients", "account", "warnings", "note"].map((name) => element("span", { class: name }, name));
  return element(
    "div",
    { class: "column-names", "aria-hidden": "true" },
    element("span", {}, "time"),
    element("span", {}, "status"),
    element("span", { class: "method" }, "method"),
    element("span", {}, "path"),
    element("span", { class: "details" }, details),
    element("span", { class: "duration" }, "duration"),
  );
}
