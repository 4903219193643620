/** Texts as literals of programming languages. What is invisible is written as an escape. */

import { jsonTokens, layOut } from "./json-tokens.js";

const ESCAPED = /["\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
/** @type {Record<string, string>} */
const SHORT_ESCAPES = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A string of Python.
 *
 * @param {string} text
 */
export function pythonString(text) {
  return literal(text, (hex) => `\\U${hex.padStart(8, "0")}`);
}

/**
 * A string of JavaScript.
 *
 * @param {string} text
 */
export function javascriptString(text) {
  return literal(text, (hex) => `\\u{${hex}}`);
}

/**
 * @param {string} text
 * @param {(hex: string) => string} astral writes a character above U+FFFF
 */
function literal(text, astral) {
  const inner = text.replace(ESCAPED, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return SHORT_ESCAPES[character] ?? (code > 0xffff ? astral(hex) : `\\u${hex.padStart(4, "0")}`);
  });
  return `"${inner}"`;
}

/**
 * A word of a POSIX shell, in quotes.
 *
 * @param {string} text without NUL, which no word can have
 */
export function shellWord(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A command of a POSIX shell that prints a text, which may have NUL.
 *
 * @param {string} text
 */
export function shellPrinted(text) {
  return `printf '%b' ${shellWord(text.replaceAll("\\", "\\\\").replaceAll("\0", "\\0000"))}`;
}

/** @type {Record<string, string>} */
const PYTHON_NAMES = { true: "True", false: "False", null: "None" };

/**
 * A JSON text as a value of Python.
 *
 * @param {string} text
 * @param {string} indent before the lines after the first
 */
export function pythonValue(text, indent) {
  return valueOf(text, { indent: "    ", first: indent }, PYTHON_NAMES, pythonString);
}

/**
 * A JSON text as a value of JavaScript.
 *
 * @param {string} text
 * @param {string} indent before the lines after the first
 */
export function javascriptValue(text, indent) {
  // As `"__proto__":` a key would be the prototype.
  return valueOf(text, { indent: "  ", first: indent }, { '"__proto__"': '["__proto__"]' }, javascriptString);
}

/**
 * @param {string} text
 * @param {{ indent: string, first: string }} layout
 * @param {Record<string, string>} names how tokens are written that the language has another name for
 * @param {(text: string) => string} string writes a string
 * @returns {string | undefined} undefined if the text is no object or array, or the value would lose a part of it
 */
function valueOf(text, { indent, first }, names, string) {
  const tokens = jsonTokens(text);
  const isComplete = tokens?.map((token) => token.text).join("") === JSON.stringify(tokens && JSON.parse(text));
  if (!tokens || !isComplete || tokens[0].kind !== "punctuation") return undefined;
  return layOut(tokens, { indent }, (token, space) => {
    const isName = token.kind === "literal" || token.kind === "key";
    const name = isName ? names[token.text] : undefined;
    const written = token.text.startsWith('"') ? string(JSON.parse(token.text)) : token.text;
    return space.replace("\n", `\n${first}`) + (name ?? written);
  }).join("");
}
