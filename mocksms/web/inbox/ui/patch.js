/** Bringing what is shown up to date without taking anything out of the hands of whoever uses it. */

const GROUPS = "details, dl, ol, ul"; // What only holds other elements, and listens to nothing itself.

/**
 * Put these elements in place of those that are there. What looks the same as before stays, with what is selected in it;
 * what was folded stays folded, what is being typed stays. Whoever was, by keyboard, at something that goes is at its like
 * again, or else at `node`.
 *
 * Since an element stays with its listeners, what these do must follow from what can be seen in it, its `data-id`
 * included, and from how things are by then.
 */
export function refill(node, elements) {
  const held = heldIn(node);
  keepFolds(node, elements);
  update(node, elements);
  if (held?.isConnected === false) settle(likeOf(held, node) ?? node);
}

/** Put elements about something else in place of those that are there, of which nothing stays. */
export function replace(node, elements) {
  const held = heldIn(node);
  node.replaceChildren(...elements);
  if (held?.isConnected === false) settle(node);
}

function update(node, elements) {
  elements.forEach((fresh, place) => {
    const there = node.children[place];
    if (!there) node.append(fresh);
    else if (!there.isEqualNode(fresh)) renew(there, fresh);
  });
  while (node.children.length > elements.length) node.lastElementChild.remove();
}

function renew(there, fresh) {
  const isSameGroup = there.matches(GROUPS) && there.cloneNode().isEqualNode(fresh.cloneNode());
  if (isSameGroup) update(there, [...fresh.children]);
  else if (!isTypedIn(there)) there.replaceWith(fresh);
}

function isTypedIn(element) {
  const field = heldIn(element);
  return field?.localName === "input" && field.value !== field.defaultValue;
}

function heldIn(node) {
  return node.contains(document.activeElement) ? document.activeElement : undefined;
}

function likeOf(held, node) {
  return [...node.querySelectorAll(held.localName)].find((each) => nameOf(each) === nameOf(held));
}

function nameOf(element) {
  return element.getAttribute("aria-label") ?? element.textContent;
}

function settle(element) {
  if (element.tabIndex < 0) element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
}

function keepFolds(node, elements) {
  const known = [...node.querySelectorAll("details")];
  const made = elements.flatMap((each) => [each, ...each.querySelectorAll("details")]);
  for (const fold of made.filter(({ localName }) => localName === "details")) {
    const place = known.findIndex((each) => titleOf(each) === titleOf(fold));
    if (place >= 0) fold.open = known.splice(place, 1)[0].open;
  }
}

/** The title of a fold without the figures that follow it. */
function titleOf(fold) {
  return fold.firstElementChild.textContent.split(":")[0];
}
