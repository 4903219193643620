/** The Markdown of the guide as nodes. A text becomes nodes, never markup, so that a page cannot contain a program. */

import { copyButton } from "../../inbox/ui/components.js";
import { element } from "../../common/dom.js";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
const HEADING = /^(#{1,4}) (.+)$/;
const BULLET = /^- /;
const NUMBER = /^\d+\. /;
const COMMENT = /^<!--.*-->$/;
const FENCE = "```";
const PAGE = /^([\w-]+)\.md(#[\w-]+)?$/;

/**
 * Return the nodes of a page.
 *
 * @param {string} text
 * @returns {HTMLElement[]}
 */
export function render(text) {
  const lines = text.split("\n").filter((line) => !COMMENT.test(line));
  /** @type {HTMLElement[]} */
  const nodes = [];
  while (lines.length) {
    const block = nextBlock(lines);
    if (block) nodes.push(block);
  }
  return nodes;
}

/**
 * Take the lines of the next block.
 *
 * @param {string[]} lines
 * @returns {HTMLElement | undefined}
 */
function nextBlock(lines) {
  const [line] = lines;
  const heading = HEADING.exec(line);
  if (!line.trim()) lines.shift();
  else if (line.startsWith(FENCE)) return codeBlock(lines);
  else if (heading) return headingOf(lines, heading);
  else if (line.startsWith("|")) return table(takeWhile(lines, (next) => next.startsWith("|")));
  else if (BULLET.test(line))
    return list(
      "ul",
      takeWhile(lines, (next) => BULLET.test(next)),
      BULLET,
    );
  else if (NUMBER.test(line))
    return list(
      "ol",
      takeWhile(lines, (next) => NUMBER.test(next)),
      NUMBER,
    );
  else return element("p", {}, inline(takeWhile(lines, isText).join(" ")));
  return undefined;
}

/** Whether a line continues a paragraph. @param {string} line */
function isText(line) {
  return (
    line.trim() !== "" && !line.startsWith(FENCE) && !line.startsWith("|") && !HEADING.test(line) && !BULLET.test(line)
  );
}

/**
 * @param {string[]} lines
 * @param {(line: string) => boolean} matches
 */
function takeWhile(lines, matches) {
  const end = lines.findIndex((line) => !matches(line));
  return lines.splice(0, end < 0 ? lines.length : end);
}

/**
 * @param {string[]} lines
 * @param {RegExpExecArray} heading
 */
function headingOf(lines, [, { length }, text]) {
  lines.shift();
  const id = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
  const tag = /** @type {"h1" | "h2" | "h3" | "h4"} */ (`h${length}`);
  return element(tag, { id }, length === 1 ? inline(text) : element("a", { href: `#${id}` }, inline(text)));
}

/** @param {string[]} lines */
function codeBlock(lines) {
  const [, ...words] = (lines.shift() ?? "").slice(FENCE.length).split(" ");
  const code = takeWhile(lines, (line) => !line.startsWith(FENCE)).join("\n");
  lines.shift();
  const file = words.find((word) => word.includes("."));
  const bar = element(
    "div",
    { class: "bar" },
    element("span", { class: "code muted" }, file),
    copyButton("Code", () => code),
  );
  const pre = element("pre", { class: "code-block", tabindex: "0", role: "group", "aria-label": file ?? "Code" }, code);
  return element("div", { class: "sample" }, bar, pre);
}

/** @param {string[]} rows the second one separates the head from the rest */
function table([head, , ...rows]) {
  return element(
    "div",
    { class: "table", tabindex: "0", role: "group", "aria-label": "Table" },
    element(
      "table",
      {},
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          cells(head).map((cell) => element("th", { scope: "col" }, inline(cell))),
        ),
      ),
      element(
        "tbody",
        {},
        rows.map((row) =>
          element(
            "tr",
            {},
            cells(row).map((cell) => element("td", {}, inline(cell))),
          ),
        ),
      ),
    ),
  );
}

/** @param {string} row */
function cells(row) {
  return row
    .replace(/^\||\|\s*$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/**
 * @param {"ul" | "ol"} tag
 * @param {string[]} lines
 * @param {RegExp} mark
 */
function list(tag, lines, mark) {
  return element(
    tag,
    {},
    lines.map((line) => element("li", {}, inline(line.replace(mark, "")))),
  );
}

/**
 * A line with code, emphasis and links.
 *
 * @param {string} text
 * @returns {Dom.Child[]}
 */
function inline(text) {
  /** @type {Dom.Child[]} */
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis, label, target] = match;
    nodes.push(text.slice(end, match.index));
    if (code) nodes.push(element("code", {}, code));
    else if (strong) nodes.push(element("strong", {}, inline(strong)));
    else if (emphasis) nodes.push(element("em", {}, inline(emphasis)));
    else nodes.push(link(label, target));
    end = match.index + whole.length;
  }
  return [...nodes, text.slice(end)];
}

/**
 * A link to another page, a heading or a site; any other target is only a text.
 *
 * @param {string} label
 * @param {string} target
 */
function link(label, target) {
  const page = PAGE.exec(target);
  const href = page ? `${page[1]}${page[2] ?? ""}` : /^(#|https:)/.test(target) ? target : undefined;
  return href ? element("a", { href }, inline(label)) : element("span", {}, inline(label));
}
