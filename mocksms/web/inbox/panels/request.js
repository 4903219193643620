/** One call of the emulated API: as it came, as it was answered, and why so. */

import { element } from "../../shared/dom.js";
import { prettyJson } from "../../shared/json.js";
import { NOBODY, get } from "../api/client.js";
import { button, copyButton, facts, raw, section } from "../ui/components.js";
import { go } from "../state/route.js";
import { visible } from "../ui/text.js";
import { moment, span } from "../ui/time.js";

const KEPT = 65_536;

/** Read a call and return the parts of its panel. */
export async function requestParts(id) {
  const exchange = await get(`requests/${encodeURIComponent(id)}`, NOBODY);
  return [
    element("h2", {}, visible(`${exchange.method} ${exchange.target}`)),
    element(
      "p",
      { class: "state" },
      statusBadge(exchange.response.status),
      exchange.note && element("strong", {}, " ", visible(exchange.note)),
    ),
    exchange.messages.length > 0 &&
      section(
        `SMS it made: ${exchange.messages.length}`,
        true,
        element(
          "div",
          { class: "actions" },
          exchange.messages
            .slice(0, 20)
            .map((message) =>
              button(message.slice(0, 8), () => go({ message, request: null, panel: null }), { class: "small" }),
            ),
        ),
      ),
    ...exchangeParts(exchange, "The call", true),
  ].filter(Boolean);
}

/** The parts of a call: in words, request and answer. */
export function exchangeParts(exchange, title, isOpen = false) {
  const { response } = exchange;
  return [
    section(
      title,
      true,
      facts([
        ["at", `${moment(exchange.at)}, answered in ${span(exchange.duration * 1000)}`],
        ["note", !isOpen && exchange.note && visible(exchange.note)],
        [
          "warnings",
          isOpen &&
            exchange.warnings.length > 0 &&
            element(
              "ul",
              {},
              exchange.warnings.map(({ path, note }) =>
                element("li", {}, element("code", {}, visible(path)), " ", visible(note)),
              ),
            ),
        ],
      ]),
    ),
    section(
      "Request",
      isOpen,
      copyButton("Request body", () => exchange.body),
      raw("Request", visible(asSent(`${exchange.method} ${exchange.target}`, exchange))),
    ),
    section(
      "Answer",
      isOpen,
      copyButton("Answer body", () => response.body),
      raw("Answer", visible(asSent(String(response.status ?? "the connection was reset"), response))),
    ),
  ];
}

export function statusBadge(status) {
  const kind = status === null ? "exception" : status < 300 ? "sent" : status < 500 ? "rejected" : "exception";
  return element("span", { class: `badge ${kind}` }, status === null ? "reset" : String(status));
}

/** One side of an exchange: its first line, its headers, and its body after an empty line. */
function asSent(first, { headers, body, size }) {
  const head = [first, ...headers.map(([name, value]) => `${name}: ${value}`)].join("\n");
  const rest = size > KEPT ? `\n… ${size.toLocaleString("en")} bytes in all` : "";
  return [head, prettyJson(body) + rest].filter(Boolean).join("\n\n");
}
