/** What the details of a message say about its segments. */

import { element } from "../../common/dom.js";
import { withEscapes } from "../ui/text.js";

/**
 * The facts about segments: titles and texts.
 *
 * @param {Api.Segments} segments
 * @returns {[string, Dom.Child][]}
 */
export function segmentFacts(segments) {
  const { links, link_length: length, forced_by: forcedBy } = segments;
  return [
    ["segments", segmentSummary(segments)],
    ["links count as", links.length > 0 && `${length} characters each`],
    [
      "UCS-2 because of",
      forcedBy && [
        element("code", {}, withEscapes(forcedBy.character)),
        ` ${codePoint(forcedBy.character)} at index ${forcedBy.index}`,
      ],
    ],
  ];
}

/**
 * How many segments a text has, and how long it is.
 *
 * @param {Api.Segments} segments
 */
export function segmentSummary({ encoding, count, characters, units }) {
  return `${count} × ${encoding}, ${characters} characters, ${units} ${encoding === "GSM-7" ? "septets" : "code units"}`;
}

/** @param {string} character */
function codePoint(character) {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
