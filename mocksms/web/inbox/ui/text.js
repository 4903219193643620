/** Texts of others: only ever text nodes, and what would act unseen is shown as an escape. */

import { element } from "../../shared/dom.js";

/* Control characters but the line feed, bidi controls, what has no width, lone surrogates; the tags of a flag pass. */
const UNSEEN = new RegExp(
  "[\\0-\\x09\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff" +
    "\\ufff9-\\ufffb\\p{Cs}]|(?<!\\u{1f3f4}[\\u{e0020}-\\u{e007e}]*)[\\u{e0000}-\\u{e007f}]",
  "gu",
);
const RUNS = new RegExp(`(?:${UNSEEN.source})+`, "gu");
const MOST_APART = 500;
const NAMED = { "\t": "\\t", "\r": "\\r", "\0": "\\0" };

function escaped(character) {
  const code = character.codePointAt(0);
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return NAMED[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`);
}

/** A text on one line, at most so long, for lists and labels. */
export function line(text, most = 160) {
  const cut = text.length > most ? `${beginning(text, most)}…` : text;
  return cut.replaceAll("\n", " ").replace(UNSEEN, escaped);
}

/** A text as nodes, escapes set apart; where there are very many, only escaped. */
export function visible(text) {
  const runs = [...text.matchAll(RUNS)];
  if (runs.length > MOST_APART) return [text.replace(UNSEEN, escaped)];
  const nodes = [];
  let done = 0;
  for (const run of runs) {
    nodes.push(text.slice(done, run.index), element("span", { class: "escape" }, run[0].replace(UNSEEN, escaped)));
    done = run.index + run[0].length;
  }
  return [...nodes, text.slice(done)];
}

/** The text of a message as its phone shows it: links that lead somewhere, codes, and where segments begin. */
export function phoneText(message, most = Infinity) {
  const { text } = message;
  const at = offsets(text);
  const cuts = new Map(message.segments.boundaries.map((index, place) => [at(index), place + 2]));
  const marks = [
    ...linksIn(text, message.links),
    ...message.codes.map((code) => ({
      start: at(code.index),
      end: at(code.index + code.length),
      wrap: (nodes) => element("mark", {}, nodes),
    })),
  ];
  const end = text.length > most ? beginning(text, most).length : text.length;
  const edges = [...new Set([0, ...cuts.keys(), ...marks.flatMap((mark) => [mark.start, mark.end]), end])]
    .filter((edge) => edge <= end)
    .sort((one, other) => one - other);
  const begun = new Map(marks.map((mark) => [mark.start, mark]));
  let mark;
  return edges.flatMap((edge, place) => {
    const piece = visible(text.slice(edge, edges[place + 1] ?? edge));
    mark = begun.get(edge) ?? (edge < mark?.end ? mark : undefined);
    return [cuts.has(edge) && edge < end && cut(cuts.get(edge)), ...(mark ? [mark.wrap(piece)] : piece)];
  });
}

function cut(number) {
  return element(
    "span",
    { class: "cut", title: `segment ${number} begins here` },
    element("span", { class: "hidden" }, "segment "),
    String(number),
  );
}

function linksIn(text, links) {
  let from = 0;
  return links.map((link) => {
    const start = text.indexOf(link, from);
    from = start + link.length;
    return { start, end: from, wrap: (nodes) => anchor(link, nodes) };
  });
}

/** A link that leads out, if it is one a browser should follow. */
export function anchor(link, content = visible(link)) {
  const href = /^www\./i.test(link) ? `http://${link}` : link;
  const safe = URL.canParse(href) && ["http:", "https:"].includes(new URL(href).protocol);
  return element(safe ? "a" : "span", safe ? { href, target: "_blank", rel: "noopener noreferrer" } : {}, content);
}

/** The beginning of a text, which does not end within a character. */
export function beginning(text, most) {
  const start = text.slice(0, most);
  return /[\ud800-\udbff]$/.test(start) ? start.slice(0, -1) : start;
}

/** From the index of a character, as the API counts, to its index in a string here. */
function offsets(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (index) => index;
  const starts = [0];
  for (const character of text) starts.push(starts.at(-1) + character.length);
  return (index) => starts[index];
}
