/** Requests as curl commands. */

import { pathOf } from "./base.js";

/**
 * Write a request as a curl command for a POSIX shell.
 *
 * @param {Ui.HttpRequest} request
 * @returns {string}
 */
export function curlCommand({ method, target, headers, body }) {
  const words = ["curl", "-sSN"];
  if (method !== "GET") words.push("-X", method);
  words.push(quoted(location.origin + pathOf(target)));
  for (const [name, value] of Object.entries(headers)) words.push("-H", quoted(`${name}: ${value}`));
  if (body !== undefined) words.push("--data-binary", quoted(body instanceof File ? `@${body.name}` : body));
  return words.join(" ");
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
