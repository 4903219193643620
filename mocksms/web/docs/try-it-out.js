/** The request of an operation in code, and the buttons that send it. */

import { control } from "../inbox/state/read-only.js";
import { isConfirmed } from "../inbox/ui/confirmation.js";
import { element } from "../common/dom.js";
import { messageOf } from "../common/errors.js";
import { codeSample } from "./code-sample.js";
import { accountText, onCredentials } from "./credentials.js";
import { buildRequest, sendAndShow } from "./request.js";

const DELETES = new Set(["reset", "restore_snapshot"]);

/**
 * Where the values of a request are entered.
 *
 * @typedef {object} Inputs
 * @property {import("./parameters.js").Field[]} fields
 * @property {HTMLTextAreaElement | HTMLInputElement | undefined} body
 * @property {HTMLElement} form what contains them
 */

/**
 * Return the request in code, the buttons and the place of the response.
 *
 * @param {OpenApi.Operation} operation
 * @param {Inputs} inputs
 */
export function tryItOut(operation, inputs) {
  const output = element("div", { class: "output", "aria-live": "polite" });
  const error = element("span", { class: "wrong", role: "alert" });
  const stop = element("button", { type: "button", hidden: true }, "Stop");
  const send = element("button", { type: "button", class: "primary" }, "Send");
  const sample = codeSample(() => requestOf(operation, inputs));
  let controller = new AbortController();
  inputs.form.addEventListener("input", () => {
    error.textContent = "";
    send.textContent = "Send";
    sample.update();
  });
  onCredentials(sample.update);
  stop.addEventListener("click", () => controller.abort());
  send.addEventListener("click", async () => {
    if (!checkFields(inputs, error) || !checkBody(inputs.body, send, error)) return;
    const request = requestOf(operation, inputs);
    if (isDestructive(operation) && !(await confirmCall(operation, request))) return;
    controller.abort(); // A stream that is still open ends; there is one place for its content.
    const current = new AbortController();
    controller = current;
    stop.hidden = false;
    await sendAndShow(operation, request, output, current.signal);
    if (controller === current) stop.hidden = true;
  });
  const buttons = element("div", { class: "actions" }, send, stop, error);
  return [sample.node, operation.method === "GET" ? buttons : control(buttons), output];
}

/**
 * @param {OpenApi.Operation} operation
 * @param {Inputs} inputs
 */
function requestOf(operation, { fields, body }) {
  const values = fields.map(({ parameter, input }) => ({ parameter, value: input.value }));
  return buildRequest(operation, values, body instanceof HTMLInputElement ? body.files?.[0] : body?.value);
}

/** Whether an operation deletes what cannot be brought back. @param {OpenApi.Operation} operation */
function isDestructive({ method, operationId }) {
  return method === "DELETE" || DELETES.has(operationId);
}

/**
 * Ask before something is deleted.
 *
 * @param {OpenApi.Operation} operation
 * @param {Ui.HttpRequest} request
 */
function confirmCall({ summary, method, path }, request) {
  const call = element("code", {}, `${method} ${path}`);
  return isConfirmed("Confirm", `${summary}?`, [call, ` for ${accountText(request)}. This cannot be undone.`], "Send");
}

/**
 * Check that the required parameters have a value, and go to the first that has none.
 *
 * @param {Inputs} inputs
 * @param {HTMLElement} error
 */
function checkFields({ fields }, error) {
  const empty = fields.find(({ parameter, input }) => parameter.in === "path" && !input.value);
  error.textContent = empty ? `${empty.parameter.name} is required` : "";
  empty?.input.focus();
  return !empty;
}

/**
 * Check that the body is JSON. The second time it is sent anyway: how the API refuses it may be what is tested.
 *
 * @param {HTMLTextAreaElement | HTMLInputElement | undefined} body
 * @param {HTMLButtonElement} send
 * @param {HTMLElement} error
 */
function checkBody(body, send, error) {
  let problem = "";
  try {
    if (body instanceof HTMLTextAreaElement && body.value) JSON.parse(body.value);
  } catch (reason) {
    problem = `The body is not JSON: ${messageOf(reason)}`;
  }
  const asks = problem !== "" && send.textContent === "Send";
  error.textContent = asks ? problem : "";
  send.textContent = asks ? "Send anyway" : "Send";
  return !asks;
}
