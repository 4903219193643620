/** The panel of one request to the emulated API: the request, the response, and why it has this response. */

import { element } from "../../common/dom.js";
import { ANY_ACCOUNT, get } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { messagePlace, requestPlace } from "../state/places.js";
import { navigate } from "../state/route.js";
import { accountLabel } from "../ui/account-label.js";
import { badge, button, codeBlock, copyButton, factList, formatted, isolated, section } from "../ui/components.js";
import { jsonNodes } from "../ui/json-view.js";
import { singleLine, withEscapes } from "../ui/text.js";
import { clockTime, exactDateTime, formatDuration } from "../ui/time.js";
import { STORED_BYTES, codeSection } from "./code-section.js";

const MAX_MESSAGES = 20;
const MAX_SPAN = 500; // Cursors behind that of a request.
const MAX_CALL_CHARACTERS = 60;
const OPERATION_PATH = /^(?:\/rest\/v1)?\/transactional\/sms\//i;

/**
 * Read a request and return the nodes of its panel.
 *
 * @param {string} id
 * @returns {Promise<Dom.Child[]>}
 */
export async function requestPanel(id) {
  const request = await get(`requests/${encodeURIComponent(id)}`, ANY_ACCOUNT);
  const messages = await messagesOf(request);
  return [
    element("h2", {}, withEscapes(`${request.method} ${request.target}`)),
    element(
      "p",
      { class: "state" },
      statusBadge(request.response.status, request.fault),
      request.note && element("strong", {}, " ", withEscapes(request.note)),
    ),
    request.messages.length > 0 && createdMessages(request, messages),
    ...requestSections(request, "Request details", true),
    codeSection(request, messages),
  ];
}

/**
 * Read the messages that a request created, or the first of them.
 *
 * @param {Api.Request} request
 */
async function messagesOf({ id, account, messages: ids }) {
  const wanted = Math.min(ids.length, MAX_MESSAGES);
  /** @type {Api.Message[]} */
  let found = [];
  // Their cursors come next, with those of their callbacks between them.
  for (let span = MAX_MESSAGES; found.length < wanted && span <= MAX_SPAN; span *= 5) {
    const { messages } = await get("messages", { account, since: id, before: id + span + 1, limit: span });
    found = messages.filter((message) => message.request_id === id).reverse();
  }
  return found.slice(0, MAX_MESSAGES);
}

/**
 * @param {Api.Request} request
 * @param {Api.Message[]} messages
 */
function createdMessages({ messages: ids, recipients }, messages) {
  const items = ids.slice(0, MAX_MESSAGES).map((message, index) => {
    const read = messages.find(({ transaction_id: id }) => id === message);
    return element(
      "li",
      {},
      button(singleLine(recipients[index]), () => navigate(messagePlace(message)), {
        class: "small",
        "data-id": message,
      }),
      read && badge(read.status, read.reject_reason),
      read && element("span", { class: "preview muted", dir: "auto" }, isolated(read.content)),
    );
  });
  const rest = ids.length - items.length;
  return section(
    `SMS created: ${formatted(ids.length)}`,
    true,
    element("ul", { class: "plain created" }, items),
    rest > 0 && element("p", { class: "muted" }, `and ${formatted(rest)} more`),
  );
}

/**
 * The sections of a request: details, request, response.
 *
 * @param {Api.Request} request
 * @param {string} title
 * @param {boolean} [isMain] whether the panel is about the request, not about a message
 */
export function requestSections(request, title, isMain = false) {
  const { at, account, note, duration, fault, fault_decided_by: cause, warnings, response } = request;
  return [
    section(
      title,
      true,
      !isMain && requestLink(request),
      factList([
        ["at", `${exactDateTime(at)}, response after ${formatDuration(duration * 1000)}`],
        ["account", isMain && mockState.accountCount > 1 && (account ? accountLabel(account) : "none")],
        ["fault", isMain && fault && [element("code", {}, fault), cause && [" by ", withEscapes(cause)]]],
        ["note", !isMain && note && withEscapes(note)],
        ["warnings", isMain && warnings.length > 0 && warningList(warnings)],
      ]),
    ),
    section(
      "Request",
      isMain,
      copyButton("Request body", () => request.body),
      codeBlock("Request", httpNodes(`${request.method} ${request.target}`, request)),
    ),
    section(
      "Response",
      isMain,
      copyButton("Response body", () => response.body),
      codeBlock("Response", httpNodes(String(response.status ?? "the connection was reset"), response)),
    ),
  ];
}

/**
 * A button that opens a request, such as `POST send → 2 SMS, 15:13:41`.
 *
 * @param {Api.Request} request
 */
function requestLink(request) {
  const { id, at, method, messages, response } = request;
  const result = messages.length ? `${formatted(messages.length)} SMS` : (response.status ?? "reset");
  const call = singleLine(`${method} ${shortTarget(request)}`, MAX_CALL_CHARACTERS);
  return button(`${call} → ${result}, ${clockTime(at)}`, () => navigate(requestPlace(id)), {
    class: "small",
    "data-id": id,
  });
}

/**
 * What a request calls: its path and query, without what is the same in each operation.
 *
 * @param {Api.Request} request
 */
export function shortTarget({ operation, target }) {
  return operation ? target.replace(OPERATION_PATH, "") : target;
}

/**
 * The warnings of a request or message.
 *
 * @param {Api.Warning[]} warnings
 */
export function warningList(warnings) {
  return element(
    "ul",
    {},
    warnings.map(({ path, note }) => element("li", {}, element("code", {}, withEscapes(path)), " ", withEscapes(note))),
  );
}

/** Faults that break a response whatever its status is. */
const BROKEN = ["truncated", "malformed", "empty"];

/**
 * An HTTP status in its colour.
 *
 * @param {number | null} status null: the connection was reset
 * @param {string | null} [fault] what broke the response
 */
export function statusBadge(status, fault = null) {
  const isBroken = status !== null && fault !== null && BROKEN.includes(fault);
  return element(
    "span",
    { class: `badge ${isBroken ? "exception" : statusColour(status)}`, title: isBroken && fault },
    status === null ? "reset" : String(status),
    isBroken && element("span", { class: "visually-hidden" }, ` ${fault}`),
  );
}

/** @param {number | null} status */
function statusColour(status) {
  if (status === null || status >= 500) return "exception";
  return status < 300 ? "sent" : "rejected";
}

/**
 * A request or response: its first line, its headers, and its body after an empty line.
 *
 * @param {string} firstLine
 * @param {Api.Content} content
 * @returns {Dom.Child[]}
 */
function httpNodes(firstLine, { headers, body, size }) {
  const lines = headers.map(([name, value]) => `\n${name}: ${value}`).join("");
  const rest = size > STORED_BYTES && `\n… ${formatted(size)} bytes in all`;
  return [
    withEscapes(firstLine),
    element("span", { class: "muted" }, withEscapes(lines)),
    body !== "" && ["\n\n", jsonNodes(body)],
    rest,
  ];
}
