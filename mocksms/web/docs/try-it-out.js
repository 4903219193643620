/** The form that sends a request of an operation, with the request as a curl command. */

import { asCode } from "../shared/base.js";
import { element } from "../shared/dom.js";
import { messageOf } from "../shared/errors.js";
import { curlCommand } from "../shared/snippets.js";
import { buildRequest, sendAndShow } from "./request.js";

/**
 * Return the buttons, the curl command and the place of the response.
 *
 * @param {OpenApi.Operation} operation
 * @param {import("./parameters.js").Field[]} fields
 * @param {HTMLTextAreaElement | HTMLInputElement | undefined} body
 * @param {() => OpenApi.Credentials} credentials
 */
export function tryItOut(operation, fields, body, credentials) {
  const output = element("div", { "aria-live": "polite" });
  const curl = element("pre", { hidden: true, tabindex: "0", "aria-label": "curl command" });
  const error = element("span", { class: "wrong", role: "alert" });
  const stop = element("button", { type: "button", hidden: true }, "Stop");
  const copy = element("button", { type: "button", hidden: true }, "Copy curl command");
  const send = element("button", { type: "button", class: "primary" }, "Send");
  let controller = new AbortController();
  copy.addEventListener("click", () => navigator.clipboard?.writeText(curl.textContent ?? ""));
  stop.addEventListener("click", () => controller.abort());
  send.addEventListener("click", async () => {
    if (!checkBody(body, send, error)) return;
    const values = fields.map(({ parameter, input }) => ({ parameter, value: input.value }));
    const content = body instanceof HTMLInputElement ? body.files?.[0] : body?.value;
    const request = buildRequest(operation, values, content, credentials());
    controller.abort(); // A stream that is still open ends; there is one place for its content.
    const current = new AbortController();
    controller = current;
    curl.textContent = curlCommand(asCode(request));
    curl.hidden = copy.hidden = stop.hidden = false;
    await sendAndShow(request, output, current.signal);
    if (controller === current) stop.hidden = true;
  });
  return [element("div", { class: "actions" }, send, stop, copy, error), curl, output];
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
