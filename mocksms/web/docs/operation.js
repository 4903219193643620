/** One operation of the API: what it takes, what it responds with, and a form to try it out. */

import { icon } from "../inbox/ui/icons.js";
import { element } from "../common/dom.js";
import { offerIds, parameterField, parameterList } from "./parameters.js";
import { prose } from "./prose.js";
import { responseView } from "./response.js";
import { examplesOf } from "./sample.js";
import { schemaTree } from "./schema.js";
import { tryItOut } from "./try-it-out.js";
import { webhookNodes } from "./webhook.js";

/** The id of the section of a tag. @param {string} tag */
export function sectionId(tag) {
  return `tag-${tag.toLowerCase().replaceAll(" ", "-")}`;
}

/** The path of an operation on the mock. @param {OpenApi.Operation} operation */
function fullPath({ servers, path }) {
  return `${servers?.[0].url ?? ""}${path}`;
}

/**
 * Show an operation as one line that opens to its details. The address names the operation that was opened last.
 *
 * @param {OpenApi.Operation} operation
 * @param {OpenApi.Document} description
 */
export function operationView(operation, description) {
  const { operationId: id, method, summary, isWebhook } = operation;
  const details = element("div", { class: "inside" });
  const link = element("a", { class: "permalink", href: `#${id}`, "aria-label": `Link to ${id}` }, icon("link"));
  const view = element(
    "details",
    { class: "operation", id },
    element(
      "summary",
      {},
      element("span", { class: `code method ${method.toLowerCase()}` }, method),
      element("span", { class: "code path" }, fullPath(operation)),
      element("span", { class: "muted" }, prose(summary)),
    ),
    link,
    details,
  );
  view.addEventListener("toggle", () => {
    if (!view.open || details.hasChildNodes()) return;
    details.append(...(isWebhook ? webhookNodes(operation, description) : detailNodes(operation, description)));
  });
  view.firstElementChild?.addEventListener("click", () => {
    if (view.open || location.hash === `#${id}`) return;
    history.replaceState(null, "", `#${id}`);
    dispatchEvent(new Event("permalink"));
  });
  return view;
}

/**
 * What the operation takes and responds with, and beside it its request in code and the form.
 *
 * @param {OpenApi.Operation} operation
 * @param {OpenApi.Document} description
 */
function detailNodes(operation, description) {
  const fields = operation.parameters
    .filter((parameter) => parameter.in !== "header")
    .map((parameter) => ({ parameter, input: parameterField(parameter, description) }));
  const body = operation.requestBody && bodyField(operation.requestBody.content, description);
  const inputs = element(
    "div",
    { class: "inputs" },
    operation.description && element("p", {}, prose(operation.description)),
    fields.length > 0 && [element("h3", {}, "Parameters"), parameterList(fields, description)],
    body?.nodes,
  );
  const request = tryItOut(operation, { fields, body: body?.input, form: inputs });
  const sent = element("div", { class: "request" }, request, exampleOf(operation, description));
  const tree = body && schemaTree(operation.requestBody?.content["application/json"]?.schema, description);
  const reference = element(
    "div",
    { class: "fields" },
    tree && [element("h3", {}, "Fields of the body"), tree],
    element("h3", {}, "Responses"),
    Object.entries(operation.responses).map(([status, response]) => responseView(status, response, description)),
  );
  offerIds(operation, fields);
  return [inputs, sent, reference];
}

/**
 * @param {OpenApi.Content} content
 * @param {OpenApi.Document} description
 */
function bodyField(content, description) {
  const media = content["application/json"];
  if (!media) {
    const file = element("input", { type: "file", "aria-label": "Body" });
    return { input: file, nodes: [element("h3", {}, "Body"), file] };
  }
  const values = examplesOf(media, description);
  const input = element("textarea", { "aria-label": "Body", spellcheck: "false" });
  fill(input, values[0].text);
  const buttons = values.map(({ name, text }) => {
    const onclick = () => {
      fill(input, text);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    return element("button", { type: "button", class: "small", onclick }, name);
  });
  const choice = values.length > 1 && element("div", { class: "actions" }, "Examples:", buttons);
  return { input, nodes: [element("h3", {}, "Body"), choice, input] };
}

/**
 * @param {HTMLTextAreaElement} input
 * @param {string} text
 */
function fill(input, text) {
  input.value = text;
  input.rows = Math.min(24, Math.max(3, text.split("\n").length + 1));
}

/**
 * The example of the response with the status 200.
 *
 * @param {OpenApi.Operation} operation
 * @param {OpenApi.Document} description
 */
function exampleOf({ responses }, description) {
  const media = responses["200"]?.content?.["application/json"];
  if (!media) return undefined;
  const [{ text }] = examplesOf(media, description);
  return [
    element("h3", {}, "Example of a response"),
    element("pre", { class: "code-block", tabindex: "0", role: "region", "aria-label": "Example of a response" }, text),
  ];
}
