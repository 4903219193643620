/** Reads what passed between an account and a phone, page by page. */

import { get } from "../api/client.js";

const PAGE_SIZE = 50;

/**
 * Read the newest messages, replies and consents before a cursor.
 *
 * @param {string} account
 * @param {string} phone
 * @param {number} [before] cursor; the newest of all if it is missing
 * @returns {Promise<{ floor: number, items: Ui.ThreadItem[] }>} no item is older than `floor`, below which there may be
 *   more; 0 if there is nothing more
 */
export async function loadThread(account, phone, before) {
  const query = { account, before, limit: PAGE_SIZE };
  const [{ messages }, { replies }, { consents }] = await Promise.all([
    get("messages", { to: phone, ...query }),
    get("inbound", { number: phone, ...query }),
    get("consents", { number: phone, ...query }),
  ]);
  const floor = Math.max(0, ...[messages, replies, consents].map(lowestOfFullPage));
  /** @type {Ui.ThreadItem[]} */
  const items = [
    ...messages.map((row) => /** @type {const} */ ({ ...row, kind: "messages" })),
    ...replies.map((row) => /** @type {const} */ ({ ...row, kind: "replies" })),
    ...consents.map((row) => /** @type {const} */ ({ ...row, kind: "consents" })),
  ];
  return { floor, items: items.filter(({ cursor }) => cursor >= floor) };
}

/** @param {{ cursor: number }[]} rows */
function lowestOfFullPage(rows) {
  return rows.length === PAGE_SIZE ? rows[PAGE_SIZE - 1].cursor : 0;
}
