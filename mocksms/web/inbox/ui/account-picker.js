/** The choice of an account, shown if there are several: a button, and below it a tree that can be searched. */

import { element, setChildren } from "../../common/dom.js";
import { hasFailed, labelParts } from "../state/account-rows.js";
import { mockState } from "../state/mock-state.js";
import { NO_CONVERSATION, navigate, route } from "../state/route.js";
import { failedMark, outcomeMark, statusText } from "./account-row.js";
import { AccountTree } from "./account-tree.js";
import { button, formatted, isolated, plural } from "./components.js";
import { icon } from "./icons.js";
import { singleLine } from "./text.js";

const MAX_TITLE_LENGTH = 500;
const TOUCH = "(pointer: coarse)"; // The keyboard on the screen would cover the tree.

export class AccountPicker {
  #onlyFailed = false;

  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    this.button = button("", () => (this.popup.hidden ? this.open() : this.close()), {
      id: "account-button",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-controls": "account-popup",
    });
    this.input = element("input", {
      type: "search",
      "aria-label": "Find an account",
      placeholder: "Test, class, module or key",
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
      oninput: () => this.#search(),
    });
    this.filter = button("", () => this.#toggleFailed(), { class: "flat", "aria-pressed": "false" });
    this.tree = new AccountTree((account) => this.#choose(account));
    this.status = element("p", { class: "muted", role: "status" });
    this.popup = element(
      "div",
      { id: "account-popup", role: "dialog", "aria-label": "Choose an account", hidden: true },
      element("div", { class: "account-search" }, this.input, this.filter),
      this.tree.node,
      this.status,
    );
    this.node.append(this.button, this.popup);
    this.popup.addEventListener("keydown", (event) => this.#onKey(event));
    this.node.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.node.contains(relatedTarget)) this.close(false);
    });
    addEventListener("pointerdown", ({ target }) => {
      if (target instanceof Node && !this.node.contains(target)) this.close(false);
    });
  }

  /** Show the accounts and which one is selected. */
  update() {
    const { accountCount } = mockState;
    const { account = "" } = route();
    this.node.hidden = accountCount < 2 && !account;
    const label = account ? this.#selectedLabel(account) : allLabel();
    this.button.setAttribute("aria-label", `Account: ${label.textContent}`);
    this.button.title = singleLine(this.#selected()?.label ?? "", MAX_TITLE_LENGTH);
    if (!this.button.firstElementChild?.isEqualNode(label)) setChildren(this.button, label);
    if (this.node.hidden) this.close(false);
    else if (!this.popup.hidden) this.#draw();
  }

  /** Open the tree at the selected account. */
  open() {
    if (this.node.hidden) return;
    this.popup.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.input.value = "";
    this.#onlyFailed = false;
    const isTouch = matchMedia(TOUCH).matches;
    this.tree.goToSelected(isTouch ? "focus" : "scroll");
    this.#draw();
    if (!isTouch) this.input.focus();
  }

  /** @param {boolean} [takesFocus] whether the button gets the focus */
  close(takesFocus = true) {
    if (this.popup.hidden) return;
    this.popup.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (takesFocus) this.button.focus();
  }

  #selected() {
    return mockState.accounts.find(({ id }) => id === route().account);
  }

  /** @param {string} id */
  #selectedLabel(id) {
    const account = this.#selected();
    const name = account ? isolated(labelParts(account).slice(-1)[0]) : `${singleLine(id)} · unknown account`;
    const text = element("span", { class: "account-text" }, name);
    return element("span", { class: "account-label" }, account && outcomeMark(account), text);
  }

  #search() {
    this.tree.restart();
    this.#draw();
  }

  #toggleFailed() {
    this.#onlyFailed = !this.#onlyFailed;
    this.#search();
  }

  #draw() {
    const { accounts, accountCount } = mockState;
    const query = this.input.value;
    const failed = accounts.filter(hasFailed).length;
    this.#onlyFailed &&= failed > 0;
    this.tree.show({ query, onlyFailed: this.#onlyFailed });
    this.filter.hidden = failed === 0;
    this.filter.setAttribute("aria-pressed", String(this.#onlyFailed));
    setChildren(this.filter, icon("cross"), ` ${formatted(failed)} failed`);
    this.status.textContent = statusText(accounts.length, accountCount, this.tree.found);
  }

  /** @param {string | null} account null selects all */
  #choose(account) {
    this.close();
    navigate({ account, ...NO_CONVERSATION, request: null });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // What is typed here is no shortcut of the page.
    if (event.key === "Escape") this.close();
    else if (event.target === this.input) this.#onInputKey(event);
    else if (this.tree.node.contains(/** @type {Node} */ (event.target)) && !this.tree.onKey(event)) this.input.focus();
  }

  /** @param {KeyboardEvent} event */
  #onInputKey(event) {
    if (event.key === "ArrowDown") this.tree.focus();
    else if (event.key === "Enter") this.tree.chooseFirst();
    else return;
    event.preventDefault();
  }
}

/** The text of the button while all accounts are shown. */
function allLabel() {
  const failed = mockState.accounts.filter(hasFailed).length;
  const text = element("span", { class: "account-text" }, `all ${plural(mockState.accountCount, "account")}`);
  return element("span", { class: "account-label" }, text, failed > 0 && [" ", failedMark(failed)]);
}
