/** One operation of the API: what it takes, what it responds with, and a form to try it out. */

import { element } from "../shared/dom.js";
import { parameterField, parameterTable } from "./parameters.js";
import { sample, schemaTree } from "./schema.js";
import { tryItOut } from "./try-it-out.js";

/**
 * Show an operation as one line that opens to its details.
 *
 * @param {OpenApi.Operation} operation
 * @param {OpenApi.Document} description
 * @param {() => OpenApi.Credentials} credentials
 */
export function operationView(operation, description, credentials) {
  const details = element("div", { class: "inside" });
  const view = element(
    "details",
    { class: "operation", id: operation.operationId },
    element(
      "summary",
      {},
      element("span", { class: `mono method ${operation.method.toLowerCase()}` }, operation.method),
      element("span", { class: "mono path" }, operation.path),
      element("span", { class: "muted" }, operation.summary),
    ),
    details,
  );
  view.addEventListener("toggle", () => {
    if (view.open && !details.hasChildNodes()) details.append(...detailNodes(operation, description, credentials));
  });
  return view;
}

/**
 * @param {OpenApi.Operation} operation
 * @param {OpenApi.Document} description
 * @param {() => OpenApi.Credentials} credentials
 * @returns {HTMLElement[]}
 */
function detailNodes(operation, description, credentials) {
  const fields = operation.parameters
    .filter((parameter) => parameter.in !== "header")
    .map((parameter) => ({ parameter, input: parameterField(parameter, description) }));
  const body = operation.requestBody && bodyField(operation.requestBody.content, description);
  const nodes = [
    operation.description && element("p", {}, operation.description),
    fields.length > 0 && parameterTable(fields, description),
    ...(body ? body.nodes : []),
    ...tryItOut(operation, fields, body?.input, credentials),
    element("h3", {}, "Responses"),
    ...Object.entries(operation.responses).map(([status, response]) => responseView(status, response, description)),
  ];
  return nodes.filter((node) => node instanceof HTMLElement);
}

/**
 * @param {OpenApi.Content} content
 * @param {OpenApi.Document} description
 */
function bodyField(content, description) {
  if (!content["application/json"]) {
    const file = element("input", { type: "file", "aria-label": "Body" });
    return { input: file, nodes: [element("h3", {}, "Body"), file] };
  }
  const { schema, examples = {} } = content["application/json"];
  const values = Object.entries(examples).map(([name, { value }]) => ({ name, text: JSON.stringify(value, null, 2) }));
  const input = element("textarea", { "aria-label": "Body", spellcheck: "false" });
  input.value = values[0]?.text ?? JSON.stringify(sample(schema, description), null, 2);
  const buttons = values.map(({ name, text }) => {
    const onclick = () => {
      input.value = text;
    };
    return element("button", { type: "button", onclick }, name);
  });
  const tree = schemaTree(schema, description);
  return { input, nodes: [element("h3", {}, "Body"), tree, element("div", { class: "actions" }, buttons), input] };
}

/**
 * @param {string} status
 * @param {OpenApi.Response} response
 * @param {OpenApi.Document} description
 */
function responseView(status, { description: text, content = {} }, description) {
  const schema = content["application/json"]?.schema;
  const tree = schema && schemaTree(schema, description);
  const mediaTypes = element("span", { class: "muted" }, Object.keys(content).join(", "));
  const line = [element("code", {}, status), ` ${text} `, mediaTypes];
  return tree ? element("details", {}, element("summary", {}, line), tree) : element("p", {}, line);
}
