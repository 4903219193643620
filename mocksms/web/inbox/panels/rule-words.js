/** What a rule or fault matches and does, in words. */

import { element } from "../../common/dom.js";
import { withEscapes } from "../ui/text.js";

/**
 * @param {string} matches which messages or requests
 * @param {string} effect what happens to them
 * @returns {Dom.Child[]}
 */
export function ruleWords(matches, effect) {
  return [element("bdi", {}, withEscapes(matches)), " → ", element("bdi", {}, withEscapes(effect))];
}
