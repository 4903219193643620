/** The list of requests: everything that reached the emulated API, refused and malformed requests too. */

import { element } from "../../shared/dom.js";
import { get } from "../api/client.js";
import { statusBadge } from "../panels/request.js";
import { isReadOnly } from "../state/read-only.js";
import { filters, hasFilters, navigate, route, searchKeys } from "../state/route.js";
import { button, formatted, isolated, plural } from "../ui/components.js";
import { nearest } from "../ui/nearest.js";
import { patch } from "../ui/patch.js";
import { clockTime, exactDateTime, formatDuration } from "../ui/time.js";
import { PagedList } from "./paged-list.js";
import { issueLines } from "./search-chips.js";

export class Requests {
  /** @param {HTMLElement} node */
  constructor(node) {
    /** @type {PagedList<Api.Request>} */
    this.paged = new PagedList({
      node,
      label: "Requests",
      key: ({ id }) => String(id),
      render: renderRow,
      open: ({ id }) => navigate({ request: id, message: null, panel: null }),
      read,
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

  /** @param {number} step */
  move(step) {
    this.paged.list.move(step);
  }

  /** @param {Ui.Page} page */
  #onPage(page) {
    const [label, refused] = filters().refused === "true" ? ["Show all", null] : ["Refused only", "true"];
    const evicted = page.evicted ? `, ${formatted(page.evicted)} old requests evicted` : "";
    this.paged.showStatus(
      `${plural(page.total, "request")}${hasFilters() ? " found" : ""}${evicted}`,
      button(label ?? "", () => navigate({ refused }), { class: "small" }),
    );
    patch(this.paged.filters, issueLines(issuesOf(filters().path ?? "")));
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

/**
 * Keys that do not exist, in the part of the search that is looked for in paths.
 *
 * @param {string} path
 * @returns {Api.SearchIssue[]}
 */
function issuesOf(path) {
  return [...path.matchAll(/(?:^|\s)((\w+):(\S+))/g)].flatMap(([, part, key, value]) => {
    const near = nearest(key.toLowerCase(), searchKeys());
    const note = "is looked for in the path: the key is unknown";
    return near ? [{ part, note, better: `${near}:${value}` }] : [];
  });
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
function renderRow({ at, method, target, response, note, messages, warnings, duration }) {
  const result = [
    messages.length > 0 && `${messages.length} SMS`,
    warnings.length > 0 && plural(warnings.length, "warning"),
  ];
  return [
    element("time", { datetime: at, title: exactDateTime(at) }, clockTime(at)),
    statusBadge(response.status),
    element("span", { class: "method" }, isolated(method)),
    element("span", { class: "target" }, isolated(target)),
    element("span", { class: note ? "note" : "note muted" }, isolated(note || result.filter(Boolean).join(", "))),
    element("span", { class: "duration muted" }, formatDuration(duration * 1000)),
  ];
}
