/** The panel that controls the mock: scenario, faults, clock, account, reset. */

import { element } from "../../common/dom.js";
import { ANY_ACCOUNT, get, request } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { control, isReadOnly } from "../state/read-only.js";
import { route } from "../state/route.js";
import { button, formatted, section } from "../ui/components.js";
import { isConfirmed } from "../ui/confirmation.js";
import { attempt } from "../ui/notices.js";
import { throttle } from "../ui/schedule.js";
import { AccountSection } from "./account.js";
import { ClockSection } from "./clock.js";
import { FaultsSection } from "./faults.js";
import { ScenarioSection } from "./scenario.js";

const REFRESH_PAUSE_MS = 500;

export class Controls {
  #sectionToShow = "";

  constructor() {
    this.faults = new FaultsSection();
    this.sections = [new ScenarioSection(), this.faults, new ClockSection(), new AccountSection()];
    this.refresh = throttle(() => this.#refresh(), REFRESH_PAUSE_MS);
    this.scope = element("p", { class: "muted" });
    const resetButton = button("Reset…", confirmReset, { class: "danger" });
    this.nodes = [
      element("h2", {}, isReadOnly ? "State" : "Controls"),
      this.scope,
      ...this.sections.map(({ node }) => node),
      control(section("Reset", true, element("div", { class: "actions" }, resetButton))),
    ];
  }

  /** Return the nodes of the panel for the account in the URL, and keep them up to date until `hide`. */
  show() {
    this.#showScope();
    this.#sectionToShow = route().section ?? "";
    this.faults.startTimer();
    this.refresh();
    return this.nodes;
  }

  /** Stop what runs while the panel is shown. */
  hide() {
    this.faults.stopTimer();
  }

  async #refresh() {
    if (isReadOnly) await mockState.load();
    await Promise.all(this.sections.map((each) => each.refresh(shownAccount())));
    this.#showScope();
    this.#showSection();
  }

  /** Scroll to the section of the URL, once its size and that of those above it are known. */
  #showSection() {
    const shown = this.sections.find(({ node }) => node.dataset.name === this.#sectionToShow)?.node;
    this.#sectionToShow = "";
    if (!shown) return;
    shown.open = true;
    shown.scrollIntoView();
    shown.querySelector("summary")?.focus({ preventScroll: true });
  }

  #showScope() {
    const account = shownAccount();
    const all = control("For all accounts, including accounts created later.") || "For all accounts.";
    this.scope.textContent = account ? `For the account ${mockState.accountName(account)}.` : all;
  }
}

/**
 * The account that the panel shows, by its id: the selected one. Where nothing can be changed also the only one, since
 * it has a scenario of its own, and nothing else is of interest.
 */
function shownAccount() {
  return isReadOnly ? mockState.selectedAccount()?.id : route().account;
}

/** Reset the mock, or the selected account, after a dialog that says what will be deleted. */
export async function confirmReset() {
  const { account } = route();
  const health = await attempt(async () => {
    await mockState.load();
    return get("health", ANY_ACCOUNT);
  });
  if (!health) return;
  const messages = account ? (mockState.selectedAccount()?.messages ?? 0) : health.messages;
  const all = health.accounts === 1 ? "the only account" : `all ${health.accounts} accounts`;
  const target = account ? `the account ${mockState.accountName(account)}` : all;
  const everything = account ? "" : " Scenario and faults return to those the mock was started with.";
  const text =
    `This deletes the data of ${target}: ${formatted(messages)} SMS, replies, requests, lists and credit.` +
    `${everything} This cannot be undone.`;
  if (await isConfirmed("Reset", "Reset?", text, "Reset")) await attempt(() => request("POST", "reset"), "Reset done.");
}
