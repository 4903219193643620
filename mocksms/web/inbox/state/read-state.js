/**
 * Which messages were read, per run of the mock: for each phone the cursor of the latest one that was on the screen, and
 * the cursor up to which all phones, or all of an account, were marked as read.
 */

import { storedName } from "../../common/base.js";
import { isReadOnly } from "./read-only.js";
import { accountOf } from "../thread/phone-key.js";
import { localStore } from "./storage.js";

const KEY = storedName("mocksms-read");
const MAX_PHONES = 2_000;

const EVERY_ACCOUNT = "";

/** @typedef {Record<string, number>} Cursors */

/** @type {{ epoch: string, phones: Cursors, accounts: Cursors }} */
let current = { epoch: "", phones: {}, accounts: {} };

/**
 * Load what was read in this run of the mock; what was read in an earlier run no longer counts.
 *
 * @param {string} epoch the id of the run
 */
export function loadReadState(epoch) {
  const stored = localStore.getObject(KEY);
  const { phones, accounts } = stored.epoch === epoch ? stored : {};
  current = { epoch, phones: Object(phones), accounts: Object(accounts) };
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
  const { phones, accounts } = current;
  const inAccount = Math.max(accounts[accountOf(phone)] ?? 0, accounts[EVERY_ACCOUNT] ?? 0);
  return !isReadOnly && cursor > Math.max(phones[phone] ?? 0, inAccount);
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

/**
 * Mark all phones of an account, or all of all accounts, as read up to a cursor.
 *
 * @param {string | undefined} account
 * @param {number} cursor
 */
export function markAllRead(account, cursor) {
  if (account) current.accounts[account] = cursor;
  else current = { ...current, phones: {}, accounts: { [EVERY_ACCOUNT]: cursor } };
  localStore.setObject(KEY, current);
}

/** What was read, as the mock takes it. Stored values that are no cursors are left out. */
export function readCursors() {
  const { [EVERY_ACCOUNT]: upTo = 0, ...accounts } = onlyCursors(current.accounts);
  /** @type {Record<string, Cursors>} */
  const phones = {};
  for (const [phone, cursor] of Object.entries(onlyCursors(current.phones))) {
    const account = accountOf(phone);
    (phones[account] ??= {})[phone.slice(account.length + 1)] = cursor;
  }
  return { up_to: upTo, accounts, phones };
}

/**
 * @param {Cursors} stored
 * @returns {Cursors}
 */
function onlyCursors(stored) {
  return Object.fromEntries(Object.entries(stored).filter(([, cursor]) => Number.isSafeInteger(cursor) && cursor >= 0));
}
