/** Texts of others: they become text nodes only, and characters that act unseen are shown as escapes. */

import { element } from "../../common/dom.js";

/* Control characters but the line feed, bidi controls, what has no width, lone surrogates; the tags of a flag pass. */
const INVISIBLE = new RegExp(
  "[\\0-\\x09\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff" +
    "\\ufff9-\\ufffb\\p{Cs}]|(?<!\\u{1f3f4}[\\u{e0020}-\\u{e007e}]*)[\\u{e0000}-\\u{e007f}]",
  "gu",
);
const INVISIBLE_RUNS = new RegExp(`(?:${INVISIBLE.source})+`, "gu");
const MAX_ESCAPE_NODES = 500;
/** @type {Record<string, string>} */
const SHORT_ESCAPES = { "\t": "\\t", "\r": "\\r", "\0": "\\0" };

/** @param {string} character */
function escaped(character) {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return SHORT_ESCAPES[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`);
}

/**
 * A text on one line, shortened, for lists and labels.
 *
 * @param {string} text
 * @param {number} [maxLength] characters
 */
export function singleLine(text, maxLength = 160) {
  const short = text.length > maxLength ? `${truncated(text, maxLength)}…` : text;
  return short.replaceAll("\n", " ").replace(INVISIBLE, escaped);
}

/**
 * A text as nodes in which escapes of invisible characters stand out; with very many escapes it is one plain string.
 *
 * @param {string} text
 * @returns {(string | Node)[]}
 */
export function withEscapes(text) {
  const runs = [...text.matchAll(INVISIBLE_RUNS)];
  if (runs.length > MAX_ESCAPE_NODES) return [text.replace(INVISIBLE, escaped)];
  const nodes = [];
  let end = 0;
  for (const run of runs) {
    const escape = element("span", { class: "escape" }, run[0].replace(INVISIBLE, escaped));
    nodes.push(text.slice(end, run.index), escape);
    end = run.index + run[0].length;
  }
  return [...nodes, text.slice(end)];
}

const RTL = "[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc]";
const RTL_RUNS = new RegExp(`(${RTL}+(?:(?:"|[ ,.!?'\\d-]*)${RTL}+)*)`);

/**
 * A text on one line as nodes, in which parts in Hebrew or Arabic do not change the order of what is around them.
 *
 * @param {string} text
 * @param {number} [maxLength] characters
 * @returns {Dom.Child[]}
 */
export function isolatedRuns(text, maxLength) {
  return singleLine(text, maxLength)
    .split(RTL_RUNS)
    .map((part, index) => (index % 2 ? element("bdi", {}, part) : part));
}

/**
 * The start of a text, never cut within a character.
 *
 * @param {string} text
 * @param {number} maxLength
 */
export function truncated(text, maxLength) {
  const start = text.slice(0, maxLength);
  return /[\ud800-\udbff]$/.test(start) ? start.slice(0, -1) : start;
}

/**
 * A link to another page if a browser should follow it, else only its text.
 *
 * @param {string} link
 * @param {Dom.Child} [content]
 */
export function anchor(link, content = withEscapes(link)) {
  const href = /^www\./i.test(link) ? `http://${link}` : link;
  const isSafe = URL.canParse(href) && ["http:", "https:"].includes(new URL(href).protocol);
  return isSafe
    ? element("a", { href, target: "_blank", rel: "noopener noreferrer" }, content)
    : element("span", {}, content);
}
