/** What is shown where there is nothing: how to begin, or why nothing fits. */

import { curlOf } from "../../shared/curl.js";
import { element } from "../../shared/dom.js";
import { get } from "../api/client.js";
import { button, copyButton, raw } from "../ui/components.js";
import { filters, go, place } from "../state/route.js";

/** How to begin: from this page, from a shell, from an application. */
export function welcome() {
  const line = curlOf({
    method: "POST",
    target: "/rest/v1/transactional/sms/send",
    headers: { "X-API-Key": "demo", "Content-Type": "application/json" },
    body: JSON.stringify({ message: { content: "Your code is 481516", to: [{ mobile_number: "972-54-1111111" }] } }),
  }).replace(" -sSN", "");
  return [
    element("h2", {}, place().account ? "No SMS in this account" : "No SMS yet"),
    place().account &&
      element(
        "p",
        {},
        button("Show all accounts", () => go({ account: null })),
      ),
    element("p", {}, "Every phone your application writes to will show up here, as it happens."),
    element(
      "p",
      {},
      button("Send a test SMS", () => go({ panel: "compose" }), { class: "main" }),
    ),
    element(
      "p",
      {},
      "or from a shell ",
      copyButton("Curl line", () => line),
    ),
    raw("Curl line", line),
    element(
      "p",
      {},
      "or from your application: make its base URL ",
      element("code", {}, `${location.origin}/rest/v1`),
      ". Any X-API-Key will do.",
    ),
  ].filter(Boolean);
}

/** Why nothing fits the search, in the words of the inspection API. */
export async function nothingFound() {
  try {
    await get("messages/latest", filters());
    return [];
  } catch (error) {
    return [element("h2", {}, "No SMS fits"), raw("Why nothing fits", error.explanation?.text ?? error.message)];
  }
}
