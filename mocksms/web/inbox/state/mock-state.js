/** What all views know: the accounts, and what time it is for the mock. */

import { NOBODY, get } from "../api/client.js";
import { place } from "./route.js";
import { line } from "../ui/text.js";
import { day } from "../ui/time.js";

export const state = {
  accounts: [],
  clock: { now: new Date().toISOString(), frozen: false, next_due: null },
  readAt: performance.now(),

  /** The time of the mock, as an instant. */
  now() {
    const passed = this.clock.frozen ? 0 : performance.now() - this.readAt;
    return new Date(Date.parse(this.clock.now) + passed);
  },

  /** How an account is called where its key must not be shown. */
  nameOf(id) {
    return line(this.accounts.find((account) => account.id === id)?.key ?? id);
  },

  /** The account that is meant where one has to be: the chosen one, or the only one. */
  one() {
    const chosen = place().account;
    if (chosen) return this.accounts.find((account) => account.id === chosen) ?? { id: chosen };
    return this.accounts.length === 1 ? this.accounts[0] : undefined;
  },

  /** What of this the rows of a list depend on. */
  look() {
    return JSON.stringify([this.accounts.length > 1, day(this.now())]);
  },

  /** Read accounts and clock anew. */
  async read() {
    const [{ accounts }, clock] = await Promise.all([get("accounts", NOBODY), get("clock", NOBODY)]);
    Object.assign(this, { accounts, readAt: performance.now() });
    this.clock = this.one()?.clock ?? clock;
  },
};
