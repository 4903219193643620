/** Schemas of the OpenAPI document as text and as lists of fields. */

import { plural } from "../inbox/ui/components.js";
import { element } from "../common/dom.js";
import { prose } from "./prose.js";

const MAX_DEPTH = 8;
const OPEN_DEPTH = 1;
const NO_LIMIT = 2 ** 53;

/**
 * Follow the reference of a schema into the document.
 *
 * @param {OpenApi.Schema | undefined} schema
 * @param {OpenApi.Document} description
 * @returns {OpenApi.Schema}
 */
export function resolve(schema, description) {
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
function typeName(schema, description, depth = 0) {
  const { anyOf, oneOf, type, items, const: constant, name } = resolve(schema, description);
  if (depth > MAX_DEPTH) return "…";
  const choices = anyOf ?? oneOf?.filter((choice) => choice.type || choice.$ref);
  if (choices?.length)
    return [...new Set(choices.map((choice) => typeName(choice, description, depth + 1)))].join(" or ");
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
 * The fields of an object as a nested list; undefined if the schema contains no object.
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
      element("code", { class: "name" }, name),
      facts(property, description, required.has(name)),
      about(property),
      nested(property, description, depth + 1),
    ),
  );
  return element("ul", { class: "schema plain" }, items);
}

/**
 * The fields within a field, folded where they are deep.
 *
 * @param {OpenApi.Schema} schema
 * @param {OpenApi.Document} description
 * @param {number} depth
 */
function nested(schema, description, depth) {
  const object = objectIn(schema, description);
  if (!object || depth > MAX_DEPTH) return undefined;
  const count = Object.keys(object.properties ?? {}).length;
  const fold = element("details", {}, element("summary", {}, plural(count, "field")));
  const fill = () => fold.children.length < 2 && fold.append(schemaTree(schema, description, depth) ?? "");
  fold.open = depth <= OPEN_DEPTH;
  if (fold.open) fill();
  else fold.addEventListener("toggle", fill);
  return fold;
}

/**
 * What a value may be, in chips: its type, whether it is required, its default, its limits and its choices.
 *
 * @param {OpenApi.Schema} schema
 * @param {OpenApi.Document} description
 * @param {boolean} isRequired
 */
export function facts(schema, description, isRequired) {
  const { default: preset } = resolve(schema, description);
  const hasDefault = preset !== undefined && preset !== null && preset !== "" && !isEmptyList(preset);
  return element(
    "span",
    { class: "facts-line" },
    element("span", { class: "type" }, typeName(schema, description)),
    isRequired && element("span", { class: "required" }, "required"),
    hasDefault && element("span", { class: "default" }, "default ", element("code", {}, JSON.stringify(preset))),
    limits(schema, description).map((limit) => element("span", { class: "limit" }, limit)),
  );
}

/** @param {unknown} value */
function isEmptyList(value) {
  return Array.isArray(value) && value.length === 0;
}

/**
 * The text about a value.
 *
 * @param {{ description?: string }} schema
 */
export function about({ description }) {
  return description && element("p", { class: "about" }, prose(description));
}

/**
 * @param {OpenApi.Schema} schema
 * @param {OpenApi.Document} description
 * @returns {string[]}
 */
function limits(schema, description) {
  const resolved = resolve(schema, description);
  const parts = [resolved, ...(resolved.anyOf ?? []).map((choice) => resolve(choice, description))];
  const values = parts.find((part) => part.enum)?.enum?.filter((value) => value !== "");
  return [
    ...parts.flatMap(({ minimum, maximum }) => range(minimum, maximum === NO_LIMIT ? undefined : maximum, "")),
    ...parts.flatMap((part) => range(part.minLength, part.maxLength, " characters")),
    ...parts.flatMap((part) => range(part.minItems, part.maxItems, " items")),
    ...(values ? [`one of ${values.join(", ")}`] : []),
  ];
}

/**
 * @param {number | undefined} least
 * @param {number | undefined} most
 * @param {string} unit
 * @returns {string[]}
 */
function range(least, most, unit) {
  const isLeast = least !== undefined && !(unit && least < 2 && most === undefined);
  if (most === undefined) return isLeast ? [`at least ${least}${unit}`] : [];
  if (least === undefined || (unit && least < 2)) return [`at most ${most.toLocaleString("en")}${unit}`];
  return [`${least} to ${most.toLocaleString("en")}${unit}`];
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
  const choices = resolved.anyOf ?? resolved.oneOf;
  return choices?.map((choice) => objectIn(choice, description)).find(Boolean);
}
