/** Expected against got, with the differing characters marked. */

import { element } from "../../common/dom.js";
import { withEscapes } from "../ui/text.js";

const MAX_AROUND = 200; // Characters shown before the first and after the last difference.

/**
 * Both sides of a comparison that does not match, as nodes.
 *
 * @param {Api.Comparison} comparison
 * @returns {{ expected: Dom.Child[], actual: Dom.Child[] }}
 */
export function marked({ expected, actual, differences }) {
  // Spans count code points, the strings of JavaScript do not.
  return {
    expected: withMarks(
      [...expected],
      differences.map((each) => each.expected),
    ),
    actual: withMarks(
      [...actual],
      differences.map((each) => each.actual),
    ),
  };
}

/**
 * A text with marks, cut where it is long.
 *
 * @param {string[]} characters
 * @param {Api.TextSpan[]} spans
 * @returns {Dom.Child[]}
 */
function withMarks(characters, spans) {
  /** @type {Dom.Child[]} */
  const nodes = [];
  let end = 0;
  for (const span of spans) {
    const before = characters.slice(end, span.start);
    const isCut = !end && before.length > MAX_AROUND;
    nodes.push(withEscapes((isCut ? ["…", ...before.slice(-MAX_AROUND)] : before).join("")));
    const text = characters.slice(span.start, span.end).join("");
    nodes.push(element("mark", { class: text ? "" : "absent" }, withEscapes(text)));
    end = span.end;
  }
  const after = characters.slice(end);
  nodes.push(withEscapes(after.slice(0, MAX_AROUND).join("")), after.length > MAX_AROUND && "…");
  return nodes;
}
