/** The choice of an account, shown where there are several. */

import { element } from "../../shared/dom.js";
import { refill } from "./patch.js";
import { NOWHERE, go, place } from "../state/route.js";
import { state } from "../state/mock-state.js";
import { line } from "./text.js";

const MOST = 500;

export class Switcher {
  constructor(node) {
    this.node = node;
    node.addEventListener("change", () => go({ account: node.value, ...NOWHERE, request: null }));
  }

  /** Show the accounts there are, and which is chosen. */
  show() {
    const { accounts } = state;
    const { account = "" } = place();
    const options = [
      ["", `all ${accounts.length} accounts`],
      ...accounts.slice(0, MOST).map(({ id, key, messages }) => [id, `${line(key)} · ${messages} SMS`]),
    ];
    if (!options.some(([id]) => id === account)) options.push([account, `${line(account)} · not used`]);
    this.node.hidden = accounts.length < 2 && !account;
    refill(
      this.node,
      options.map(([value, words]) => element("option", { value }, words)),
    );
    this.node.value = account;
  }
}
