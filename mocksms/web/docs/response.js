/** A response: its status, its examples if it is an error, and its fields. */

import { element } from "../common/dom.js";
import { exampleBlock } from "./example-block.js";
import { prose } from "./prose.js";
import { examplesOf } from "./sample.js";
import { schemaTree } from "./schema.js";

/**
 * @param {string} status
 * @param {OpenApi.Response} response
 * @param {OpenApi.Document} description
 */
export function responseView(status, { description: text, content = {} }, description) {
  const { examples, schema } = content["application/json"] ?? {};
  const tree = schemaTree(schema, description, examples ? 1 : 0);
  const others = Object.keys(content).filter((type) => type !== "application/json");
  const mediaTypes = element("span", { class: "muted" }, others.join(", "));
  const line = [
    element("code", { class: status < "400" ? "good" : "wrong" }, status),
    " ",
    prose(text),
    " ",
    mediaTypes,
  ];
  if (!tree) return element("p", { class: "response" }, line);
  const block = examples && exampleBlock(`Response ${status}`, examplesOf({ examples }, description).map(inWords));
  return element("details", { class: "response" }, element("summary", {}, line), block, tree);
}

/**
 * An example with the name of its error in words: `UnknownAccount` is "unknown account".
 *
 * @param {{ name: string, text: string }} example
 */
function inWords({ name, text }) {
  return { name: name.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, " ").toLowerCase(), text };
}
