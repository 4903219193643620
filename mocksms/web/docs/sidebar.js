/** The contents of the reference: every operation below its tag, with the one that is open marked. */

import { byId, element } from "../common/dom.js";
import { foldContents } from "./contents.js";
import { sectionId } from "./operation.js";
import { prose } from "./prose.js";

const links = byId("operation-links");

/**
 * Show the contents.
 *
 * @param {OpenApi.Group[]} groups
 */
export function initSidebar(groups) {
  const listed = groups.map(({ name, operations }) =>
    element(
      "div",
      { class: "group" },
      element("a", { class: "tag", href: `#${sectionId(name)}` }, name),
      element("ul", { class: "plain" }, operations.map(operationLink)),
    ),
  );
  links.replaceChildren(...listed);
  foldContents();
  addEventListener("hashchange", markCurrent);
  addEventListener("permalink", markCurrent);
  markCurrent();
}

/** @param {OpenApi.Operation} operation */
function operationLink({ operationId, method, summary }) {
  return element(
    "li",
    { "data-operation": operationId },
    element(
      "a",
      { href: `#${operationId}` },
      element("span", { class: `method ${method.toLowerCase()}` }, method === "DELETE" ? "DEL" : method),
      element("span", {}, prose(summary)),
    ),
    element("p", { class: "found", hidden: true }),
  );
}

/** Mark the operation that the URL names. */
function markCurrent() {
  for (const link of links.querySelectorAll("a")) {
    const isCurrent = link.hash !== "" && link.hash === location.hash;
    if (!isCurrent) link.removeAttribute("aria-current");
    else if (!link.hasAttribute("aria-current")) {
      link.setAttribute("aria-current", "true");
      link.scrollIntoView({ block: "nearest" });
    }
  }
}
