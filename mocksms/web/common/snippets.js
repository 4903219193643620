/** Requests as code: for a shell, for Python and for Node. */

import { javascriptString, javascriptValue, pythonString, pythonValue, shellPrinted, shellWord } from "./literals.js";

const TIMEOUT_SECONDS = 30;
const LINE_END = " \\\n  ";

/** @typedef {{ name: string, file: string, code: string }} Snippet */

/**
 * Write a request as code that makes it: with curl, HTTPie, Python and Node, in this order.
 *
 * @param {Ui.CodeRequest} request
 * @returns {Snippet[]} each with its name, the name of a file for it, and its code
 */
export function snippets(request) {
  return [
    { name: "curl", file: "request.sh", code: curlCommand(request) },
    { name: "HTTPie", file: "request-httpie.sh", code: httpieCommand(request) },
    { name: "Python", file: "request.py", code: pythonCode(request) },
    { name: "Node", file: "request.mjs", code: nodeCode(request) },
  ];
}

/**
 * Write a request as a curl command for a POSIX shell.
 *
 * @param {Ui.CodeRequest} request
 */
export function curlCommand({ method, url, headers, body }) {
  const start = ["curl -sSN"];
  if (/[[\]{}]/.test(url)) start.push("--globoff");
  if (url.includes("/.")) start.push("--path-as-is");
  if (method === "HEAD") start.push("--head");
  else if (method !== "GET" || body !== undefined) start.push("-X", methodWord(method));
  const lines = [[...start, shellWord(url)].join(" ")];
  for (const [name, value] of Object.entries(headers)) {
    lines.push(`-H ${shellWord(value ? `${name}: ${value}` : `${name};`)}`);
  }
  if (body !== undefined && !hasType(headers)) lines.push("-H 'Content-Type:'"); // Else curl says that it is a form.
  if (body instanceof File) lines.push(`--data-binary ${shellWord(`@${body.name}`)}`);
  else if (body?.includes("\0")) return `${shellPrinted(body)} | ${[...lines, "--data-binary @-"].join(LINE_END)}`;
  else if (body !== undefined) lines.push(`--data-raw ${shellWord(body)}`); // `--data` may take it for a file name.
  return lines.join(LINE_END);
}

/** @param {Ui.CodeRequest} request */
function httpieCommand({ method, url, headers, body }) {
  const lines = [`${methodWord(method)} ${shellWord(url)}`];
  for (const [name, value] of Object.entries(headers)) {
    lines.push(shellWord(value ? `${name}:${value.replace(/^[=@]/, "\\$&")}` : `${name};`));
  }
  if (body !== undefined && !hasType(headers)) lines.push("'Content-Type:'"); // Else HTTPie says that it is JSON.
  if (body instanceof File) return `http --path-as-is ${lines.join(LINE_END)} < ${shellWord(body.name)}`;
  if (body?.includes("\0")) return `${shellPrinted(body)} | http --path-as-is ${lines.join(LINE_END)}`;
  if (body !== undefined) lines.push(`--raw=${shellWord(body)}`);
  return `http --ignore-stdin --path-as-is ${lines.join(LINE_END)}`;
}

/** @param {string} method */
function methodWord(method) {
  return /^[A-Z]+$/.test(method) ? method : shellWord(method);
}

/** @param {Ui.CodeRequest} request */
function pythonCode(request) {
  return `${request.body instanceof File ? "from pathlib import Path\n\n" : ""}import requests

response = ${pythonCall(request, pythonString(request.url))}
print(response.status_code, response.text)
`;
}

/**
 * Write a request as a call of the Python package requests.
 *
 * @param {Omit<Ui.CodeRequest, "url">} request
 * @param {string} url an expression
 * @param {{ indent?: string, expressions?: Record<string, string> }} [options] the indent of the call, and expressions
 *   for the values of headers
 */
export function pythonCall({ method, headers, body }, url, { indent = "", expressions = {} } = {}) {
  const inner = `${indent}    `;
  const lines = [pythonString(method), url];
  const items = Object.entries(headers).map(
    ([name, value]) => `${pythonString(name)}: ${expressions[name] ?? pythonHeader(value)}`,
  );
  if (items.length) lines.push(`headers={${items.join(", ")}}`);
  if (body instanceof File) lines.push(`data=Path(${pythonString(body.name)}).read_bytes()`);
  else if (body !== undefined) {
    const value = isJson(headers) && pythonValue(body, inner);
    lines.push(value ? `json=${value}` : `data=${pythonString(body)}.encode()`);
  }
  lines.push(`timeout=${TIMEOUT_SECONDS}`);
  return `requests.request(\n${lines.map((line) => `${inner}${line},\n`).join("")}${indent})`;
}

/** @param {string} value */
function pythonHeader(value) {
  return isAscii(value) ? pythonString(value) : `${pythonString(value)}.encode()`;
}

/** @param {Ui.CodeRequest} request */
function nodeCode({ method, url, headers, body }) {
  const isFile = body instanceof File;
  const items = Object.entries(headers).map(([name, value]) => `${javascriptString(name)}: ${javascriptHeader(value)}`);
  const lines = [`method: ${javascriptString(method)}`];
  if (items.length) lines.push(`headers: { ${items.join(", ")} }`);
  if (isFile) lines.push(`body: await readFile(${javascriptString(body.name)})`);
  else if (body !== undefined) {
    const value = isJson(headers) && javascriptValue(body, "  ");
    lines.push(`body: ${value ? `JSON.stringify(${value})` : nodeBytes(body, hasType(headers))}`);
  }
  return `${isFile ? 'import { readFile } from "node:fs/promises";\n\n' : ""}const response = await fetch(${javascriptString(url)}, {
${lines.map((line) => `  ${line},\n`).join("")}});
console.log(response.status, await response.text());
`;
}

/**
 * A body that has no media type by itself, as a text has.
 *
 * @param {string} body
 * @param {boolean} isText whether the request has a media type
 */
function nodeBytes(body, isText) {
  return isText ? javascriptString(body) : `Buffer.from(${javascriptString(body)})`;
}

/** @param {string} value */
function javascriptHeader(value) {
  return isAscii(value) ? javascriptString(value) : `Buffer.from(${javascriptString(value)}).toString("latin1")`;
}

/** @param {string} text */
function isAscii(text) {
  return /^[ -~]*$/.test(text);
}

/** @param {Record<string, string>} headers */
function hasType(headers) {
  return typeOf(headers) !== undefined;
}

/** @param {Record<string, string>} headers */
function isJson(headers) {
  return typeOf(headers)?.includes("json") ?? false;
}

/** @param {Record<string, string>} headers */
function typeOf(headers) {
  return Object.entries(headers)
    .find(([name]) => name.toLowerCase() === "content-type")?.[1]
    .toLowerCase();
}
