import { element } from "../shared/dom.js";
import { prettyJson } from "../shared/json.js";

const MOST_LINES = 500;

/** Put what was filled in into the request an operation makes. */
export function requestOf(operation, values, body, credentials) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const [parameter, value] of values) {
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query" && value !== "") query.append(parameter.name, value);
  }
  const takesKey = operation.parameters.some((parameter) => parameter.name === "X-API-Key");
  if (takesKey && credentials.key) headers["X-API-Key"] = credentials.key;
  if (credentials.token && path.startsWith("/_mock")) headers.Authorization = `Bearer ${credentials.token}`;
  if (body !== undefined && body !== "") headers["Content-Type"] = "application/json";
  const target = query.size ? `${path}?${query}` : path;
  return { method: operation.method, target, headers, body: body === "" ? undefined : body };
}

/** Make a request and show the answer as it comes. */
export async function perform(request, output, signal) {
  const started = performance.now();
  const status = element("p", { role: "status" }, "Sent, waiting for the answer…");
  output.replaceChildren(status);
  try {
    const { method, headers, body } = request;
    const answer = await fetch(request.target, { method, headers, body, signal, cache: "no-store" });
    const took = `${Math.round(performance.now() - started)} ms`;
    const type = answer.headers.get("content-type") ?? "";
    status.replaceChildren(element("strong", { class: answer.ok ? "" : "wrong" }, `${answer.status} ${answer.statusText}`),
      ` in ${took}`, element("span", { class: "soft" }, ` ${type}`));
    const shown = element("pre", { tabindex: "0", "aria-label": "Answer" });
    output.append(shown);
    if (type.startsWith("text/event-stream")) await follow(answer, shown);
    else shown.textContent = type.includes("json") ? prettyJson(await answer.text()) : await answer.text();
  } catch (error) {
    const said = error.name === "AbortError" ? "Stopped." : `No answer: ${error.message}. Is mocksms still running?`;
    output.append(element("p", { role: "alert", class: "wrong" }, said));
  }
}

async function follow(answer, shown) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let lines = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    lines = `${lines.join("\n")}${part.value}`.split("\n").slice(-MOST_LINES);
    shown.textContent = lines.join("\n");
    shown.scrollTop = shown.scrollHeight;
  }
}
