/** What is shown instead of an empty list: how to start, or why a search has no results. */

import { asCode, urlOf } from "../../common/base.js";
import { element } from "../../common/dom.js";
import { curlCommand } from "../../common/snippets.js";
import { sendRequest } from "../api/client.js";
import { control, isReadOnly } from "../state/read-only.js";
import { navigate, route, searchText } from "../state/route.js";
import { button, codeBlock, copyButton } from "../ui/components.js";
import { showHelp } from "../ui/keys.js";
import { singleLine } from "../ui/text.js";

const MAX_CHARACTERS = 200;

const EXAMPLE = { message: { content: "Your code is 481516", to: [{ mobile_number: "972-54-1111111" }] } };

/**
 * How to send the first SMS: from this page, from a shell, from an application.
 *
 * @returns {Dom.Child[]}
 */
export function welcome() {
  const showAll = button("Show all accounts", () => navigate({ account: null }));
  return [
    element("h2", {}, route().account ? "No SMS in this account" : isReadOnly ? "No SMS" : "No SMS yet"),
    route().account && element("p", {}, showAll),
    ...(control(firstSteps()) || []),
  ];
}

/** @returns {Dom.Child[]} */
function firstSteps() {
  const command = curlCommand(asCode(sendRequest("demo", EXAMPLE))).replace(" -sSN", "");
  const compose = button("Send a test SMS", () => navigate({ panel: "compose" }), { class: "primary" });
  return [
    element("p", {}, "Every phone that your application sends to is listed here, as soon as it sends."),
    element("p", {}, compose),
    element(
      "p",
      {},
      "or send one from a shell ",
      copyButton("curl command", () => command),
    ),
    codeBlock("curl command", command),
    element(
      "p",
      {},
      "or from your application: set its base URL to ",
      element("code", {}, urlOf("/rest/v1")),
      ". Any X-API-Key works.",
    ),
  ];
}

/**
 * That nothing matches the search, and what to do about it.
 *
 * @returns {Dom.Child[]}
 */
export function noResults() {
  const { account } = route();
  return [
    element("h2", {}, "Nothing found"),
    element(
      "p",
      {},
      "No SMS and no reply matches ",
      element("code", {}, singleLine(searchText(), MAX_CHARACTERS)),
      ".",
    ),
    element(
      "div",
      { class: "actions" },
      account && button("Search all accounts", () => navigate({ account: null })),
      button("Help on search", showHelp),
    ),
  ];
}
