/** The panel in which the mock is made to behave: scenario, faults, account, clock, reset. */

import { element } from "../../shared/dom.js";
import { call } from "../api/client.js";
import { AccountPart } from "./account.js";
import { ClockPart } from "./clock.js";
import { FaultsPart } from "./faults.js";
import { calmly } from "../api/live.js";
import { attempt, button, dialog, section } from "../ui/components.js";
import { place } from "../state/route.js";
import { ScenarioPart } from "./scenario.js";
import { state } from "../state/mock-state.js";

export class Steer {
  constructor() {
    this.parts = [new ScenarioPart(), new FaultsPart(), new ClockPart(), new AccountPart()];
    this.refresh = calmly(() => this.#refresh(), 500);
    this.whose = element("p", { class: "soft" });
    this.nodes = [
      element("h2", {}, "Steer"),
      this.whose,
      ...this.parts.map((part) => part.node),
      section("Begin anew", true, element("div", { class: "actions" }, button("Reset…", reset, { class: "danger" }))),
    ];
  }

  /** Show the panel for what the address says. */
  show() {
    this.#tellWhose();
    this.refresh();
    return this.nodes;
  }

  async #refresh() {
    await Promise.all(this.parts.map((part) => part.refresh()));
    this.#tellWhose();
  }

  #tellWhose() {
    const { account } = place();
    this.whose.textContent = account
      ? `For the account ${state.nameOf(account)}.`
      : "For all accounts, those to come too.";
  }
}

/** Forget everything, or the account that is chosen, once it is clear what goes. */
async function reset() {
  const { account } = place();
  await attempt(() => state.read());
  const own = state.accounts.filter(({ id }) => !account || id === account);
  const messages = own.reduce((sum, each) => sum + each.messages, 0);
  const whose = account
    ? `the account ${state.nameOf(account)}`
    : own.length === 1
      ? "the one account there is"
      : `all ${own.length} accounts`;
  const word = await dialog(
    "Reset",
    element(
      "div",
      {},
      element("h2", {}, "Reset?"),
      element(
        "p",
        {},
        `This forgets ${whose}: ${messages.toLocaleString("en")} SMS, replies, the journal, lists and credit` +
          `${account ? "." : ", and takes scenario and faults back to what the mock was started with."} It cannot be undone.`,
      ),
    ),
    element("button", { value: "no", autofocus: true }, "Keep everything"),
    element("button", { value: "yes", class: "danger" }, "Reset"),
  );
  if (word === "yes") await attempt(() => call("POST", "reset"), "All is forgotten.");
}
