/** The views that show what a message or its cause is about, as changes of the URL. */

import { mockState } from "../../state/mock-state.js";

/**
 * A reply in its conversation. On small screens the panel would cover it.
 *
 * @param {Api.Message} message
 * @param {number} reply its cursor
 * @returns {Ui.Query}
 */
export function replyPlace({ number, account }, reply) {
  const isCovered = matchMedia("(max-width: 60rem)").matches;
  return { view: null, phone: number, in: account, reply, ...(isCovered && { message: null }) };
}

/**
 * A recorded request.
 *
 * @param {number | null} request
 * @returns {Ui.Query}
 */
export function requestPlace(request) {
  return { request, message: null, panel: null };
}

/**
 * A callback.
 *
 * @param {number | null} callback
 * @returns {Ui.Query}
 */
export function callbackPlace(callback) {
  return { callback, message: null, request: null, panel: null };
}

/**
 * A section of the controls.
 *
 * @param {string} section
 * @param {Api.Message} message
 * @returns {Ui.Query}
 */
export function controlsPlace(section, { account }) {
  return { panel: "controls", section, ...(mockState.accountCount > 1 && { account }) };
}
