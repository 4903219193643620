/** A webhook: the callbacks that the mock sends to an application, with an example of each event. */

import { element } from "../common/dom.js";
import { exampleBlock } from "./example-block.js";
import { prose } from "./prose.js";
import { responseView } from "./response.js";
import { examplesOf } from "./sample.js";
import { schemaTree } from "./schema.js";

/**
 * The webhooks, as operations of the application.
 *
 * @param {OpenApi.Document} description
 * @returns {OpenApi.Operation[]}
 */
export function webhooksOf({ webhooks = {} }) {
  return Object.entries(webhooks).map(([name, { post }]) => ({
    parameters: [],
    ...post,
    path: `${name} webhook`,
    method: "POST",
    isWebhook: true,
  }));
}

/**
 * What the mock sends, and what the application responds with.
 *
 * @param {OpenApi.Operation} webhook
 * @param {OpenApi.Document} description
 */
export function webhookNodes({ description: about, requestBody, responses }, description) {
  const [[type, media]] = Object.entries(requestBody?.content ?? {});
  const isJson = type === "application/json";
  const examples = examplesOf(media, description);
  const bodies = examples.map(({ name, value, text }) => ({ name, text: isJson ? text : formLines(value) }));
  return [
    element("div", { class: "inputs" }, element("p", {}, prose(about))),
    element("div", { class: "request" }, element("h3", {}, "Body ", muted(type)), exampleBlock("Body", bodies)),
    element(
      "div",
      { class: "fields" },
      element("h3", {}, "Fields of the body"),
      schemaTree(media.schema, description),
      element("h3", {}, "Responses of your application"),
      Object.entries(responses).map(([status, response]) => responseView(status, response, description)),
    ),
  ];
}

/** @param {string} text */
function muted(text) {
  return element("span", { class: "muted" }, text);
}

/**
 * The fields of a form, one in a line, before they are encoded.
 *
 * @param {unknown} value
 */
function formLines(value) {
  return Object.entries(value ?? {})
    .map(([name, text]) => `${name}=${text}`)
    .join("\n");
}
