/** What came of the callbacks of a message, as a mark beside it. */

import { element } from "../../common/dom.js";
import { icon } from "./icons.js";

/** @type {Partial<Record<Api.CallbackState, Parameters<typeof icon>[0]>>} */
const ICONS = { delivered: "check", failed: "cross", retrying: "retry" };

/**
 * The mark of a state; none for callbacks that were dropped, and for a message without any.
 *
 * @param {Api.CallbackState | null} state
 */
export function callbackMark(state) {
  if (!state || state === "dropped") return false;
  const name = ICONS[state];
  return element(
    "span",
    { class: `callback-mark ${state}`, title: `Callbacks: ${state}` },
    name ? icon(name) : "…",
    element("span", { class: "visually-hidden" }, ` callbacks ${state} `),
  );
}
