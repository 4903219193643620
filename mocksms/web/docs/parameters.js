/** The parameters of an operation, each with an input for its value. */

import { pathOf } from "../common/base.js";
import { element } from "../common/dom.js";
import { tokenHeaders } from "./credentials.js";
import { about, choicesOf, facts } from "./schema.js";

/** @typedef {{ parameter: OpenApi.Parameter, input: HTMLInputElement | HTMLSelectElement }} Field */

const MAX_IDS = 20;
const MESSAGES = "/_mock/messages";

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
 * A list of parameters with their types and inputs.
 *
 * @param {Field[]} fields
 * @param {OpenApi.Document} description
 */
export function parameterList(fields, description) {
  const rows = fields.map(({ parameter, input }) =>
    element(
      "li",
      {},
      element(
        "div",
        {},
        element("label", { for: input.id, class: "code name" }, parameter.name),
        facts(parameter.schema, description, parameter.required === true),
        about(parameter),
      ),
      input,
    ),
  );
  return element("ul", { class: "parameters plain" }, rows);
}

/**
 * Offer the ids that the mock has for the fields that need one, and fill in the newest where there is no example.
 *
 * @param {OpenApi.Operation} operation
 * @param {Field[]} fields
 */
export async function offerIds({ path }, fields) {
  const field = fields.find(({ parameter }) => parameter.required && /(^|_)id$/.test(parameter.name));
  if (!(field?.input instanceof HTMLInputElement)) return;
  const list = path.startsWith("/_mock/") ? path.slice(0, path.indexOf("/{")) : MESSAGES;
  const ids = await readIds(list);
  const id = `${field.input.id}-ids`;
  field.input.setAttribute("list", id);
  field.input.after(
    element(
      "datalist",
      { id },
      ids.map((value) => element("option", { value })),
    ),
  );
  if (field.input.value || !ids.length) return;
  field.input.value = ids[0];
  field.input.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * Read the newest ids of a list of all accounts.
 *
 * @param {string} path
 * @returns {Promise<string[]>} none if they cannot be read
 */
async function readIds(path) {
  try {
    const response = await fetch(pathOf(path), { headers: tokenHeaders(), cache: "no-store" });
    const records = Object.values(await response.json()).find(Array.isArray) ?? [];
    return records.slice(0, MAX_IDS).map((record) => String(record.id ?? record.transaction_id));
  } catch {
    return [];
  }
}
