/** The panel of one request to the emulated API: the request, the response, and why it has this response. */

import { element } from "../../shared/dom.js";
import { prettyJson } from "../../shared/json.js";
import { ANY_ACCOUNT, get } from "../api/client.js";
import { navigate } from "../state/route.js";
import { button, codeBlock, copyButton, factList, formatted, section } from "../ui/components.js";
import { withEscapes } from "../ui/text.js";
import { exactDateTime, formatDuration } from "../ui/time.js";

/** The mock stores this much of a body. */
export const STORED_BYTES = 65_536;

const MAX_MESSAGES = 20;
const ID_CHARACTERS = 8;

/**
 * Read a request and return the nodes of its panel.
 *
 * @param {string} id
 * @returns {Promise<Dom.Child[]>}
 */
export async function requestPanel(id) {
  const request = await get(`requests/${encodeURIComponent(id)}`, ANY_ACCOUNT);
  return [
    element("h2", {}, withEscapes(`${request.method} ${request.target}`)),
    element(
      "p",
      { class: "state" },
      statusBadge(request.response.status),
      request.note && element("strong", {}, " ", withEscapes(request.note)),
    ),
    request.messages.length > 0 && createdMessages(request.messages),
    ...requestSections(request, "Request details", true),
  ];
}

/** @param {string[]} messages ids */
function createdMessages(messages) {
  const links = messages.slice(0, MAX_MESSAGES).map((message) =>
    button(message.slice(0, ID_CHARACTERS), () => navigate({ message, request: null, panel: null }), {
      class: "small",
    }),
  );
  return section(`SMS created: ${messages.length}`, true, element("div", { class: "actions" }, links));
}

/**
 * The sections of a request: details, request, response.
 *
 * @param {Api.Request} request
 * @param {string} title
 * @param {boolean} [isMain] whether the panel is about the request, not about a message
 */
export function requestSections(request, title, isMain = false) {
  const { at, note, duration, warnings, response } = request;
  return [
    section(
      title,
      true,
      factList([
        ["at", `${exactDateTime(at)}, response after ${formatDuration(duration * 1000)}`],
        ["note", !isMain && note && withEscapes(note)],
        ["warnings", isMain && warnings.length > 0 && warningList(warnings)],
      ]),
    ),
    section(
      "Request",
      isMain,
      copyButton("Request body", () => request.body),
      codeBlock("Request", withEscapes(httpText(`${request.method} ${request.target}`, request))),
    ),
    section(
      "Response",
      isMain,
      copyButton("Response body", () => response.body),
      codeBlock("Response", withEscapes(httpText(String(response.status ?? "the connection was reset"), response))),
    ),
  ];
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

/**
 * An HTTP status in its colour.
 *
 * @param {number | null} status null: the connection was reset
 */
export function statusBadge(status) {
  return element("span", { class: `badge ${statusColour(status)}` }, status === null ? "reset" : String(status));
}

/** @param {number | null} status */
function statusColour(status) {
  if (status === null || status >= 500) return "exception";
  return status < 300 ? "sent" : "rejected";
}

/**
 * A request or response as text: its first line, its headers, and its body after an empty line.
 *
 * @param {string} firstLine
 * @param {Api.Content} content
 */
function httpText(firstLine, { headers, body, size }) {
  const head = [firstLine, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  const rest = size > STORED_BYTES ? `\n… ${formatted(size)} bytes in all` : "";
  return [head, prettyJson(body) + rest].filter(Boolean).join("\n\n");
}
