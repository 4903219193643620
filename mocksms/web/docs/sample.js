/** Values that fit a schema, where the document has no example. */

import { resolve } from "./schema.js";

const MAX_DEPTH = 8;

/**
 * A value that fits a schema, with its required fields.
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
 * The examples of a body by name; one that is made of the schema if the document has none.
 *
 * @param {OpenApi.Media} media
 * @param {OpenApi.Document} description
 * @returns {{ name: string, value: unknown, text: string }[]}
 */
export function examplesOf({ schema, example, examples = {} }, description) {
  const values = Object.entries(examples).map(([name, { $ref: reference, value }]) => {
    const shared = reference && description.components?.examples?.[reference.split("/").pop() ?? ""];
    return { name, value: shared ? shared.value : value };
  });
  if (!values.length) values.push({ name: "example", value: example ?? sample(schema, description) });
  return values.map(({ name, value }) => ({ name, value, text: JSON.stringify(value, null, 2) }));
}
