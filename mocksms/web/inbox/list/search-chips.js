/** Chips below the search box: what was found, by status and tag. A click narrows the search, another one widens it. */

import { element } from "../../common/dom.js";
import { counts } from "../state/counts.js";
import {
  NO_CONVERSATION,
  hasFilters,
  navigate,
  quoted,
  search,
  searchKeys,
  searchText,
  searchWords,
  withoutFilters,
} from "../state/route.js";
import { button, formatted, statusClass } from "../ui/components.js";
import { nearest } from "../ui/nearest.js";
import { singleLine } from "../ui/text.js";

const MAX_TAGS = 3;
const MAX_TAG_CHARACTERS = 24;

/** @typedef {{ term: string, label: string, count: number, name?: string }} Chip */

/**
 * Add a term to the search, or remove it if the search has it.
 *
 * @param {string} term
 */
export function toggleTerm(term) {
  search(hasTerm(term) ? withoutTerm(term) : `${searchText()} ${term}`);
}

/** @param {string} term */
function hasTerm(term) {
  return ` ${searchText()} `.includes(` ${term} `);
}

/** @param {string} term */
function withoutTerm(term) {
  return ` ${searchText()} `.replace(` ${term} `, " ").trim();
}

/**
 * A tag; a click searches for it.
 *
 * @param {string} tag
 */
export function tagChip(tag) {
  const term = `tag:${quoted(tag)}`;
  const shown = { ...withoutFilters(), ...NO_CONVERSATION, view: null, request: null, search: term };
  const attributes = { class: "chip tag", "data-id": term, title: `Search for ${singleLine(term)}` };
  const node = button("", () => navigate(shown), attributes);
  node.append(element("span", {}, "#", element("bdi", {}, singleLine(tag, MAX_TAG_CHARACTERS))));
  return node;
}

/** The chips of what is listed; none if all of it is of one kind. */
export function searchChips() {
  const chips = chipsOf(counts());
  const narrows = chips.length > 1 || chips.some(({ term }) => hasTerm(term));
  return narrows ? chips.map(chipButton) : [];
}

/**
 * @param {Api.SearchCounts | undefined} found
 * @returns {Chip[]}
 */
function chipsOf(found) {
  if (!found) return [];
  const { statuses, replies, tags } = found;
  return [
    ...statuses.map(({ value, count }) => ({ term: `status:${quoted(value)}`, label: value, count, name: value })),
    ...(replies ? [{ term: "is:reply", label: "replies", count: replies, name: "reply" }] : []),
    ...(hasFilters() ? tags : [])
      .slice(0, MAX_TAGS)
      .map(({ value, count }) => ({ term: `tag:${quoted(value)}`, label: `#${value}`, count })),
  ];
}

/** @param {Chip} chip */
function chipButton({ term, label, count, name }) {
  const text = singleLine(label, MAX_TAG_CHARACTERS);
  const dot = name && (name === "reply" ? name : statusClass(name));
  return filterChip({ id: term, text, dot, count, isOn: hasTerm(term), onclick: () => toggleTerm(term) });
}

/**
 * A chip that narrows a list, or widens it again.
 *
 * @param {{ id: string, text: string, isOn: boolean, onclick: () => void, dot?: string, count?: number }} about `dot` is
 *   the class of the dot in front of the text
 */
export function filterChip({ id, text, isOn, onclick, dot, count }) {
  const attributes = { class: "chip", "aria-pressed": String(isOn), "data-id": id, title: singleLine(id) };
  const node = button("", onclick, attributes);
  node.append(
    ...(dot === undefined ? [] : [element("span", { class: `dot ${dot}` })]),
    element("bdi", {}, text),
    ...(count ? [" ", element("strong", {}, formatted(count))] : []),
    isOn ? " ×" : "",
  );
  return node;
}

/**
 * Keys that do not exist, in the words of a search that the page itself reads.
 *
 * @param {string} where the words are looked for
 */
export function unknownKeyLines(where) {
  const found = [...searchWords().matchAll(/(?:^|\s)((\w+):(\S+))/g)].flatMap(([, part, key, value]) => {
    const near = nearest(key.toLowerCase(), searchKeys());
    const note = `is looked for ${where}: the key is unknown`;
    return near ? [{ part, note, better: `${near}:${value}` }] : [];
  });
  return issueLines(found);
}

/**
 * What is wrong with the search, each with a button that corrects it.
 *
 * @param {Api.SearchIssue[]} issues
 */
export function issueLines(issues) {
  return issues.map(({ part, note, better }) =>
    element(
      "p",
      { class: "search-issue", "data-id": better },
      element("code", {}, singleLine(part)),
      ` ${singleLine(note, 400)}. `,
      better &&
        button(`Did you mean ${singleLine(better)}?`, () => search(searchText().replace(part, () => better)), {
          class: "small",
        }),
    ),
  );
}
