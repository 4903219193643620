import { perform, requestOf } from "./request.js";
import { curlOf } from "../shared/curl.js";
import { element } from "../shared/dom.js";
import { choicesOf, sample, schemaTree, typeName } from "./schema.js";

/** Show an operation: its line, and once opened all there is to it. */
export function operationView(operation, document_, credentials) {
  const method = operation.method.toLowerCase();
  const inside = element("div", { class: "inside" });
  const view = element("details", { class: "operation", id: operation.operationId },
    element("summary", {},
      element("span", { class: `mono method ${method}` }, operation.method),
      element("span", { class: "mono path" }, operation.path),
      element("span", { class: "soft" }, operation.summary ?? "")),
    inside);
  view.addEventListener("toggle", () => {
    if (view.open && !inside.hasChildNodes()) inside.append(...details(operation, document_, credentials));
  });
  return view;
}

function details(operation, document_, credentials) {
  const fields = operation.parameters
    .filter((parameter) => parameter.in !== "header")
    .map((parameter) => [parameter, field(parameter, document_)]);
  const body = operation.requestBody && bodyField(operation, document_);
  return [
    operation.description && element("p", {}, operation.description),
    fields.length > 0 && parameterTable(fields, document_),
    ...(body ? body.parts : []),
    ...tryOut(operation, fields, body?.input, credentials),
    element("h3", {}, "Answers"),
    ...Object.entries(operation.responses).map(([status, answer]) => answerView(status, answer, document_)),
  ].filter(Boolean);
}

function parameterTable(fields, document_) {
  return element("table", { class: "parameters" }, element("tbody", {}, fields.map(([parameter, input]) =>
    element("tr", {},
      element("th", { scope: "row" },
        element("label", { for: input.id, class: "mono" }, parameter.name),
        parameter.required && element("span", { class: "soft" }, " required")),
      element("td", { class: "soft" }, typeName(parameter.schema, document_), about(parameter)),
      element("td", {}, input)))));
}

function about(parameter) {
  const preset = parameter.schema.default;
  const said = [parameter.description, preset !== undefined && preset !== "" && `${preset} unless given`];
  return said.filter(Boolean).map((words) => `; ${words}`).join("");
}

let fieldCount = 0;

function field(parameter, document_) {
  const id = `field-${fieldCount += 1}`;
  const choices = choicesOf(parameter.schema, document_);
  if (choices) {
    return element("select", { id }, ["", ...choices.filter(Boolean)].map((word) => element("option", {}, word)));
  }
  const preset = parameter.in === "path" ? parameter.schema.examples?.[0] : undefined;
  return element("input", { id, value: preset, spellcheck: "false", autocomplete: "off" });
}

function bodyField(operation, document_) {
  const content = operation.requestBody.content["application/json"];
  const examples = Object.entries(content.examples ?? {});
  const first = examples.length ? examples[0][1].value : sample(content.schema, document_);
  const input = element("textarea", { "aria-label": "Body", spellcheck: "false" });
  input.value = JSON.stringify(first, null, 2);
  const others = examples.map(([name, example]) => element("button", {
    type: "button", onclick: () => { input.value = JSON.stringify(example.value, null, 2); },
  }, name));
  const tree = schemaTree(content.schema, document_);
  return { input, parts: [element("h3", {}, "Body"), tree, element("div", { class: "actions" }, others), input] };
}

function tryOut(operation, fields, body, credentials) {
  const output = element("div", { "aria-live": "polite" });
  const curl = element("pre", { hidden: true, tabindex: "0", "aria-label": "As a curl line" });
  const wrong = element("span", { class: "wrong", role: "alert" });
  const stop = element("button", { type: "button", hidden: true }, "Stop");
  const copy = element("button", { type: "button", hidden: true }, "Copy curl");
  const send = element("button", { type: "button", class: "main" }, "Send");
  copy.addEventListener("click", () => navigator.clipboard?.writeText(curl.textContent));
  send.addEventListener("click", async () => {
    if (!readable(body, send, wrong)) return;
    const values = fields.map(([parameter, input]) => [parameter, input.value]);
    const request = requestOf(operation, values, body?.value, credentials());
    const controller = new AbortController();
    stop.onclick = () => controller.abort();
    curl.textContent = curlOf(request);
    curl.hidden = copy.hidden = stop.hidden = false;
    await perform(request, output, controller.signal);
    stop.hidden = true;
  });
  return [element("div", { class: "actions" }, send, stop, copy, wrong), curl, output];
}

/** Say once that a body is no JSON; sending it all the same is a test, too. */
function readable(body, send, wrong) {
  try {
    if (body?.value) JSON.parse(body.value);
  } catch (error) {
    if (send.textContent === "Send") {
      wrong.textContent = `The body is not JSON: ${error.message}`;
      send.textContent = "Send anyway";
      return false;
    }
  }
  wrong.textContent = "";
  send.textContent = "Send";
  return true;
}

function answerView(status, answer, document_) {
  const shape = answer.content?.["application/json"]?.schema;
  const media = Object.keys(answer.content ?? {}).join(", ");
  const tree = shape && schemaTree(shape, document_);
  const line = [element("code", {}, status), ` ${answer.description} `, element("span", { class: "soft" }, media)];
  return tree ? element("details", {}, element("summary", {}, line), tree) : element("p", {}, line);
}
