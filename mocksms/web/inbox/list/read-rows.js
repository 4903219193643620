/** Reads what is listed at the left, page by page. */

import { get } from "../api/client.js";
import { hasFilters, searchText } from "../state/route.js";
import { isNew } from "./phone-row.js";

/** @typedef {import("./phone-row.js").Item} Item */

const MAX_ROWS = 1_000; // Of a search for unread ones: only the browser knows what was read.
const UNREAD = /(?:^|\s)(-?)is:unread(?=\s|$)/gi;

/**
 * Read a page of phones, or during a search of messages and replies.
 *
 * @param {Ui.Query} query
 * @returns {Promise<{ page: Ui.Page, rows: Item[] }>}
 */
export async function readRows(query) {
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
