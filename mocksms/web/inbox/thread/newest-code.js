/** Copies the newest one-time code that a phone got. */

import { get } from "../api/client.js";
import { route } from "../state/route.js";
import { copyText } from "../ui/components.js";
import { attempt, showNotice } from "../ui/notices.js";

const MAX_RESULTS = 20; // A number that is part of others finds these too.

/** Copy the newest code of the phone that is open, or of all phones in the list if none is. */
export async function copyNewestCode() {
  const { phone, in: account = route().account } = route();
  const query = phone ? `has:code to:${phone}` : "has:code";
  const page = await attempt(() => get("search", { query, account, limit: MAX_RESULTS }));
  if (!page) return;
  const messages = page.results.flatMap((/** @type {Api.SearchResult} */ { message }) => message ?? []);
  const newest = messages.find((/** @type {Api.Message} */ { number }) => !phone || number === phone);
  const code = newest?.codes[0]?.code;
  if (code) await copyText(code, code);
  else showNotice(phone ? "No SMS to this phone has a code." : "No SMS has a code.");
}
