/** The tokens of a JSON text, for colours and for snippets of code. */

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;

/** @typedef {"key" | "string" | "number" | "literal" | "punctuation" | "space"} TokenKind */

/** @typedef {{ kind: TokenKind, text: string, end: number }} Token its end is where the text goes on after it */

/**
 * Split a JSON text into tokens without the space between them. Numbers and repeated keys stay as they are written.
 * Escapes in strings that are not needed are replaced by their characters.
 *
 * @param {string} text
 * @param {number} [limit] the number of tokens after which it stops
 * @returns {Token[] | undefined} undefined if the text is not JSON
 */
export function jsonTokens(text, limit = Infinity) {
  if (!isJson(text)) return undefined;
  /** @type {Token[]} */
  const tokens = [];
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match;
    const kind = kindOf(token);
    if (kind === "space") continue;
    if (tokens.length >= limit) break;
    if (token === ":") tokens[tokens.length - 1].kind = "key";
    const plain = kind === "string" && token.includes("\\") ? JSON.stringify(JSON.parse(token)) : token;
    tokens.push({ kind, text: plain, end: match.index + token.length });
  }
  return tokens;
}

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @type {Record<string, TokenKind>} */
const KINDS = { '"': "string", t: "literal", f: "literal", n: "literal", " ": "space", "\n": "space" };
for (const mark of "{}[],:") KINDS[mark] = "punctuation";
for (const mark of "\t\r") KINDS[mark] = "space";

/** @param {string} token */
function kindOf(token) {
  return KINDS[token[0]] ?? "number";
}

/**
 * Write tokens so that every value of an object or array has its own line.
 *
 * @template Node
 * @param {Token[]} tokens
 * @param {{ indent: string, maxLevels?: number }} layout deeper values than `maxLevels` are not indented further
 * @param {(token: Token, space: string) => Node} write writes a token after the space before it
 * @returns {Node[]}
 */
export function layOut(tokens, { indent, maxLevels = Infinity }, write) {
  let level = 0;
  let before = "";
  return tokens.map((token) => {
    const isOpened = before === "{" || before === "[";
    const closes = token.text === "}" || token.text === "]";
    if (isOpened && !closes) level += 1;
    if (closes && !isOpened) level -= 1;
    const startsLine = isOpened !== closes || (before === "," && !closes);
    const space = startsLine ? `\n${indent.repeat(Math.min(level, maxLevels))}` : before === ":" ? " " : "";
    before = token.text;
    return write(token, space);
  });
}
