/** The parameters of an operation, each with an input for its value. */

import { element } from "../shared/dom.js";
import { choicesOf, typeName } from "./schema.js";

/** @typedef {{ parameter: OpenApi.Parameter, input: HTMLInputElement | HTMLSelectElement }} Field */

let fieldCount = 0;

/**
 * Create the input for a parameter: a selection if its values are known.
 *
 * @param {OpenApi.Parameter} parameter
 * @param {OpenApi.Document} description
 */
export function parameterField(parameter, description) {
  const id = `field-${(fieldCount += 1)}`;
  const choices = choicesOf(parameter.schema, description);
  if (choices) {
    const options = ["", ...choices.filter(Boolean)].map((choice) => element("option", {}, String(choice)));
    return element("select", { id }, options);
  }
  const example = parameter.in === "path" ? parameter.schema.examples?.[0] : undefined;
  const value = example === undefined ? undefined : String(example);
  return element("input", { id, value, spellcheck: "false", autocomplete: "off" });
}

/**
 * A table of parameters with their types and inputs.
 *
 * @param {Field[]} fields
 * @param {OpenApi.Document} description
 */
export function parameterTable(fields, description) {
  const rows = fields.map(({ parameter, input }) =>
    element(
      "tr",
      {},
      element(
        "th",
        { scope: "row" },
        element("label", { for: input.id, class: "mono" }, parameter.name),
        parameter.required && element("span", { class: "muted" }, " required"),
      ),
      element("td", { class: "muted" }, typeName(parameter.schema, description), about(parameter)),
      element("td", {}, input),
    ),
  );
  return element("table", { class: "parameters" }, element("tbody", {}, rows));
}

/** @param {OpenApi.Parameter} parameter */
function about({ description, schema }) {
  const hasDefault = schema.default !== undefined && schema.default !== "";
  return [description, hasDefault && `default: ${schema.default}`]
    .filter(Boolean)
    .map((text) => `; ${text}`)
    .join("");
}
