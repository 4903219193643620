/** Everything that happened at the emulated API, refused and malformed calls too. */

import { element } from "../../shared/dom.js";
import { get } from "../api/client.js";
import { statusBadge } from "../panels/request.js";
import { PagedList } from "./paged-list.js";
import { apart, button, counted } from "../ui/components.js";
import { filters, go, place } from "../state/route.js";
import { clockTime, span } from "../ui/time.js";

export class Journal {
  constructor(node) {
    this.paged = new PagedList({
      node,
      label: "Calls",
      key: (exchange) => String(exchange.id),
      fill: row,
      open: ({ id }) => go({ request: id, message: null, panel: null }),
      read,
      came: (page) => this.#came(page),
    });
    this.paged.list.node.classList.add("calls");
    this.refresh = this.paged.refresh;
  }

  /** Show what the address says. */
  moved() {
    this.paged.show();
    this.paged.list.select(place().request);
  }

  heed(news) {
    if (news.some(({ kind }) => kind === "reset")) this.paged.forget();
    if (news.some(({ kind }) => kind === "request" || kind === "reset")) this.refresh();
  }

  /** Begin anew with the next look, since what is shown may be gone. */
  forget() {
    this.paged.forget();
  }

  move(by) {
    this.paged.list.move(by);
  }

  #came(page) {
    const isSearch = Object.keys(filters()).length > 0;
    const isRefused = filters().refused === "true";
    const quick = isRefused ? ["Show all", null] : ["Refused only", "true"];
    const gone = page.evicted ? `, ${page.evicted.toLocaleString("en")} went to make room` : "";
    this.paged.say(
      `${counted(page.total, "call")}${isSearch ? " fit" : ""}${gone}`,
      button(quick[0], () => go({ refused: quick[1] }), { class: "small" }),
    );
    this.paged.list.select(place().request, false);
    this.paged.fillBlank([
      element("h2", {}, isSearch ? "No call fits" : "No call yet"),
      element("p", {}, "Every call of the emulated API is kept here, refused and malformed ones with the reason why."),
    ]);
  }
}

async function read(query) {
  const page = await get("requests", { ...filters(), ...query });
  return { page, rows: page.requests };
}

function row(exchange) {
  const { response, messages, warnings } = exchange;
  const made = messages.length ? `${messages.length} SMS` : "";
  const said =
    exchange.note || [made, warnings.length && counted(warnings.length, "warning")].filter(Boolean).join(", ");
  return [
    element("time", { datetime: exchange.at }, clockTime(exchange.at)),
    statusBadge(response.status),
    element("span", { class: "method" }, apart(exchange.method)),
    element("span", { class: "target" }, apart(exchange.target)),
    element("span", { class: exchange.note ? "why" : "why soft" }, apart(said)),
    element("span", { class: "duration soft" }, span(exchange.duration * 1000)),
  ];
}
