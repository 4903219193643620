/** DOM helpers. */

/**
 * Create an element. Strings become text nodes, never markup. Attributes that begin with "on" are event listeners.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Dom.Attributes} [attributes] those that are undefined, null or false are left out
 * @param {...Dom.Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") created.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) {
      created.setAttribute(name, value === true ? "" : String(value));
    }
  }
  setChildren(created, ...children);
  return created;
}

/**
 * Replace what an element contains.
 *
 * @param {Element} node
 * @param {...Dom.Child} children
 */
export function setChildren(node, ...children) {
  node.replaceChildren(...flatten(children));
}

/**
 * Flatten nested lists of children and leave out what is empty.
 *
 * @param {Dom.Child[]} children
 * @returns {(Node | string)[]}
 */
function flatten(children) {
  return children.flatMap((child) => (Array.isArray(child) ? flatten(child) : child || []));
}

/**
 * Find an element of the page by its id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element with the id ${id}.`);
  return found;
}
