/** The result of a test send: its response, and the same request as a curl command. */

import { asCode } from "../../common/base.js";
import { element } from "../../common/dom.js";
import { curlCommand } from "../../common/snippets.js";
import { sendRequest } from "../api/client.js";
import { messagePlace } from "../state/places.js";
import { navigate } from "../state/route.js";
import { badge, button, codeBlock, copyButton } from "../ui/components.js";
import { jsonBlock } from "../ui/json-view.js";
import { singleLine, withEscapes } from "../ui/text.js";
import { describeWire } from "../ui/wire.js";

const MAX_ROWS = 50;

/**
 * Show what a send got on the wire.
 *
 * @param {Api.Wire} wire
 * @returns {{ rows: Api.SentRow[], nodes: HTMLElement[] }} one row per recipient, none without a complete response
 */
export function sendResult(wire) {
  const { end, status, body } = wire;
  const rows = end === "response" && status === 200 ? parsedRows(body) : undefined;
  if (rows) return { rows, nodes: [element("ul", { class: "plain rows" }, rows.slice(0, MAX_ROWS).map(rowItem))] };
  /** @type {HTMLElement[]} */
  const nodes = [element("p", { class: "wrong" }, describeWire(wire))];
  if (status !== null) nodes.push(jsonBlock("Response", body));
  return { rows: [], nodes };
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
    button("Why?", () => navigate(messagePlace(message)), {
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
  const command = curlCommand(asCode(sendRequest(key, body)));
  return element(
    "details",
    {},
    element("summary", {}, "curl command"),
    copyButton("curl command", () => command),
    codeBlock("curl command", withEscapes(command)),
  );
}
