/** Links to another view of the page. */

import { element } from "../../common/dom.js";
import { navigate, urlWith } from "../state/route.js";

/**
 * A link that changes parameters of the URL. The browser can open it in another tab.
 *
 * @param {Ui.Query} changes null removes a parameter
 * @param {...Dom.Child} children
 */
export function routeLink(changes, ...children) {
  /** @param {MouseEvent} event */
  const onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    navigate(changes);
  };
  return element("a", { href: urlWith(changes), onclick }, ...children);
}
