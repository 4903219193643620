/** Clicks on a text that also can be selected, and that has links and buttons. */

const DOUBLE_CLICK_MS = 200;

/**
 * Call an action when a node is clicked: not on a link or button in it, and not where the click selects text. If the
 * action will move the text, it waits until it is clear that no second click follows, which would select a word.
 *
 * @param {HTMLElement} node
 * @param {() => void} action
 */
export function onPlainClick(node, action) {
  /** @type {number | undefined} */
  let timer;
  node.addEventListener("click", ({ target, detail }) => {
    clearTimeout(timer);
    const isControl = target instanceof Element && target.closest("a, button");
    if (isControl || detail > 1 || hasSelectionIn(node)) return;
    if (document.body.dataset.panel) action();
    else timer = setTimeout(() => hasSelectionIn(node) || action(), DOUBLE_CLICK_MS);
  });
}

/** @param {Node} node */
function hasSelectionIn(node) {
  const selection = getSelection();
  return selection?.type === "Range" && selection.containsNode(node, true);
}
