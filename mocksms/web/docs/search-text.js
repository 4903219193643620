/** The texts of an operation, which the filter looks through. */

import { resolve } from "./schema.js";

const MAX_DEPTH = 6;

/**
 * All texts of an operation, the most telling first.
 *
 * @param {OpenApi.Operation} operation
 * @param {OpenApi.Document} description
 * @returns {string[]}
 */
export function textsOf(operation, description) {
  const { method, path, operationId, summary = "", description: about = "", parameters, requestBody } = operation;
  /** @type {string[]} */
  const texts = [`${method} ${path}`, summary, operationId, about];
  for (const { name, description: text = "" } of parameters) texts.push(`${name} ${text}`);
  // The texts about errors are nearly the same for all operations.
  const successes = Object.entries(operation.responses).filter(([status]) => status < "400");
  const contents = [requestBody?.content ?? {}, ...successes.map(([, { content }]) => content ?? {})];
  for (const content of contents) {
    for (const { schema } of Object.values(content)) addFields(schema, description, texts, 0);
  }
  return [...texts, ...successes.map(([, response]) => response.description)];
}

/**
 * @param {OpenApi.Schema | undefined} schema
 * @param {OpenApi.Document} description
 * @param {string[]} texts
 * @param {number} depth
 */
function addFields(schema, description, texts, depth) {
  if (!schema || depth > MAX_DEPTH) return;
  const { properties = {}, items, anyOf = [], oneOf = [], enum: values = [] } = resolve(schema, description);
  if (values.length) texts.push(values.join(", "));
  for (const [name, property] of Object.entries(properties)) {
    texts.push(`${name} ${property.description ?? ""}`);
    addFields(property, description, texts, depth + 1);
  }
  for (const part of [items, ...anyOf, ...oneOf]) addFields(part, description, texts, depth + 1);
}
