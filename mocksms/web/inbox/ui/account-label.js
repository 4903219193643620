/** The name of an account within another text. */

import { element } from "../../common/dom.js";
import { mockState } from "../state/mock-state.js";
import { singleLine } from "./text.js";

const MAX_TITLE_LENGTH = 520;

/**
 * The name of an account, with its label and its shortened key as a tooltip.
 *
 * @param {string} id
 */
export function accountLabel(id) {
  const account = mockState.accounts.find((each) => each.id === id);
  return element("bdi", { title: account && accountTitle(account) }, mockState.accountName(id));
}

/** The label and the shortened key of an account. @param {Api.Account} account */
export function accountTitle({ label, key }) {
  return singleLine(label ? `${label} · ${key}` : key, MAX_TITLE_LENGTH);
}
