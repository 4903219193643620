/** The trace or snapshot that the page shows. */

import { ANY_ACCOUNT, get } from "../api/client.js";

const MAX_LINES = 3; // Of the text of an error without an explanation.
const MAX_COMPARED_LINES = 8; // Of one that says more about what it compares.

/** Characters of a line that are shown. */
export const MAX_LINE_CHARACTERS = 300;

/** @type {Promise<Api.Trace> | undefined} */
let loading;

/** Read the trace again the next time: its file may be another one. */
export function forgetTrace() {
  loading = undefined;
}

/** Read the trace, once. */
export function loadTrace() {
  loading ??= get("trace", ANY_ACCOUNT).catch((error) => {
    loading = undefined; // The mock has ended, or needs its token: the next call may be luckier.
    throw error;
  });
  return loading;
}

/**
 * The first lines of an error.
 *
 * @param {Api.Failure} failure
 * @returns {string[]}
 */
export function firstLines({ type, text, explanation, comparisons, message }) {
  if (explanation) return [explanation.summary];
  const isCompared = comparisons.length > 0;
  const isPlain = isCompared && message === null && comparisons.every(({ field }) => field === "value");
  const max = isPlain ? 1 : isCompared ? MAX_COMPARED_LINES : MAX_LINES;
  const lines = text.split("\n").filter((line) => line.trim());
  const [first, ...more] = lines.slice(0, max);
  const isCut = lines.length > max && !isPlain;
  return [first === undefined ? type : `${type}: ${first}`, ...more, ...(isCut ? ["…"] : [])];
}

/**
 * The file of a test and its name in that file.
 *
 * @param {string} nodeid
 */
export function partsOf(nodeid) {
  const [file, ...names] = readableNodeId(nodeid).split("::");
  return names.length ? { file: `${file}::`, name: names.join("::") } : { file: "", name: file };
}

/**
 * A node id in which letters stand in place of their escapes: pytest escapes all but ASCII in the ids of parameters.
 *
 * @param {string} nodeid
 */
export function readableNodeId(nodeid) {
  return nodeid.replace(/\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))/g, (escape, ...codes) => {
    const code = parseInt(codes.slice(0, 3).find(Boolean) ?? "0", 16);
    const letter = code <= 0x10ffff ? String.fromCodePoint(code) : "";
    return /\p{L}/u.test(letter) ? letter : escape;
  });
}
