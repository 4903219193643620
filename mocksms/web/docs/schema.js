import { element } from "../shared/dom.js";

const DEEPEST = 8;

/** Follow a reference into the document. */
export function resolve(schema, document) {
  const path = schema?.$ref;
  if (!path) return schema ?? {};
  const found = path.split("/").slice(1).reduce((part, name) => part?.[name], document);
  return { ...found, ...schema, $ref: undefined, name: path.split("/").pop() };
}

/** Name the type of a schema in words: `array of string`, `integer or null`. */
export function typeName(schema, document, depth = 0) {
  const whole = resolve(schema, document);
  if (depth > DEEPEST) return "…";
  const choices = whole.anyOf ?? whole.oneOf?.filter((choice) => choice.type || choice.$ref);
  if (choices?.length) return choices.map((choice) => typeName(choice, document, depth + 1)).join(" or ");
  if (whole.type === "array") return `array of ${typeName(whole.items, document, depth + 1)}`;
  if (whole.const !== undefined) return JSON.stringify(whole.const);
  return whole.name && whole.type === "object" ? whole.name : whole.type ?? "anything";
}

/** The words a value may be, if they are counted out. */
export function choicesOf(schema, document) {
  const whole = resolve(schema, document);
  if (whole.enum) return whole.enum;
  if (whole.type === "boolean") return ["true", "false"];
  const inner = whole.anyOf?.map((choice) => choicesOf(choice, document)).filter(Boolean);
  return inner?.length === 1 ? inner[0] : undefined;
}

/** Show what an object consists of, as a list that nests. */
export function schemaTree(schema, document, depth = 0) {
  const inner = objectIn(schema, document);
  if (!inner || depth > DEEPEST) return undefined;
  const required = new Set(inner.required ?? []);
  return element("ul", { class: "schema" }, Object.entries(inner.properties ?? {}).map(([name, part]) =>
    element("li", {},
      element("code", {}, name), " ",
      element("span", { class: "soft" }, typeName(part, document), required.has(name) ? ", required" : ""),
      words(part, document),
      schemaTree(part, document, depth + 1))));
}

/** Make a value that fits a schema, to begin with. */
export function sample(schema, document, depth = 0) {
  const whole = resolve(schema, document);
  if (whole.examples?.length) return whole.examples[0];
  if (whole.default !== undefined) return whole.default;
  if (whole.enum) return whole.enum[0];
  if (whole.anyOf) return sample(whole.anyOf[0], document, depth + 1);
  if (whole.type === "array") return depth > DEEPEST ? [] : [sample(whole.items, document, depth + 1)];
  if (whole.type === "object") {
    const wanted = (whole.required ?? []).map((name) => [name, sample(whole.properties[name], document, depth + 1)]);
    return depth > DEEPEST ? {} : Object.fromEntries(wanted);
  }
  return { integer: 0, number: 0, boolean: false, null: null }[whole.type] ?? "";
}

function objectIn(schema, document) {
  const whole = resolve(schema, document);
  if (whole.properties) return whole;
  if (whole.type === "array") return objectIn(whole.items, document);
  return whole.anyOf?.map((choice) => objectIn(choice, document)).find(Boolean);
}

function words(schema, document) {
  const whole = resolve(schema, document);
  const choices = whole.enum ?? whole.anyOf?.map((choice) => resolve(choice, document).enum).find(Boolean);
  const said = [schema.description ?? "", choices ? `one of ${choices.join(", ")}` : ""].filter(Boolean).join("; ");
  return said ? element("span", { class: "soft" }, `: ${said}`) : "";
}
