/** The API reference: every operation of the OpenAPI document, to read and to try out. */

import { pathOf, storedName } from "../shared/base.js";
import { byId, element } from "../shared/dom.js";
import { messageOf } from "../shared/errors.js";
import { operationView } from "./operation.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const content = byId("operations");
const [keyInput, tokenInput, filterInput] = ["key", "token", "filter"].map(
  (id) => /** @type {HTMLInputElement} */ (byId(id)),
);

function credentials() {
  return { key: keyInput.value.trim(), token: tokenInput.value };
}

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
      { "aria-label": tag.name },
      element("h2", {}, tag.name),
      element("p", { class: "muted" }, tag.description),
      operations
        .filter(({ tags }) => tags.includes(tag.name))
        .map((operation) => operationView(operation, description, credentials)),
    ),
  );
  const nothing = element("p", { id: "nothing", role: "status", hidden: true }, "No operation matches the filter.");
  content.replaceChildren(...sections, nothing);
}

function filter() {
  const words = filterInput.value.trim().toLowerCase();
  for (const operation of content.querySelectorAll("details")) {
    if (!operation.matches(".operation")) continue;
    operation.hidden = !operation.firstElementChild?.textContent?.toLowerCase().includes(words);
  }
  for (const section of content.querySelectorAll("section")) {
    section.hidden = !section.querySelector("details.operation:not([hidden])");
  }
  byId("nothing").hidden = Boolean(content.querySelector("section:not([hidden])"));
}

/** Open the operation that the URL names. */
function openLinked() {
  const linked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(linked instanceof HTMLDetailsElement) || !linked.matches(".operation")) return;
  linked.open = true;
  linked.scrollIntoView();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const isField = event.target instanceof Element && event.target.matches("input, textarea, select");
  if (event.key !== "/" || isField) return;
  event.preventDefault();
  filterInput.focus();
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

for (const input of [keyInput, tokenInput]) {
  const name = storedName(`mocksms-${input.id}`);
  input.value = sessionStorage.getItem(name) ?? "";
  input.addEventListener("input", () => sessionStorage.setItem(name, input.value));
}
filterInput.addEventListener("input", filter);
byId("credentials").addEventListener("submit", (event) => event.preventDefault());
addEventListener("keydown", onKey);
addEventListener("hashchange", openLinked);
load();
