/** What the listed messages and replies have: how many of each status, reason and tag. */

import { get } from "../api/client.js";
import { throttle } from "../ui/schedule.js";
import { hasFilters, view } from "./route.js";

const PAUSE_MS = 1_000;

/** Emits `change` whenever the counts change. */
export const countEvents = new EventTarget();

/** @type {Api.SearchCounts | undefined} */
let current;

/** The counts of the search, or of all messages and replies; undefined before they are known. */
export function counts() {
  return current;
}

/** @param {Api.SearchCounts | undefined} fresh */
export function setCounts(fresh) {
  if (JSON.stringify(fresh) === JSON.stringify(current)) return;
  current = fresh;
  countEvents.dispatchEvent(new Event("change"));
}

/** Count all messages and replies again, where there is no search. */
export const refreshCounts = throttle(async () => {
  const { counts: fresh } = await get("search", { limit: 1 });
  if (view() === "phones" && !hasFilters()) setCounts(fresh);
}, PAUSE_MS);
