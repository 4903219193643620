/** Requests that the API reference makes, and their responses. */

import { describeWire } from "../inbox/ui/wire.js";
import { pathOf } from "../common/base.js";
import { element } from "../common/dom.js";
import { messageOf } from "../common/errors.js";
import { prettyJson } from "../common/json.js";
import { accountOf, credentials, tokenHeaders } from "./credentials.js";

const MAX_STREAM_LINES = 500;
const MAX_SEND_SECONDS = 300;
const JSON_TYPE = "application/json";
const ZIP = "application/zip";
const INSPECTION = "/_mock";

/**
 * Build the request of an operation.
 *
 * @param {OpenApi.Operation} operation
 * @param {{ parameter: OpenApi.Parameter, value: string }[]} values of its parameters
 * @param {string | File | undefined} body
 * @returns {Ui.HttpRequest}
 */
export function buildRequest(operation, values, body) {
  let { path } = operation;
  const { key, account } = accountOf(operation);
  const query = new URLSearchParams();
  for (const { parameter, value } of values) {
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query" && value !== "") query.append(parameter.name, value);
  }
  if (account && !query.has("account")) query.append("account", account);
  /** @type {Record<string, string>} */
  const headers = { ...(key && { "X-API-Key": key }), ...(path.startsWith(INSPECTION) && tokenHeaders()) };
  if (body) headers["Content-Type"] = body instanceof File ? ZIP : JSON_TYPE;
  const target = `${operation.servers?.[0].url ?? ""}${path}${query.size ? `?${query}` : ""}`;
  return { method: operation.method, target, headers, body: body || undefined };
}

/**
 * Send a request and show its response; a stream is shown as it arrives.
 *
 * @param {OpenApi.Operation} operation
 * @param {Ui.HttpRequest} request
 * @param {HTMLElement} output
 * @param {AbortSignal} signal
 */
export async function sendAndShow(operation, request, output, signal) {
  const status = element("p", { role: "status" }, "Sent, waiting for the response…");
  output.replaceChildren(status);
  try {
    if (operation.operationId === "send" && credentials().key) await sendByMock(request, output, status, signal);
    else await sendByBrowser(request, output, status, signal);
  } catch (error) {
    const text = signal.aborted ? "Stopped." : `No response: ${messageOf(error)}. Is mocksms still running?`;
    output.append(element("p", { role: "alert", class: "wrong" }, text));
  }
}

/**
 * Let the mock send an SMS to itself, as an application does: the browser would repeat the request if its connection is
 * reset.
 *
 * @param {Ui.HttpRequest} request
 * @param {HTMLElement} output
 * @param {HTMLElement} status
 * @param {AbortSignal} signal
 */
async function sendByMock({ body }, output, status, signal) {
  const response = await fetch(pathOf(`${INSPECTION}/test-send`), {
    method: "POST",
    headers: { ...tokenHeaders(), "Content-Type": JSON_TYPE },
    body: JSON.stringify({ key: credentials().key, body: body ?? "", timeout: MAX_SEND_SECONDS }),
    signal,
    cache: "no-store",
  });
  if (!response.ok) {
    showStatus(status, response.status, response.statusText);
    output.append(responseBlock(prettyJson(await response.text())));
    return;
  }
  /** @type {Api.Wire} */
  const wire = await response.json();
  if (wire.end === "response" && wire.status !== null) showStatus(status, wire.status, "", wire.duration * 1000);
  else status.replaceChildren(element("strong", { class: "wrong" }, describeWire(wire)));
  if (wire.status !== null) output.append(responseBlock(prettyJson(wire.body)));
}

/**
 * @param {Ui.HttpRequest} request
 * @param {HTMLElement} output
 * @param {HTMLElement} status
 * @param {AbortSignal} signal
 */
async function sendByBrowser({ target, ...options }, output, status, signal) {
  const started = performance.now();
  const response = await fetch(pathOf(target), { ...options, signal, cache: "no-store" });
  const type = response.headers.get("content-type") ?? "";
  showStatus(status, response.status, response.statusText, performance.now() - started, type);
  const content = responseBlock();
  output.append(content);
  if (type.startsWith("text/event-stream") && response.body) await showStream(response.body, content);
  else if (type === ZIP) content.append(fileLink(await response.blob()));
  else content.textContent = type.includes("json") ? prettyJson(await response.text()) : await response.text();
}

/**
 * @param {HTMLElement} node
 * @param {number} status
 * @param {string} phrase
 * @param {number} [milliseconds]
 * @param {string} [type]
 */
function showStatus(node, status, phrase, milliseconds, type) {
  node.replaceChildren(
    element("strong", { class: status < 400 ? "good" : "wrong" }, `${status} ${phrase}`.trim()),
    milliseconds === undefined ? "" : ` in ${Math.round(milliseconds)} ms`,
    element("span", { class: "muted" }, type ? ` ${type}` : ""),
  );
}

/** @param {string} text */
function responseBlock(text = "") {
  return element("pre", { class: "code-block", tabindex: "0", role: "region", "aria-label": "Response" }, text);
}

/** @param {Blob} file */
function fileLink(file) {
  const href = URL.createObjectURL(file);
  return element("a", { href, download: "mocksms-snapshot.zip" }, `Save the file (${file.size} bytes)`);
}

/**
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 * @param {HTMLElement} node
 */
async function showStream(stream, node) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  /** @type {string[]} */
  let lines = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    lines = `${lines.join("\n")}${part.value}`.split("\n").slice(-MAX_STREAM_LINES);
    node.textContent = lines.join("\n");
    node.scrollTop = node.scrollHeight;
  }
}
