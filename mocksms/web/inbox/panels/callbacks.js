/** The callbacks about a message, with the responses of their webhooks. */

import { element } from "../../shared/dom.js";
import { get, request } from "../api/client.js";
import { control } from "../state/read-only.js";
import { button, codeBlock, factList, section } from "../ui/components.js";
import { attempt } from "../ui/notices.js";
import { withEscapes } from "../ui/text.js";
import { exactDateTime, formatDuration } from "../ui/time.js";

/**
 * Read the callbacks of a message.
 *
 * @param {Api.Message} message
 */
export async function loadCallbacks({ transaction_id: message, account }) {
  return (await get("callbacks", { message, account })).callbacks;
}

/**
 * Sections that show callbacks.
 *
 * @param {Api.Message} message
 * @param {Api.Callback[]} callbacks
 */
export function callbackSections({ account }, callbacks) {
  return callbacks.map((callback) => {
    const replay = () => request("POST", `callbacks/${callback.id}/replay`, { query: { account } });
    return section(
      `Callback: ${callback.event}, ${callback.state}`,
      false,
      factList([
        ["to", withEscapes(callback.url)],
        ["due", callback.due_at && exactDateTime(callback.due_at)],
      ]),
      element("ol", { class: "timeline" }, callback.attempts.map(attemptItem)),
      codeBlock("Body of the callback", withEscapes(callback.request.body)),
      control(button("Replay", () => attempt(replay, "Callback replayed."), { "data-id": callback.id })),
    );
  });
}

/** @param {Api.Attempt} callbackAttempt */
function attemptItem({ at, status, error, body, duration }) {
  return element(
    "li",
    {},
    element("time", { datetime: at }, exactDateTime(at)),
    ` ${status ?? error} in ${formatDuration(duration * 1000)}`,
    body && codeBlock("Response of the webhook", withEscapes(body)),
  );
}
