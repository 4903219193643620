/** Expected against got, with the differing characters marked. */

import { element } from "../../shared/dom.js";
import { withEscapes } from "../ui/text.js";

const MAX_COMPARED = 1_000; // Characters that are compared: the time grows with the square of their words.
const MAX_AROUND = 200; // Characters shown before the first and after the last difference.
const WORD = /[\p{L}\p{M}\p{N}]+|\s+|[^]/gu;
const SEPARATORS = /[+\-. ()[\]]/;

/** @typedef {{ start: number, end: number }} Span a part of a text; empty where only the other text has something */
/** @typedef {{ expected: Span, actual: Span }} Difference */

/**
 * Both sides of a comparison that does not match, as nodes.
 *
 * @param {Api.Comparison} comparison
 * @returns {{ expected: Dom.Child[], actual: Dom.Child[] }}
 */
export function marked(comparison) {
  const expected = [...comparison.expected];
  const actual = [...comparison.actual];
  const from = startOf(comparison, expected, actual);
  const differences = differencesOf(expected.slice(from.expected), actual.slice(from.actual), from.isPart);
  return {
    expected: withMarks(
      expected,
      differences.map((each) => moved(each.expected, from.expected)),
    ),
    actual: withMarks(
      actual,
      differences.map((each) => moved(each.actual, from.actual)),
    ),
  };
}

/**
 * Where the two sides begin to differ.
 *
 * @param {Api.Comparison} comparison
 * @param {string[]} expected
 * @param {string[]} actual
 */
function startOf({ differs_at: at, missing, expected: text }, expected, actual) {
  if (at === null || missing === null) return { expected: 0, actual: 0, isPart: false };
  if (missing !== text) return { expected: expected.length - [...missing].length, actual: at, isPart: true };
  // A number: its digits count, and the two sides may be written in different ways.
  const digitsLeft = actual.slice(at).filter((each) => !SEPARATORS.test(each)).length;
  const places = [...expected.keys()].filter((index) => !SEPARATORS.test(expected[index]));
  return { expected: places.at(-digitsLeft || places.length) ?? 0, actual: at, isPart: false };
}

/**
 * @param {Span} span
 * @param {number} by
 * @returns {Span}
 */
function moved({ start, end }, by) {
  return { start: start + by, end: end + by };
}

/**
 * The parts in which two texts differ: words that are not in the longest common sequence of words, without the
 * beginning and the end that they have in common.
 *
 * @param {string[]} expected
 * @param {string[]} actual
 * @param {boolean} isPart whether the expected text may be followed by more
 * @returns {Difference[]}
 */
function differencesOf(expected, actual, isPart) {
  const length = isPart ? Math.min(2 * expected.length, MAX_COMPARED) : MAX_COMPARED;
  const one = wordsOf(expected.slice(0, MAX_COMPARED));
  const other = wordsOf(actual.slice(0, length));
  const differences = joined(unequalRuns(one, other), expected);
  const last = differences.at(-1);
  if (isPart && last && last.actual.end >= Math.min(length, actual.length)) {
    const { start, end } = last.expected;
    last.actual.end = Math.min(last.actual.end, last.actual.start + end - start);
    if (start === end) differences.pop(); // More text after the part that is expected is no difference.
  }
  return differences.map((each) => trimmed(each, expected, actual));
}

/**
 * The words of a text and what is between them, each with its place.
 *
 * @param {string[]} characters
 * @returns {{ text: string, span: Span }[]}
 */
function wordsOf(characters) {
  let end = 0;
  return [...characters.join("").matchAll(WORD)].map(([text]) => {
    const start = end;
    end += [...text].length;
    return { text, span: { start, end } };
  });
}

/** @typedef {ReturnType<typeof wordsOf>} Words */

/**
 * @param {Words} one
 * @param {Words} other
 * @returns {Difference[]}
 */
function unequalRuns(one, other) {
  const lengths = commonLengths(one, other);
  const endOfOne = one.at(-1)?.span.end ?? 0;
  const endOfOther = other.at(-1)?.span.end ?? 0;
  /** @type {Difference[]} */
  const runs = [];
  let isOpen = false;
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i].text === other[j].text) {
      isOpen = false;
      [i, j] = [i + 1, j + 1];
      continue;
    }
    const [start, otherStart] = [one[i]?.span.start ?? endOfOne, other[j]?.span.start ?? endOfOther];
    if (!isOpen) runs.push({ expected: { start, end: start }, actual: { start: otherStart, end: otherStart } });
    isOpen = true;
    const run = runs[runs.length - 1];
    if (j === other.length || (i < one.length && lengths[i + 1][j] >= lengths[i][j + 1]))
      run.expected.end = one[i++].span.end;
    else run.actual.end = other[j++].span.end;
  }
  return runs;
}

/**
 * @param {Words} one
 * @param {Words} other
 * @returns {Uint16Array[]} the length of the longest common sequence from each pair of indexes on
 */
function commonLengths(one, other) {
  const lengths = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      lengths[i][j] =
        one[i].text === other[j].text ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/**
 * Join differences that have only spaces between them: each side is then one mark.
 *
 * @param {Difference[]} differences
 * @param {string[]} expected
 */
function joined(differences, expected) {
  /** @type {Difference[]} */
  const result = [];
  for (const each of differences) {
    const last = result.at(-1);
    const isNear =
      last &&
      !expected.slice(last.expected.end, each.expected.start).join("").trim() &&
      !isEmpty(last) &&
      !isEmpty(each);
    if (last && isNear) {
      last.expected.end = each.expected.end;
      last.actual.end = each.actual.end;
    } else result.push(each);
  }
  return result;
}

/** @param {Difference} difference */
function isEmpty({ expected, actual }) {
  return expected.start === expected.end || actual.start === actual.end;
}

/**
 * Leave out what both sides of a difference have in common at their beginning and end.
 *
 * @param {Difference} difference
 * @param {string[]} expected
 * @param {string[]} actual
 */
function trimmed({ expected: one, actual: other }, expected, actual) {
  let [{ start, end }, { start: otherStart, end: otherEnd }] = [one, other];
  while (start < end && otherStart < otherEnd && expected[start] === actual[otherStart]) {
    start += 1;
    otherStart += 1;
  }
  while (start < end && otherStart < otherEnd && expected[end - 1] === actual[otherEnd - 1]) {
    end -= 1;
    otherEnd -= 1;
  }
  return { expected: { start, end }, actual: { start: otherStart, end: otherEnd } };
}

/**
 * A text with marks, cut where it is long.
 *
 * @param {string[]} characters
 * @param {Span[]} spans
 * @returns {Dom.Child[]}
 */
function withMarks(characters, spans) {
  /** @type {Dom.Child[]} */
  const nodes = [];
  let end = 0;
  for (const span of spans) {
    const before = characters.slice(end, span.start);
    const isCut = !end && before.length > MAX_AROUND;
    nodes.push(withEscapes((isCut ? ["…", ...before.slice(-MAX_AROUND)] : before).join("")));
    const text = characters.slice(span.start, span.end).join("");
    nodes.push(element("mark", { class: text ? "" : "gap" }, withEscapes(text)));
    end = span.end;
  }
  const after = characters.slice(end);
  nodes.push(withEscapes(after.slice(0, MAX_AROUND).join("")), after.length > MAX_AROUND && "…");
  return nodes;
}
