/** The number of unread phones in the title. Where the page does not list all phones, the mock counts them. */

import { request } from "../api/client.js";
import { throttle } from "../ui/schedule.js";
import { isReadOnly } from "./read-only.js";
import { readCursors } from "./read-state.js";
import { view } from "./route.js";
import { setUnreadCount } from "./title.js";

const PAUSE_MS = 1_000;
const RELEVANT_EVENTS = ["message", "reply", "deleted", "reset"];

/** Let the mock count the unread phones of the selected account, or of all. */
export const refreshUnread = throttle(async () => {
  if (isReadOnly) return;
  const { unread } = await request("POST", "phones/unread", { body: readCursors() });
  setUnreadCount(unread);
}, PAUSE_MS);

/** Count the unread phones, unless the list of phones does it. */
export function countUnread() {
  if (view() !== "phones") refreshUnread();
}

/**
 * Count again after events that may change the number.
 *
 * @param {Ui.MockEvent[]} events
 */
export function countUnreadAfter(events) {
  if (events.some(({ kind }) => RELEVANT_EVENTS.includes(kind))) countUnread();
}
