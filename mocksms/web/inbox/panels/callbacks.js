/** The calls that the mock made about a message, with what their receiver answered. */

import { element } from "../../shared/dom.js";
import { call, get } from "../api/client.js";
import { attempt, button, facts, raw, section } from "../ui/components.js";
import { visible } from "../ui/text.js";
import { moment, span } from "../ui/time.js";

/** Read the callbacks of a message. */
export async function callbacksOf(message) {
  return (await get("callbacks", { message: message.transaction_id, account: message.account })).callbacks;
}

/** Show callbacks, each in a part of its own. */
export function callbackParts(message, calls) {
  return calls.map((made) =>
    section(
      `Callback: ${made.event}, ${made.state}`,
      false,
      facts([
        ["to", visible(made.url)],
        ["due", made.due_at && moment(made.due_at)],
      ]),
      element(
        "ol",
        { class: "timeline" },
        made.attempts.map((each) =>
          element(
            "li",
            {},
            element("time", { datetime: each.at }, moment(each.at)),
            ` ${each.status ?? each.error} in ${span(each.duration * 1000)}`,
            each.body && raw("Response of the receiver", visible(each.body)),
          ),
        ),
      ),
      raw("Body of the callback", visible(made.request.body)),
      button(
        "Call again",
        () =>
          attempt(
            () => call("POST", `callbacks/${made.id}/replay`, { query: { account: message.account } }),
            "Called again.",
          ),
        { "data-id": made.id },
      ),
    ),
  );
}
