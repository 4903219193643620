/** The text of a message as its phone shows it, with links, codes and the starts of its segments marked. */

import { element } from "../../common/dom.js";
import { isReadOnly } from "../state/read-only.js";
import { codeChip } from "../ui/components.js";
import { anchor, truncated, withEscapes } from "../ui/text.js";

const TOKEN_LENGTH = 12; // Characters of a transaction id in the links of the mock.

/** @typedef {{ start: number, end: number, wrap: (nodes: Dom.Child, isEnd: boolean) => HTMLElement }} Mark */

/**
 * The text of a message as nodes.
 *
 * @param {Pick<Api.Message, "transaction_id" | "text" | "segments" | "links" | "codes">} message
 * @param {number} [maxLength] characters
 * @returns {Dom.Child[]}
 */
export function messageText(message, maxLength = Infinity) {
  const { text, segments, codes } = message;
  const segmentStarts = new Map(segments.boundaries_utf16.map((index, place) => [index, place + 2]));
  const marks = [
    ...linkMarks(message),
    ...codes.map((code) => ({
      start: code.index_utf16,
      end: code.index_utf16 + code.length,
      wrap: (/** @type {Dom.Child} */ nodes, /** @type {boolean} */ isEnd) => {
        const mark = element("mark", {}, nodes);
        return isEnd ? codeChip(code.code, mark) : mark; // A code that is cut into two segments has one icon.
      },
    })),
  ];
  const end = text.length > maxLength ? truncated(text, maxLength).length : text.length;
  const edges = [...new Set([0, ...segmentStarts.keys(), ...marks.flatMap((mark) => [mark.start, mark.end]), end])]
    .filter((edge) => edge <= end)
    .sort((one, other) => one - other);
  const markAt = new Map(marks.map((mark) => [mark.start, mark]));
  /** @type {Mark | undefined} */
  let current;
  return edges.flatMap((edge, place) => {
    const pieceEnd = edges[place + 1] ?? edge;
    const piece = withEscapes(text.slice(edge, pieceEnd));
    current = markAt.get(edge) ?? (current && edge < current.end ? current : undefined);
    const segment = edge < end && segmentStarts.get(edge);
    return [segment && segmentMark(segment), ...(current ? [current.wrap(piece, pieceEnd === current.end)] : piece)];
  });
}

/** @param {number} number */
function segmentMark(number) {
  return element(
    "span",
    { class: "segment-mark", title: `segment ${number} starts here` },
    element("span", { class: "visually-hidden" }, "segment "),
    String(number),
  );
}

/**
 * A link of a message to another page. One to the mock that made a trace is only text: that mock has ended.
 *
 * @param {Pick<Api.Message, "transaction_id">} message
 * @param {string} link
 * @param {Dom.Child} [content]
 */
export function messageLink({ transaction_id: id }, link, content = withEscapes(link)) {
  const isOfMock = new RegExp(`/[ul]/${id.slice(0, TOKEN_LENGTH)}\\b`).test(link);
  return isReadOnly && isOfMock ? element("span", {}, content) : anchor(link, content);
}

/**
 * @param {Pick<Api.Message, "transaction_id" | "text" | "links">} message with its links in the order of the text
 * @returns {Mark[]}
 */
function linkMarks(message) {
  const { text, links } = message;
  let from = 0;
  return links.map((link) => {
    const start = text.indexOf(link, from);
    from = start + link.length;
    return { start, end: from, wrap: (nodes) => messageLink(message, link, nodes) };
  });
}
