/** What was looked at: for each phone the latest SMS that was on the screen, for this run of the mock. */

import { browser } from "./storage.js";

const STORE = "mocksms-seen";
const MOST = 2_000;

let seen = { epoch: "", phones: {} };

/** Begin with what was seen of this run of the mock. */
export function recall(epoch) {
  const kept = browser.getObject(STORE);
  seen = { epoch, phones: kept.epoch === epoch ? Object(kept.phones) : {} };
}

/** Hear when another tab of this browser has looked at something. */
export function heedOtherTabs(then) {
  addEventListener("storage", ({ key }) => {
    if (key !== STORE) return;
    recall(seen.epoch);
    then();
  });
}

export function isUnread(phone, cursor) {
  return cursor > (seen.phones[phone] ?? 0);
}

/** Note that a phone was looked at; returns whether that is news. */
export function look(phone, cursor) {
  if (!isUnread(phone, cursor)) return false;
  delete seen.phones[phone];
  seen.phones[phone] = cursor;
  const names = Object.keys(seen.phones);
  if (names.length > MOST) delete seen.phones[names[0]];
  browser.setObject(STORE, seen);
  return true;
}
