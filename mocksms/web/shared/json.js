/** JSON for people. */

/** Indent a JSON text. Other text is returned unchanged, for example the vendor's own examples, which are not valid JSON. */
export function prettyJson(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
