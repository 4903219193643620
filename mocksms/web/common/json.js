/** JSON for people. */

/**
 * Indent a JSON text. A text that is not JSON is returned unchanged; the examples of the vendor's guide are not valid.
 *
 * @param {string} text
 * @returns {string}
 */
export function prettyJson(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
