/** What all views need to know of the mock: its accounts and its clock. */

import { ANY_ACCOUNT, get } from "../api/client.js";
import { singleLine } from "../ui/text.js";
import { day } from "../ui/time.js";
import { labelParts } from "./account-rows.js";
import { isReadOnly } from "./read-only.js";
import { route } from "./route.js";

const MAX_ACCOUNTS = 500;

export const mockState = {
  /**
   * The latest used accounts, and the selected one.
   *
   * @type {Api.Account[]}
   */
  accounts: [],
  /** The number of all accounts. */
  accountCount: 0,
  /** @type {Api.Clock} */
  clock: { now: new Date().toISOString(), frozen: false, next_due: null },
  loadedAt: performance.now(),

  /**
   * The current time of the mock, or of an account.
   *
   * @param {string} [account]
   */
  now(account) {
    const own = account && this.accounts.find(({ id }) => id === account)?.clock;
    const { frozen, now } = own || this.clock;
    return new Date(Date.parse(now) + (frozen || isReadOnly ? 0 : performance.now() - this.loadedAt));
  },

  /**
   * The name of an account: of a test that of the test, else its label or its shortened key; its id if it is unknown.
   *
   * @param {string} id
   */
  accountName(id) {
    const account = this.accounts.find((each) => each.id === id);
    return singleLine((account && labelParts(account).at(-1)) ?? id);
  },

  /** Whether what is listed may belong to several accounts. */
  showsAccounts() {
    return this.accountCount > 1 && !route().account;
  },

  /**
   * The account that the controls act on: the selected one, or the only one.
   *
   * @returns {Api.Account | undefined}
   */
  selectedAccount() {
    const selected = route().account;
    if (selected) return this.accounts.find((account) => account.id === selected);
    return this.accountCount === 1 ? this.accounts[0] : undefined;
  },

  /** What the rows of a list depend on; they are drawn again when it changes. */
  fingerprint() {
    return JSON.stringify([this.accounts.map(({ id, label }) => [id, label]), this.accountCount > 1, day(this.now())]);
  },

  /** Read accounts and clock. */
  async load() {
    const [{ accounts, total }, clock] = await Promise.all([
      get("accounts", { ...ANY_ACCOUNT, limit: MAX_ACCOUNTS }),
      get("clock", ANY_ACCOUNT),
    ]);
    const selected = route().account;
    const isListed = accounts.some((/** @type {Api.Account} */ { id }) => id === selected);
    if (selected && !isListed && total > accounts.length) accounts.push(...(await knownAccount()));
    Object.assign(this, { accounts, accountCount: total, loadedAt: performance.now() });
    this.clock = this.selectedAccount()?.clock ?? clock;
  },
};

/** The selected account, as a list; the list is empty if the mock does not know it. */
function knownAccount() {
  return get("account").then(
    (account) => [account],
    () => [],
  );
}
