/** Schemas of the OpenAPI document as text, trees and sample values. */

import { element } from "../shared/dom.js";

const MAX_DEPTH = 8;

/**
 * Follow the reference of a schema into the document.
 *
 * @param {OpenApi.Schema | undefined} schema
 * @param {OpenApi.Document} description
 * @returns {OpenApi.Schema}
 */
function resolve(schema, description) {
  const name = schema?.$ref?.split("/").pop();
  if (!schema || !name) return schema ?? {};
  return { ...description.components?.schemas[name], ...schema, $ref: undefined, name };
}

/**
 * The type of a schema, such as `array of string` or `integer or null`.
 *
 * @param {OpenApi.Schema | undefined} schema
 * @param {OpenApi.Document} description
 * @returns {string}
 */
export function typeName(schema, description, depth = 0) {
  const { anyOf, oneOf, type, items, const: constant, name } = resolve(schema, description);
  if (depth > MAX_DEPTH) return "…";
  const choices = anyOf ?? oneOf?.filter((choice) => choice.type || choice.$ref);
  if (choices?.length) return choices.map((choice) => typeName(choice, description, depth + 1)).join(" or ");
  if (type === "array") return `array of ${typeName(items, description, depth + 1)}`;
  if (constant !== undefined) return JSON.stringify(constant);
  return name && type === "object" ? name : (type ?? "anything");
}

/**
 * The possible values of a schema, if they are listed.
 *
 * @param {OpenApi.Schema} schema
 * @param {OpenApi.Document} description
 * @returns {(string | number)[] | undefined}
 */
export function choicesOf(schema, description) {
  const resolved = resolve(schema, description);
  if (resolved.enum) return resolved.enum;
  if (resolved.type === "boolean") return ["true", "false"];
  const inner = resolved.anyOf?.map((choice) => choicesOf(choice, description)).filter((choices) => choices);
  return inner?.length === 1 ? inner[0] : undefined;
}

/**
 * The properties of an object as a nested list; undefined if the schema contains no object.
 *
 * @param {OpenApi.Schema | undefined} schema
 * @param {OpenApi.Document} description
 * @returns {HTMLElement | undefined}
 */
export function schemaTree(schema, description, depth = 0) {
  const object = objectIn(schema, description);
  if (!object || depth > MAX_DEPTH) return undefined;
  const required = new Set(object.required);
  const items = Object.entries(object.properties ?? {}).map(([name, property]) =>
    element(
      "li",
      {},
      element("code", {}, name),
      " ",
      element("span", { class: "muted" }, typeName(property, description), required.has(name) && ", required"),
      propertyText(property, description),
      schemaTree(property, description, depth + 1),
    ),
  );
  return element("ul", { class: "schema" }, items);
}

/**
 * A value that fits a schema, to start with.
 *
 * @param {OpenApi.Schema | undefined} schema
 * @param {OpenApi.Document} description
 * @returns {unknown}
 */
export function sample(schema, description, depth = 0) {
  const { examples, default: preset, enum: values, anyOf, type, items, ...object } = resolve(schema, description);
  if (examples?.length) return examples[0];
  if (preset !== undefined) return preset;
  if (values) return values[0];
  if (anyOf) return sample(anyOf[0], description, depth + 1);
  if (type === "array") return depth > MAX_DEPTH ? [] : [sample(items, description, depth + 1)];
  if (type === "object") {
    const names = depth > MAX_DEPTH ? [] : (object.required ?? []);
    return Object.fromEntries(names.map((name) => [name, sample(object.properties?.[name], description, depth + 1)]));
  }
  if (type === "integer" || type === "number") return 0;
  return type === "boolean" ? false : "";
}

/**
 * @param {OpenApi.Schema | undefined} schema
 * @param {OpenApi.Document} description
 * @returns {OpenApi.Schema | undefined}
 */
function objectIn(schema, description) {
  const resolved = resolve(schema, description);
  if (resolved.properties) return resolved;
  if (resolved.type === "array") return objectIn(resolved.items, description);
  return resolved.anyOf?.map((choice) => objectIn(choice, description)).find(Boolean);
}

/**
 * @param {OpenApi.Schema} schema
 * @param {OpenApi.Document} description
 */
function propertyText(schema, description) {
  const resolved = resolve(schema, description);
  const choices = resolved.enum ?? resolved.anyOf?.map((choice) => resolve(choice, description).enum).find(Boolean);
  const text = [schema.description, choices && `one of ${choices.join(", ")}`].filter(Boolean).join("; ");
  return text && element("span", { class: "muted" }, `: ${text}`);
}
