/** The callbacks about a message, with the responses of their webhooks. */

import { element } from "../../shared/dom.js";
import { get } from "../api/client.js";
import { control } from "../state/read-only.js";
import { navigate } from "../state/route.js";
import { button, factList, section } from "../ui/components.js";
import { withEscapes } from "../ui/text.js";
import { exactDateTime } from "../ui/time.js";
import { attemptList, replay } from "./callback.js";

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
    const { id, event, state, url, due_at: due, attempts, paused } = callback;
    const open = () => navigate({ callback: id, message: null, request: null, panel: null });
    return section(
      `Callback: ${event}, ${paused ? "paused" : state}`,
      state === "failed",
      factList([
        ["to", withEscapes(url)],
        ["due", !paused && due && exactDateTime(due)],
      ]),
      attemptList(attempts),
      element(
        "div",
        { class: "actions", "data-id": id },
        button("Open", open, { "aria-label": `Open callback ${event}` }),
        control(button("Replay", () => replay({ id, account }))),
      ),
    );
  });
}
