/** The API reference: every operation of the OpenAPI document, to read and to try out. */

import { removeControls } from "../inbox/state/read-only.js";
import { initTheme } from "../inbox/state/theme.js";
import { pathOf } from "../shared/base.js";
import { byId, element } from "../shared/dom.js";
import { messageOf } from "../shared/errors.js";
import { initCredentials } from "./credentials.js";
import { applyFilter, initFilter } from "./filter.js";
import { operationView, sectionId } from "./operation.js";
import { initSidebar } from "./sidebar.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const content = byId("operations");

/**
 * @param {OpenApi.Document} description
 * @returns {OpenApi.Operation[]}
 */
function operationsOf(description) {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => ({
      parameters: [],
      ...methods[method],
      path,
      method: method.toUpperCase(),
    })),
  );
}

/** @param {OpenApi.Document} description */
function show(description) {
  byId("title").textContent = `${description.info.title} ${description.info.version}`;
  byId("summary").textContent = description.info.summary ?? "";
  const operations = operationsOf(description);
  const sections = description.tags.map((tag) =>
    element(
      "section",
      { "aria-label": tag.name, id: sectionId(tag.name) },
      element("h2", {}, tag.name),
      element("p", { class: "muted" }, tag.description),
      operations
        .filter(({ tags }) => tags.includes(tag.name))
        .map((operation) => operationView(operation, description)),
    ),
  );
  const nothing = element("p", { id: "nothing", role: "status", hidden: true });
  content.replaceChildren(...sections, nothing);
  initSidebar(description, operations);
  initFilter(description, operations);
}

/** Open what the URL names: an operation or a section. */
function openLinked() {
  const linked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!linked || !content.contains(linked)) return;
  if (linked.closest("[hidden]")) applyFilter("");
  if (linked instanceof HTMLDetailsElement) linked.open = true;
  linked.scrollIntoView();
}

async function load() {
  try {
    const response = await fetch(pathOf("/openapi.json"));
    if (!response.ok) throw new Error(`status ${response.status}`);
    show(await response.json());
    openLinked();
  } catch (error) {
    const text = `Could not load the API description: ${messageOf(error)}.`;
    content.replaceChildren(element("p", { role: "alert", class: "wrong" }, text));
  }
}

initTheme();
removeControls();
initCredentials();
addEventListener("hashchange", openLinked);
load();
