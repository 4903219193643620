/** What a test send got on the wire, in words. */

import { formatDuration } from "./time.js";

/**
 * Describe the response to a test send, or how it was broken.
 *
 * @param {Api.Wire} wire
 */
export function describeWire({ end, status, body, received, expected, duration }) {
  const after = formatDuration(duration * 1000);
  switch (end) {
    case "reset":
      return `The connection was reset after ${after}, without a response. The tab Requests shows what was accepted.`;
    case "truncated":
      return `Response: ${status}, truncated after ${received} of ${expected} bytes.`;
    case "timeout":
      return `No complete response within ${after}: ${received} bytes of the body arrived.`;
    default:
      return `Response: ${status}${status === 200 ? (body ? ", but not JSON" : ", but empty") : ""}`;
  }
}
