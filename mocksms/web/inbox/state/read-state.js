/** Which messages were read: for each phone the cursor of the latest one that was on the screen, per run of the mock. */

import { storedName } from "../../shared/base.js";
import { isReadOnly } from "./read-only.js";
import { localStore } from "./storage.js";

const KEY = storedName("mocksms-read");
const MAX_PHONES = 2_000;

/** @type {{ epoch: string, phones: Record<string, number> }} */
let current = { epoch: "", phones: {} };

/**
 * Load what was read in this run of the mock; what was read in an earlier run no longer counts.
 *
 * @param {string} epoch the id of the run
 */
export function loadReadState(epoch) {
  const stored = localStore.getObject(KEY);
  current = { epoch, phones: stored.epoch === epoch ? Object(stored.phones) : {} };
}

/**
 * Call a function when another tab of this browser has marked something as read.
 *
 * @param {() => void} listener
 */
export function onReadInOtherTab(listener) {
  addEventListener("storage", ({ key }) => {
    if (key !== KEY) return;
    loadReadState(current.epoch);
    listener();
  });
}

/**
 * Whether a phone has something newer than what was read. A trace has nothing new.
 *
 * @param {string} phone
 * @param {number} cursor the latest of the phone
 */
export function isUnread(phone, cursor) {
  return !isReadOnly && cursor > (current.phones[phone] ?? 0);
}

/**
 * Mark a phone as read up to a cursor. Returns whether that changed anything.
 *
 * @param {string} phone
 * @param {number} cursor
 */
export function markRead(phone, cursor) {
  if (!isUnread(phone, cursor)) return false;
  delete current.phones[phone]; // Inserted again at the end: the first key is the least recently read.
  current.phones[phone] = cursor;
  const names = Object.keys(current.phones);
  if (names.length > MAX_PHONES) delete current.phones[names[0]];
  localStore.setObject(KEY, current);
  return true;
}
