/** The selection of an account, shown if there are several. */

import { element } from "../../shared/dom.js";
import { mockState } from "../state/mock-state.js";
import { NO_CONVERSATION, navigate, route } from "../state/route.js";
import { patch } from "./patch.js";
import { singleLine } from "./text.js";

/** @param {Api.Account} account */
function describe({ key, label, messages }) {
  const parts = [key, label, `${messages} SMS`].filter((part) => part !== "");
  return parts.map((part) => singleLine(part)).join(" · ");
}

export class AccountPicker {
  /** @param {HTMLSelectElement} node */
  constructor(node) {
    this.node = node;
    node.addEventListener("change", () => navigate({ account: node.value, ...NO_CONVERSATION, request: null }));
  }

  /** Show the accounts and which one is selected. */
  update() {
    const { accounts, accountCount } = mockState;
    const { account = "" } = route();
    const options = [["", `all ${accountCount} accounts`], ...accounts.map((each) => [each.id, describe(each)])];
    if (!options.some(([id]) => id === account)) options.push([account, `${singleLine(account)} · unknown account`]);
    this.node.hidden = accountCount < 2 && !account;
    patch(
      this.node,
      options.map(([value, label]) => element("option", { value }, label)),
    );
    this.node.value = account;
  }
}
