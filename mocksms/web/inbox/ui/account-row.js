/** Rows of the tree of accounts, and the signs of how tests ended. */

import { element } from "../../common/dom.js";
import { hasFailed } from "../state/account-rows.js";
import { accountTitle } from "./account-label.js";
import { formatted, isolated, plural } from "./components.js";
import { icon } from "./icons.js";
import { singleLine } from "./text.js";

const MAX_NAME_LENGTH = 120;
const MAX_LEVEL = 5; // Groups that are deeper are not indented any more.
/** @type {Record<string, "check" | "cross">} */
const ICONS = { passed: "check", failed: "cross", error: "cross" };

/**
 * An account, or a group of them.
 *
 * @param {Ui.AccountRow} row
 * @param {string} selected the path of the selected account
 * @param {string} active the path of the row that the keys are at
 */
export function accountItem(row, selected, active) {
  const { path, name, level, position, siblings, expanded, account, accounts = [] } = row;
  return element(
    "li",
    {
      role: "treeitem",
      class: `level-${Math.min(level, MAX_LEVEL)}`,
      "data-id": path,
      "aria-level": level,
      "aria-posinset": position,
      "aria-setsize": siblings,
      "aria-expanded": expanded === null ? null : String(expanded),
      "aria-selected": String(path === selected),
      tabindex: path === active ? "0" : "-1",
      title: account && accountTitle(account),
    },
    account && outcomeMark(account),
    element("span", { class: "account-name" }, element("bdi", {}, breakable(singleLine(name, MAX_NAME_LENGTH)))),
    account && accountFacts(row, account),
    accounts.length > 0 && counts(accounts),
  );
}

/**
 * A name whose lines break behind an underscore.
 *
 * @param {string} name
 * @returns {Dom.Child[]}
 */
function breakable(name) {
  return name.split(/(?<=_)/).map((part, index) => [index > 0 && element("wbr"), part]);
}

/**
 * The number of messages, and the key where the name alone does not say which account it is.
 *
 * @param {Ui.AccountRow} row
 * @param {Api.Account} account
 */
function accountFacts({ name, isRepeated }, { label, key, messages }) {
  const isTest = label.includes("::");
  const shownKey = name !== key && (isRepeated || !isTest) && [isolated(key), " · "];
  return element("span", { class: "muted account-count" }, element("span", {}, shownKey, `${formatted(messages)} SMS`));
}

/** @param {number} count */
export function failedMark(count) {
  return element("span", { class: "outcome failed" }, icon("cross"), formatted(count), hidden(" failed"));
}

/**
 * How the test of an account ended, as a sign with a text for screen readers.
 *
 * @param {Api.Account} account
 */
export function outcomeMark({ label, test_outcome: outcome }) {
  if (outcome === null && !label.includes("::")) return false;
  const name = outcome !== null && ICONS[outcome];
  const text = outcome ?? "not ended";
  const sign = name ? icon(name) : element("span", { "aria-hidden": "true" }, outcome === null ? "…" : "–");
  return element("span", { class: `outcome ${outcome ?? ""}`, title: text }, sign, hidden(`${text} `));
}

/** How many tests of a group failed and passed. @param {Api.Account[]} accounts */
function counts(accounts) {
  const failed = accounts.filter(hasFailed).length;
  const passed = accounts.filter(({ test_outcome: outcome }) => outcome === "passed").length;
  const passedMark = () =>
    element("span", { class: "outcome passed" }, icon("check"), formatted(passed), hidden(" passed"));
  return element("span", { class: "account-count" }, failed > 0 && failedMark(failed), passed > 0 && passedMark());
}

/** @param {string} text */
function hidden(text) {
  return element("span", { class: "visually-hidden" }, text);
}

/**
 * How many accounts there are, or are found.
 *
 * @param {number} loaded accounts that the page has read
 * @param {number} all
 * @param {number | null} found those that a search has found
 */
export function statusText(loaded, all, found) {
  const among = loaded < all ? `the latest ${formatted(loaded)} of ${plural(all, "account")}` : plural(all, "account");
  return found === null ? `${among[0].toUpperCase()}${among.slice(1)}` : `${formatted(found)} of ${among}`;
}
