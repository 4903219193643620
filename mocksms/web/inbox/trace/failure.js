/** One failure of a test: what was expected, what there was instead, and the usual causes. */

import { element } from "../../common/dom.js";
import { ANY_ACCOUNT, get } from "../api/client.js";
import { messagePlace, requestPlace } from "../state/places.js";
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
  navigate({ ...messagePlace(id), view: null, phone: message.number, in: message.account }, push);
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
    closest &&
      closest.warnings.map((text) => element("p", { class: "muted", dir: "auto" }, "Warning: ", withEscapes(text))),
    causes.length > 0 && causeList(causes),
  ];
}

/**
 * The conditions that do not match: what is expected, and what there is.
 *
 * @param {{ comparisons: Api.Comparison[] }} compared
 */
export function comparisonTable({ comparisons }) {
  const rows = comparisons
    .filter(({ matches }) => !matches)
    .flatMap((comparison) => {
      const { expected, actual } = marked(comparison);
      return difference(expected, actual, [element("span", { class: "field-name" }, comparison.field), " "]);
    });
  return differences(rows);
}

/**
 * @param {string[]} expected
 * @param {Api.Found} found
 */
function expectedAndFound(expected, { messages, account, has_requests: hasRequests }) {
  const place = account === null ? "all accounts" : `account ${account}`;
  const got = `${messages} SMS in ${place}${messages || hasRequests ? "" : ", no requests"}`;
  return differences(difference(withEscapes(expected.join(", ") || "any SMS"), withEscapes(got)));
}

/** @param {Dom.Child[]} rows */
function differences(rows) {
  return element("dl", { class: "comparison", "aria-label": "Difference" }, rows);
}

/**
 * The rows of what was expected and what there was.
 *
 * @param {Dom.Child} expected
 * @param {Dom.Child} got
 * @param {Dom.Child} [name] of the field
 * @returns {Dom.Child[]}
 */
function difference(expected, got, name) {
  return [
    element("dt", {}, name, "expected"),
    element("dd", { class: "expected", dir: "auto", tabindex: "0" }, expected),
    element("dt", {}, "got"),
    element("dd", { class: "got", dir: "auto", tabindex: "0" }, got),
  ];
}

/** @param {Api.Closest} closest */
function closestLine({ transaction_id: id, matched, conditions, comparisons }) {
  const same = comparisons.filter(({ matches }) => matches);
  return element(
    "p",
    { class: "closest" },
    "Closest message ",
    messageButton(id),
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
  const rest = causes.length - MAX_CAUSES;
  return element(
    "ul",
    { class: "causes", "aria-label": "Usual causes" },
    causes.slice(0, MAX_CAUSES).map(causeItem),
    rest > 0 && element("li", { class: "muted" }, `and ${rest} more`),
  );
}

/**
 * A cause, with a button in place of the id of its message, or behind it for its request.
 *
 * @param {Api.Cause} cause
 */
function causeItem({ kind, text, id }) {
  const [before, ...after] = id === null || isRequest(kind) ? [text] : text.split(id);
  const showRequest = () => navigate({ ...requestPlace(id), view: "requests" });
  return element(
    "li",
    {},
    element("span", { class: "kind" }, kind.replaceAll("_", " ")),
    element(
      "span",
      { dir: "auto" },
      withEscapes(before),
      id !== null && after.length > 0 && [messageButton(id), withEscapes(after.join(id))],
      id !== null && isRequest(kind) && [" ", button("Show request", showRequest, { class: "small", "data-id": id })],
    ),
  );
}

/**
 * Whether a cause is about a request; otherwise it is about a message.
 *
 * @param {string} kind
 */
export function isRequest(kind) {
  return kind === "refused";
}

/** @param {string} id */
function messageButton(id) {
  return button(id.slice(0, ID_CHARACTERS), () => attempt(() => openMessage(id)), {
    class: "small",
    "data-id": id,
    title: `Open the message ${id}`,
  });
}
