/** What all views need to know of the mock: its accounts and its clock. */

import { ANY_ACCOUNT, get } from "../api/client.js";
import { singleLine } from "../ui/text.js";
import { day } from "../ui/time.js";
import { route } from "./route.js";

export const mockState = {
  /** @type {Api.Account[]} */
  accounts: [],
  /** @type {Api.Clock} */
  clock: { now: new Date().toISOString(), frozen: false, next_due: null },
  loadedAt: performance.now(),

  /** The current time of the mock. */
  now() {
    const passed = this.clock.frozen ? 0 : performance.now() - this.loadedAt;
    return new Date(Date.parse(this.clock.now) + passed);
  },

  /**
   * The shortened key of an account; its id if the account is unknown.
   *
   * @param {string} id
   */
  accountName(id) {
    return singleLine(this.accounts.find((account) => account.id === id)?.key ?? id);
  },

  /**
   * The account that the controls act on: the selected one, or the only one.
   *
   * @returns {Api.Account | undefined}
   */
  selectedAccount() {
    const selected = route().account;
    if (selected) return this.accounts.find((account) => account.id === selected);
    return this.accounts.length === 1 ? this.accounts[0] : undefined;
  },

  /** What the rows of a list depend on; they are drawn again when it changes. */
  fingerprint() {
    return JSON.stringify([this.accounts.length > 1, day(this.now())]);
  },

  /** Read accounts and clock. */
  async load() {
    const [{ accounts }, clock] = await Promise.all([get("accounts", ANY_ACCOUNT), get("clock", ANY_ACCOUNT)]);
    Object.assign(this, { accounts, loadedAt: performance.now() });
    this.clock = this.selectedAccount()?.clock ?? clock;
  },
};
