/** How well a command fits what is typed. */

const WHOLE_WORD = 4;
const WORD_START = 3;
const WITHIN = 2;
const IN_ORDER = 1;
const LABEL_START = 1;
const MIN_IN_ORDER = 3; // Letters that need not follow each other: fewer fit nearly every command.

/**
 * The items that fit all words of a query, the best first; of equal ones the first.
 *
 * @template {{ label: string, keywords?: string }} Item
 * @param {string} query
 * @param {Item[]} items
 * @returns {Item[]}
 */
export function fitting(query, items) {
  const words = wordsOf(query);
  return items
    .map((item) => ({ item, score: score(words, item) }))
    .filter((each) => each.score > 0 || !words.length)
    .sort((one, other) => other.score - one.score)
    .map(({ item }) => item);
}

/**
 * @param {string[]} words
 * @param {{ label: string, keywords?: string }} item
 */
function score(words, { label, keywords = "" }) {
  const named = wordsOf(label);
  const text = `${label} ${keywords}`.toLowerCase();
  const scores = words.map((word) => wordScore(word, [...named, ...wordsOf(keywords)], text));
  const start = named[0]?.startsWith(words[0] ?? "") ? LABEL_START : 0;
  return scores.includes(0) ? 0 : scores.reduce((sum, each) => sum + each, start);
}

/**
 * @param {string} word of the query
 * @param {string[]} words of the item
 * @param {string} text of the item
 * @returns {number}
 */
function wordScore(word, words, text) {
  if (words.includes(word)) return WHOLE_WORD;
  if (words.some((each) => each.startsWith(word))) return WORD_START;
  if (text.includes(word)) return WITHIN;
  return word.length >= MIN_IN_ORDER && words.some((each) => isInOrder(word, each)) ? IN_ORDER : 0;
}

/**
 * Whether a text has all letters of a word in their order, from its first letter on.
 *
 * @param {string} word
 * @param {string} text
 */
function isInOrder(word, text) {
  let place = 0;
  for (const letter of text) if (letter === word[place]) place += 1;
  return text[0] === word[0] && place === word.length;
}

/** @param {string} text */
function wordsOf(text) {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}
