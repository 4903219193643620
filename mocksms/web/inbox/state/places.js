/** The places of the page that show one record or one control, as changes of the URL. */

import { mockState } from "./mock-state.js";
import { NO_PANEL } from "./route.js";

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
 * The details of a message.
 *
 * @param {string | null} message its id
 * @returns {Ui.Query}
 */
export function messagePlace(message) {
  return { ...NO_PANEL, message };
}

/**
 * A recorded request.
 *
 * @param {number | string | null} request its id
 * @returns {Ui.Query}
 */
export function requestPlace(request) {
  return { ...NO_PANEL, request };
}

/**
 * A callback.
 *
 * @param {number | null} callback its id
 * @returns {Ui.Query}
 */
export function callbackPlace(callback) {
  return { ...NO_PANEL, callback };
}

/**
 * A section of the controls.
 *
 * @param {string} section
 * @param {string | null} [account] whose controls they are; without it those of the account that is selected, or of all
 * @returns {Ui.Query}
 */
export function controlsPlace(section, account) {
  return { ...NO_PANEL, panel: "controls", section, ...(account && mockState.accountCount > 1 && { account }) };
}
