/** Requests that the API reference makes, and their responses. */

import { pathOf } from "../shared/base.js";
import { element } from "../shared/dom.js";
import { messageOf } from "../shared/errors.js";
import { prettyJson } from "../shared/json.js";

const MAX_STREAM_LINES = 500;
const ZIP = "application/zip";

/**
 * Build the request of an operation.
 *
 * @param {OpenApi.Operation} operation
 * @param {{ parameter: OpenApi.Parameter, value: string }[]} values of its parameters
 * @param {string | File | undefined} body
 * @param {OpenApi.Credentials} credentials
 * @returns {Ui.HttpRequest}
 */
export function buildRequest(operation, values, body, credentials) {
  let { path } = operation;
  const query = new URLSearchParams();
  /** @type {Record<string, string>} */
  const headers = {};
  for (const { parameter, value } of values) {
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query" && value !== "") query.append(parameter.name, value);
  }
  const takesKey = operation.parameters.some(({ name }) => name === "X-API-Key");
  if (takesKey && credentials.key) headers["X-API-Key"] = credentials.key;
  if (credentials.token && path.startsWith("/_mock")) headers.Authorization = `Bearer ${credentials.token}`;
  if (body) headers["Content-Type"] = body instanceof File ? ZIP : "application/json";
  const target = `${operation.servers?.[0].url ?? ""}${path}${query.size ? `?${query}` : ""}`;
  return { method: operation.method, target, headers, body: body || undefined };
}

/**
 * Send a request and show its response; a stream is shown as it arrives.
 *
 * @param {Ui.HttpRequest} request
 * @param {HTMLElement} output
 * @param {AbortSignal} signal
 */
export async function sendAndShow({ target, ...options }, output, signal) {
  const started = performance.now();
  const status = element("p", { role: "status" }, "Sent, waiting for the response…");
  output.replaceChildren(status);
  try {
    const response = await fetch(pathOf(target), { ...options, signal, cache: "no-store" });
    const milliseconds = Math.round(performance.now() - started);
    const type = response.headers.get("content-type") ?? "";
    status.replaceChildren(
      element("strong", { class: response.ok ? "" : "wrong" }, `${response.status} ${response.statusText}`),
      ` in ${milliseconds} ms`,
      element("span", { class: "muted" }, ` ${type}`),
    );
    const content = element("pre", { tabindex: "0", "aria-label": "Response" });
    output.append(content);
    if (type.startsWith("text/event-stream") && response.body) await showStream(response.body, content);
    else if (type === ZIP) content.append(fileLink(await response.blob()));
    else content.textContent = type.includes("json") ? prettyJson(await response.text()) : await response.text();
  } catch (error) {
    const text = signal.aborted ? "Stopped." : `No response: ${messageOf(error)}. Is mocksms still running?`;
    output.append(element("p", { role: "alert", class: "wrong" }, text));
  }
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
