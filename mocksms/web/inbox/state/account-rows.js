/** The accounts as a tree: those of tests by module, class and test, after all others. */

import { readableNodeId } from "../trace/trace.js";

const MAX_EXPANDED = 30; // Accounts up to which groups are expanded.
const FAILURES = ["failed", "error"];
const order = new Intl.Collator("en", { numeric: true });

/** Whether the test of an account has failed. @param {Api.Account} account */
export function hasFailed({ test_outcome: outcome }) {
  return outcome !== null && FAILURES.includes(outcome);
}

/**
 * The parts of a label: of a test its module, its classes and its name. What a parameter contains divides nothing.
 *
 * @param {Api.Account} account
 * @returns {string[]}
 */
export function labelParts({ key, label }) {
  if (!label.includes("::")) return [label || key];
  const [, names, parameters] = /^([^[]*)(.*)$/s.exec(readableNodeId(label)) ?? ["", label, ""];
  const parts = names.split("::");
  return [...parts.slice(0, -1), parts[parts.length - 1] + parameters];
}

/**
 * The rows of the tree that are to be seen, in the order of the page.
 *
 * @param {Api.Account[]} accounts
 * @param {{ query: string, onlyFailed: boolean, selected: string | undefined, folds: Map<string, boolean> }} options
 *   `folds` says of groups that were folded or unfolded by hand whether they are expanded
 * @returns {Ui.AccountRow[]}
 */
export function accountRows(accounts, { query, onlyFailed, selected, folds }) {
  const words = query.toLowerCase().split(/\s+/);
  const found = accounts.filter((account) => (!onlyFailed || hasFailed(account)) && matches(account, words));
  const isReduced = query.trim() !== "" || onlyFailed;
  const isShort = isReduced || found.length <= MAX_EXPANDED;
  /** @type {(group: Ui.AccountGroup) => boolean} */
  const isExpanded = (group) => folds.get(group.path) ?? (isShort || isOfInterest(group, selected));
  return rowsOf(groupOf("", "", found, 0), 1, null, isExpanded);
}

/**
 * How many accounts are below rows of the tree.
 *
 * @param {Ui.AccountRow[]} rows
 */
export function accountCountIn(rows) {
  return rows.reduce((sum, { level, accounts }) => sum + (level === 1 ? (accounts?.length ?? 1) : 0), 0);
}

/**
 * Whether a group has the selected account, or is short and has a failure.
 *
 * @param {Ui.AccountGroup} group
 * @param {string | undefined} selected
 */
function isOfInterest({ accounts }, selected) {
  return accounts.some(({ id }) => id === selected) || (accounts.length <= MAX_EXPANDED && accounts.some(hasFailed));
}

/**
 * @param {Api.Account} account
 * @param {string[]} words
 */
function matches(account, words) {
  const text = `${account.key} ${labelParts(account).join("::")} ${account.test_outcome ?? ""}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/**
 * @param {string} path
 * @param {string} name
 * @param {Api.Account[]} accounts
 * @param {number} depth parts of their labels that the groups around it have
 * @returns {Ui.AccountGroup}
 */
function groupOf(path, name, accounts, depth) {
  /** @type {Map<string, Api.Account[]>} */
  const inner = new Map();
  /** @type {Ui.AccountLeaf[]} */
  const leaves = [];
  for (const account of accounts) {
    const parts = labelParts(account);
    const part = parts[depth];
    if (depth === parts.length - 1) leaves.push({ path: account.id, name: part, account, isRepeated: false });
    else inner.set(part, [...(inner.get(part) ?? []), account]);
  }
  const names = leaves.map((leaf) => leaf.name);
  for (const leaf of leaves) leaf.isRepeated = names.indexOf(leaf.name) !== names.lastIndexOf(leaf.name);
  const groups = [...inner].map(([part, those]) => groupOf(`${path}::${part}`, part, those, depth + 1));
  const compare = (/** @type {{ name: string }} */ a, /** @type {{ name: string }} */ b) =>
    order.compare(a.name, b.name);
  return { path, name, accounts, children: [...leaves.sort(compare), ...groups.sort(compare)] };
}

/**
 * @param {Ui.AccountGroup} parent
 * @param {number} level
 * @param {string | null} parentPath
 * @param {(group: Ui.AccountGroup) => boolean} isExpanded
 * @returns {Ui.AccountRow[]}
 */
function rowsOf({ children }, level, parentPath, isExpanded) {
  return children.flatMap((node, index) => {
    const place = { level, parent: parentPath, position: index + 1, siblings: children.length };
    if (!("children" in node)) return [{ ...node, ...place, expanded: null }];
    const expanded = isExpanded(node);
    const row = { path: node.path, name: node.name, accounts: node.accounts, ...place, expanded };
    return [row, ...(expanded ? rowsOf(node, level + 1, node.path, isExpanded) : [])];
  });
}
