/** What was said between an account and a phone, read page by page. */

import { get } from "../api/client.js";

const PAGE = 50;
const KINDS = ["messages", "replies", "consents"];

/**
 * The newest that was said before a cursor, of all kinds, each with its kind. Nothing of it is older than `floor`, below
 * which there may be more; 0 says that there is nothing.
 */
export async function readTalk(account, phone, before) {
  const query = { account, before, limit: PAGE };
  const pages = await Promise.all([
    get("messages", { to: phone, ...query }),
    get("inbound", { number: phone, ...query }),
    get("consents", { number: phone, ...query }),
  ]);
  const said = pages.map((page) => {
    const kind = KINDS.find((name) => name in page);
    return { rows: page[kind].map((row) => ({ ...row, kind })), isPart: page[kind].length === PAGE };
  });
  const floor = Math.max(
    0,
    ...said.filter(({ isPart }) => isPart).map(({ rows }) => rows.at(-1).cursor),
  );
  return { floor, items: said.flatMap(({ rows }) => rows).filter(({ cursor }) => cursor >= floor) };
}
