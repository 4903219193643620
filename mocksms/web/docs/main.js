import { element } from "../shared/dom.js";
import { operationView } from "./operation.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const place = document.getElementById("operations");
const inputs = Object.fromEntries(["key", "token", "filter"].map((id) => [id, document.getElementById(id)]));

/** What is typed into the fields at the top. */
function credentials() {
  return { key: inputs.key.value.trim(), token: inputs.token.value };
}

function operationsOf(description) {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => (
      { parameters: [], ...methods[method], path, method: method.toUpperCase() })));
}

function show(description) {
  document.getElementById("title").textContent = `${description.info.title} ${description.info.version}`;
  document.getElementById("summary").textContent = description.info.summary ?? "";
  const operations = operationsOf(description);
  const sections = description.tags.map((tag) => element("section", { "aria-label": tag.name },
    element("h2", {}, tag.name), element("p", { class: "soft" }, tag.description ?? ""),
    operations.filter((operation) => operation.tags.includes(tag.name))
      .map((operation) => operationView(operation, description, credentials))));
  place.replaceChildren(...sections, element("p", { id: "nothing", role: "status", hidden: true }, "Nothing fits the filter."));
}

function filter() {
  const wanted = inputs.filter.value.trim().toLowerCase();
  for (const operation of place.querySelectorAll("details.operation")) {
    operation.hidden = !operation.querySelector("summary").textContent.toLowerCase().includes(wanted);
  }
  for (const section of place.querySelectorAll("section")) {
    section.hidden = !section.querySelector("details.operation:not([hidden])");
  }
  document.getElementById("nothing").hidden = Boolean(place.querySelector("section:not([hidden])"));
}

function openLinked() {
  const linked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!linked?.matches("details.operation")) return;
  linked.open = true;
  linked.scrollIntoView();
}

function onKey(event) {
  if (event.key === "/" && !event.target.matches("input, textarea, select")) {
    event.preventDefault();
    inputs.filter.focus();
  }
}

async function load() {
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    show(await answer.json());
    openLinked();
  } catch (error) {
    place.replaceChildren(element("p", { role: "alert", class: "wrong" }, `The description could not be read: ${error.message}.`));
  }
}

for (const name of ["key", "token"]) {
  inputs[name].value = sessionStorage.getItem(`mocksms-${name}`) ?? "";
  inputs[name].addEventListener("input", () => sessionStorage.setItem(`mocksms-${name}`, inputs[name].value));
}
inputs.filter.addEventListener("input", filter);
document.getElementById("credentials").addEventListener("submit", (event) => event.preventDefault());
addEventListener("keydown", onKey);
addEventListener("hashchange", openLinked);
load();
