/** JSON in colour. */

import { element } from "../../common/dom.js";
import { jsonTokens, layOut } from "../../common/json-tokens.js";
import { codeBlock } from "./components.js";
import { withEscapes } from "./text.js";

const LAYOUT = { indent: "  ", maxLevels: 24 };
const MAX_TOKENS = 3_000; // What follows them is shown as it is: drawing more would take too long.

/**
 * A text in a box that scrolls: JSON in colour, each value on its own line, any other text exactly as it is.
 *
 * @param {string} label
 * @param {string} text
 */
export function jsonBlock(label, text) {
  return codeBlock(label, jsonNodes(text));
}

/**
 * The nodes of a text that may be JSON.
 *
 * @param {string} text
 * @returns {Dom.Child[]}
 */
export function jsonNodes(text) {
  const tokens = jsonTokens(text, MAX_TOKENS);
  if (!tokens?.length) return withEscapes(text);
  return [layOut(tokens, LAYOUT, tokenNodes), withEscapes(text.slice(tokens.at(-1)?.end).trimEnd())];
}

/**
 * @param {import("../../common/json-tokens.js").Token} token
 * @param {string} space
 */
function tokenNodes({ kind, text }, space) {
  if (kind === "punctuation") return space + text;
  return [space, element("bdi", { class: `json-${kind}` }, withEscapes(text))];
}
