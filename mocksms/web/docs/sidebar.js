/** The contents of the reference: every operation below its tag, with the one that is open marked. */

import { byId, element } from "../shared/dom.js";
import { sectionId } from "./operation.js";

const links = byId("operation-links");
const contents = /** @type {HTMLDetailsElement} */ (byId("contents"));
const narrow = matchMedia("(max-width: 60rem)");

/**
 * Show the contents.
 *
 * @param {OpenApi.Document} description
 * @param {OpenApi.Operation[]} operations
 */
export function initSidebar(description, operations) {
  const groups = description.tags.map((tag) =>
    element(
      "div",
      { class: "group" },
      element("a", { class: "tag", href: `#${sectionId(tag.name)}` }, tag.name),
      element("ul", { class: "plain" }, operations.filter(({ tags }) => tags.includes(tag.name)).map(operationLink)),
    ),
  );
  links.replaceChildren(...groups);
  const fold = () => {
    contents.open = !narrow.matches;
  };
  narrow.addEventListener("change", fold);
  fold();
  links.addEventListener("click", (event) => {
    if (narrow.matches && event.target instanceof Element && event.target.closest("a")) fold();
  });
  addEventListener("hashchange", markCurrent);
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
      element("span", {}, summary),
    ),
    element("p", { class: "found", hidden: true }),
  );
}

/** Mark the operation that the URL names. */
export function markCurrent() {
  for (const link of links.querySelectorAll("a")) {
    const isCurrent = link.hash !== "" && link.hash === location.hash;
    if (!isCurrent) link.removeAttribute("aria-current");
    else if (!link.hasAttribute("aria-current")) {
      link.setAttribute("aria-current", "true");
      link.scrollIntoView({ block: "nearest" });
    }
  }
}
