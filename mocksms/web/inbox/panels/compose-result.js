/** The result of a test send: its response, and the same request as a curl command. */

import { curlCommand } from "../../shared/curl.js";
import { element } from "../../shared/dom.js";
import { sendRequest } from "../api/client.js";
import { navigate } from "../state/route.js";
import { badge, button, codeBlock, copyButton } from "../ui/components.js";
import { singleLine, withEscapes } from "../ui/text.js";

const MAX_ROWS = 50;

/**
 * Read the response to a send.
 *
 * @param {{ status: number, text: string }} response
 * @returns {{ rows: Api.SentRow[], nodes: HTMLElement[] }} one row per recipient, none if it was refused
 */
export function sendResult({ status, text }) {
  const rows = status === 200 ? parsedRows(text) : undefined;
  if (rows) return { rows, nodes: [element("ul", { class: "plain rows" }, rows.slice(0, MAX_ROWS).map(rowItem))] };
  const error = element("p", { class: "wrong" }, `Response: ${status}`);
  return { rows: [], nodes: [error, codeBlock("Response", withEscapes(text))] };
}

/**
 * @param {string} text
 * @returns {Api.SentRow[] | undefined}
 */
function parsedRows(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {Api.SentRow} row */
function rowItem({ transaction_id: message, mobile_number: number, status, reject_reason: reason }) {
  return element(
    "li",
    {},
    badge(status, reason),
    element("bdi", {}, singleLine(number)),
    button("Why?", () => navigate({ message, panel: null }), {
      class: "small",
      "aria-label": `Details of the SMS to ${singleLine(number)}`,
    }),
  );
}

/**
 * A fold with a send as a curl command.
 *
 * @param {string} key
 * @param {object} body
 */
export function curlOfSend(key, body) {
  const command = curlCommand(sendRequest(key, body));
  return element(
    "details",
    {},
    element("summary", {}, "curl command"),
    copyButton("curl command", () => command),
    codeBlock("curl command", withEscapes(command)),
  );
}
