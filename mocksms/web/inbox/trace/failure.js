/** One failure of a test: what was expected, what there was instead, and the usual causes. */

import { element } from "../../shared/dom.js";
import { ANY_ACCOUNT, get } from "../api/client.js";
import { navigate } from "../state/route.js";
import { button } from "../ui/components.js";
import { attempt } from "../ui/notices.js";
import { singleLine, withEscapes } from "../ui/text.js";
import { marked } from "./difference.js";

const ID_CHARACTERS = 8;
const MAX_CAUSES = 5;

/**
 * Show the conversation and the details of a message.
 *
 * @param {string} id
 * @param {boolean} [push] false: the back button skips this
 */
export async function openMessage(id, push = true) {
  const message = await get(`messages/${encodeURIComponent(id)}`, ANY_ACCOUNT);
  navigate({ view: null, phone: message.number, in: message.account, message: id, request: null, panel: null }, push);
}

/**
 * The explanation of a failure as nodes.
 *
 * @param {Api.Explanation} explanation
 * @returns {Dom.Child[]}
 */
export function explanationNodes({ expected, found, closest: [closest], causes }) {
  return [
    closest ? comparisonTable(closest) : expectedAndFound(expected, found),
    closest && closestLine(closest),
    causes.length > 0 && causeList(causes),
  ];
}

/** @param {Api.Closest} closest */
function comparisonTable({ comparisons }) {
  const rows = comparisons
    .filter(({ matches }) => !matches)
    .flatMap((comparison) => {
      const sides = marked(comparison);
      return [
        element("dt", {}, element("span", { class: "field-name" }, comparison.field), " expected"),
        element("dd", { class: "expected", dir: "auto", tabindex: "0" }, sides.expected),
        element("dt", {}, "got"),
        element("dd", { class: "got", dir: "auto", tabindex: "0" }, sides.actual),
      ];
    });
  return element("dl", { class: "comparison", "aria-label": "Difference" }, rows);
}

/**
 * @param {string[]} expected
 * @param {Api.Found} found
 */
function expectedAndFound(expected, { messages, account }) {
  const place = account === null ? "all accounts" : `account ${account}`;
  return element(
    "dl",
    { class: "comparison", "aria-label": "Difference" },
    element("dt", {}, "expected"),
    element("dd", { class: "expected", dir: "auto", tabindex: "0" }, withEscapes(expected.join(", ") || "any SMS")),
    element("dt", {}, "got"),
    element("dd", { class: "got", dir: "auto", tabindex: "0" }, withEscapes(`${messages} SMS in ${place}`)),
  );
}

/** @param {Api.Closest} closest */
function closestLine({ transaction_id: id, matched, conditions, comparisons }) {
  const same = comparisons.filter(({ matches }) => matches);
  return element(
    "p",
    { class: "closest" },
    "Closest message ",
    idButton(id, () => openMessage(id)),
    element("span", { class: "muted" }, ` ${matched} of ${conditions} conditions match`, same.length > 0 && ": "),
    same.map(({ field, actual }, index) => [
      index > 0 && ", ",
      element("span", { class: "muted" }, field),
      " ",
      element("bdi", {}, singleLine(actual)),
    ]),
  );
}

/** @param {Api.Cause[]} causes */
function causeList(causes) {
  const items = causes.slice(0, MAX_CAUSES).map(({ kind, text, id }) => {
    const open = () =>
      kind === "refused"
        ? navigate({ view: "requests", request: id, message: null, panel: null })
        : openMessage(id ?? "");
    return element(
      "li",
      {},
      element("span", { class: "kind" }, kind.replaceAll("_", " ")),
      element("span", { dir: "auto" }, withEscapes(text)),
      id !== null && idButton(kind === "refused" ? "Show request" : id, open),
    );
  });
  const rest = causes.length - MAX_CAUSES;
  return element(
    "ul",
    { class: "causes", "aria-label": "Usual causes" },
    items,
    rest > 0 && element("li", { class: "muted" }, `and ${rest} more`),
  );
}

/**
 * @param {string} id
 * @param {() => unknown} open
 */
function idButton(id, open) {
  const isMessage = /^[0-9a-f]{32}$/.test(id);
  return button(isMessage ? id.slice(0, ID_CHARACTERS) : id, () => attempt(async () => open()), {
    class: "small",
    "data-id": id,
    title: isMessage ? `Open the message ${id}` : null,
  });
}
