/**
 * While a mouse button is pressed, nothing is redrawn: the browser drops the click if the element under the mouse is
 * replaced or moved before the button is released.
 */

const CLICKABLE = "button, a, summary, label, [role=option], [role=treeitem]";
const RELEASES = ["pointerup", "pointercancel", "dragend", "contextmenu"];

let isPressed = false;
/** @type {Map<Element, () => void>} the latest update of each node that waits for the release */
const held = new Map();

/**
 * Run an update of a node; if something is being pressed, after the click. A later update of the node replaces one that
 * waits.
 *
 * @param {Element} node
 * @param {() => void} update
 */
export function updateUnpressed(node, update) {
  held.delete(node);
  if (isPressed) held.set(node, update);
  else update();
}

function release() {
  setTimeout(() => {
    isPressed = false;
    const updates = [...held.values()];
    held.clear();
    updates.forEach((update) => update());
  });
}

addEventListener(
  "pointerdown",
  ({ target, button }) => {
    isPressed = button === 0 && target instanceof Element && Boolean(target.closest(CLICKABLE));
  },
  true,
);
for (const kind of RELEASES) addEventListener(kind, release, true);
