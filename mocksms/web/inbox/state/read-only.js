/** Whether the page only shows a trace or snapshot, as with `mocksms open`, and what it leaves out then. */

/** Whether the mock is read-only; the page says so before any request. */
export const isReadOnly = document.documentElement.hasAttribute("data-read-only");

/**
 * Mark a part of the page as a control: something that changes the mock. Returns false where the mock is read-only.
 *
 * @template Part
 * @param {Part} part
 * @returns {Part | false}
 */
export function control(part) {
  return !isReadOnly && part;
}

/** Remove the controls that the HTML of the page has from the start. */
export function removeControls() {
  document.querySelectorAll("[data-read-only] [data-control]").forEach((node) => node.remove());
}
