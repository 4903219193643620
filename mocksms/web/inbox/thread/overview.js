/** What the middle shows while no phone is selected: how many SMS there are, and how they ended. */

import { element } from "../../common/dom.js";
import { toggleTerm } from "../list/search-chips.js";
import { confirmReset } from "../panels/controls.js";
import { countEvents, counts } from "../state/counts.js";
import { control } from "../state/read-only.js";
import { hasFilters, quoted, search } from "../state/route.js";
import { button, formatted, plural, statusClass } from "../ui/components.js";
import { patch } from "../ui/patch.js";
import { singleLine } from "../ui/text.js";

const MAX_ROWS = 8;

export class Overview {
  constructor() {
    this.node = element("section", { class: "overview", "aria-label": "Overview" });
    countEvents.addEventListener("change", () => this.draw());
    this.draw();
  }

  /** Show the counts. */
  draw() {
    const found = counts();
    const hint = element("p", { class: "muted" }, "Select a phone to see its messages.");
    if (!found || found.messages + found.replies === 0) {
      patch(this.node, [hint]);
      return;
    }
    const replies = found.replies ? ` and ${plural(found.replies, "reply", "replies")}` : "";
    patch(this.node, [
      element("h2", {}, `${formatted(found.messages)} SMS${replies}${hasFilters() ? " found" : ""}`),
      table("By status", "status", found.statuses, found.messages),
      found.reject_reasons.length > 0 && table("By reason", "reason", found.reject_reasons, found.messages),
      found.tags.length > 0 && table("By tag", "tag", found.tags, found.messages),
      hint,
      control(button("Reset…", confirmReset, { class: "danger reset" })),
    ]);
  }
}

/**
 * A bar for each value; a click searches for it.
 *
 * @param {string} title
 * @param {string} key of the search
 * @param {Api.Count[]} rows
 * @param {number} total
 */
function table(title, key, rows, total) {
  return element(
    "div",
    { class: "counts-table", role: "group", "aria-label": title },
    element("h3", {}, title),
    rows.slice(0, MAX_ROWS).map(({ value, count }) => countRow(key, value, count, total)),
  );
}

/**
 * @param {string} key
 * @param {string} value
 * @param {number} count
 * @param {number} total
 */
function countRow(key, value, count, total) {
  const term = `${key}:${quoted(value)}`;
  const bar = element("progress", { max: total, value: count, class: key === "status" ? statusClass(value) : "" });
  bar.setAttribute("aria-hidden", "true");
  const row = button("", () => (hasFilters() ? toggleTerm(term) : search(term)), { class: "flat", "data-id": term });
  row.append(element("bdi", {}, singleLine(value, 40)), bar, element("strong", {}, formatted(count)));
  return row;
}
