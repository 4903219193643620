/** Updates of what is shown that keep focus, selection, folds, what is being typed and what is being pressed. */

import { updateUnpressed } from "./press.js";

const GROUPS = "details, dl, ol, ul"; // They only contain other elements and have no listeners of their own.

/**
 * Update the children of a node to match new elements. Elements that look the same stay, with what is selected in them.
 * Folds stay folded, and what is being typed stays. If the focused element goes, the one with the same name gets the
 * focus, or else the node.
 *
 * As an element stays with its listeners, these must depend only on what can be seen in it, its `data-id` included, and
 * on the current state.
 *
 * @param {HTMLElement} node
 * @param {Dom.Child[]} elements
 */
export function patch(node, elements) {
  updateUnpressed(node, () => {
    const fresh = onlyElements(elements);
    const focused = focusedIn(node);
    keepFolds(node, fresh);
    update(node, fresh);
    if (focused && !focused.isConnected) focus(sameNameIn(node, focused) ?? node);
  });
}

/**
 * Replace the children of a node by elements about something else. The first one stays if it looks the same, with its
 * focus.
 *
 * @param {HTMLElement} node
 * @param {Dom.Child[]} elements
 */
export function replace(node, elements) {
  const focused = focusedIn(node);
  const [first, ...rest] = onlyElements(elements);
  if (node.firstElementChild?.isEqualNode(first)) {
    while (node.children.length > 1) node.lastElementChild?.remove();
    node.append(...rest);
  } else node.replaceChildren(first, ...rest);
  if (focused && !focused.isConnected) focus(node);
}

/** @param {Dom.Child[]} children */
function onlyElements(children) {
  return children.filter((child) => child instanceof HTMLElement);
}

/**
 * @param {Element} node
 * @param {Element[]} elements
 */
function update(node, elements) {
  elements.forEach((fresh, index) => {
    const present = node.children[index];
    if (!present) node.append(fresh);
    else if (!present.isEqualNode(fresh)) updateElement(present, fresh);
  });
  while (node.children.length > elements.length) node.lastElementChild?.remove();
}

/**
 * @param {Element} present
 * @param {Element} fresh
 */
function updateElement(present, fresh) {
  const isSameGroup = present.matches(GROUPS) && present.cloneNode().isEqualNode(fresh.cloneNode());
  if (isSameGroup) update(present, [...fresh.children]);
  else if (!isBeingEdited(present)) present.replaceWith(fresh);
}

/** @param {Element} node */
function isBeingEdited(node) {
  const input = focusedIn(node);
  return input instanceof HTMLInputElement && input.value !== input.defaultValue;
}

/** @param {Element} node */
function focusedIn(node) {
  const focused = document.activeElement;
  return focused instanceof HTMLElement && node.contains(focused) ? focused : undefined;
}

/**
 * @param {HTMLElement} node
 * @param {HTMLElement} element
 * @returns {HTMLElement | undefined}
 */
function sameNameIn(node, element) {
  const candidates = /** @type {NodeListOf<HTMLElement>} */ (node.querySelectorAll(element.localName));
  return [...candidates].find((each) => nameOf(each) === nameOf(element));
}

/** @param {Element} element */
function nameOf(element) {
  return element.getAttribute("aria-label") ?? element.textContent;
}

/** @param {HTMLElement} element */
function focus(element) {
  if (element.tabIndex < 0) element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
}

/**
 * @param {Element} node
 * @param {Element[]} elements
 */
function keepFolds(node, elements) {
  const present = [...node.querySelectorAll("details")];
  for (const fold of elements.flatMap((each) => [each, ...each.querySelectorAll("details")])) {
    if (!(fold instanceof HTMLDetailsElement)) continue;
    const index = present.findIndex((each) => titleOf(each) === titleOf(fold));
    if (index >= 0) fold.open = present.splice(index, 1)[0].open;
  }
}

/**
 * The title of a fold without the number after it.
 *
 * @param {Element} fold
 */
function titleOf(fold) {
  return fold.firstElementChild?.textContent?.split(":")[0];
}
