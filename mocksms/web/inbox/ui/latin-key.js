/** Keys in a keyboard layout without Latin letters. */

/**
 * The Latin letter of a key that has another letter in the current keyboard layout, such as a Hebrew one.
 *
 * @param {KeyboardEvent} event
 */
export function latinKey({ key, code }) {
  return key > "\x7f" ? code.replace(/^Key/, "").toLowerCase() : undefined;
}
