/** Texts of the OpenAPI document, with code between backticks. */

import { element } from "../common/dom.js";

/**
 * A text as nodes.
 *
 * @param {string} [text]
 * @returns {Dom.Child[]}
 */
export function prose(text = "") {
  return text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
}
