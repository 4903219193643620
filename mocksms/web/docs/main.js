/** The API reference: every operation of the OpenAPI document, to read and to try out. */

import { removeControls } from "../inbox/state/read-only.js";
import { initTheme } from "../inbox/state/theme.js";
import { pathOf } from "../common/base.js";
import { byId, element } from "../common/dom.js";
import { messageOf } from "../common/errors.js";
import { initCredentials } from "./credentials.js";
import { applyFilter, initFilter } from "./filter.js";
import { operationView, sectionId } from "./operation.js";
import { prose } from "./prose.js";
import { initSidebar } from "./sidebar.js";
import { webhooksOf } from "./webhook.js";

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

/**
 * The sections of the page: one for each tag, and one for what the mock sends to applications.
 *
 * @param {OpenApi.Document} description
 * @returns {OpenApi.Group[]}
 */
function groupsOf(description) {
  const operations = operationsOf(description);
  const tags = description.tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ tags: names }) => names.includes(tag.name)),
  }));
  const about = "Callbacks that the mock sends to your application.";
  return [...tags, { name: "Webhooks", description: about, operations: webhooksOf(description) }];
}

/** @param {OpenApi.Document} description */
function show(description) {
  byId("title").textContent = `${description.info.title} ${description.info.version}`;
  byId("summary").textContent = description.info.summary ?? "";
  const groups = groupsOf(description);
  const sections = groups.map(({ name, description: about, operations }) =>
    element(
      "section",
      { "aria-label": name, id: sectionId(name) },
      element("h2", {}, name),
      element("p", { class: "muted" }, prose(about)),
      operations.map((operation) => operationView(operation, description)),
    ),
  );
  const nothing = element("p", { id: "nothing", role: "status", hidden: true });
  content.replaceChildren(...sections, nothing);
  initSidebar(groups);
  initFilter(
    description,
    groups.flatMap(({ operations }) => operations),
  );
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
