/** Requests as curl commands. */

/** Write a request as a curl command for a POSIX shell. */
export function curlOf(request) {
  const parts = ["curl", "-sSN"];
  if (request.method !== "GET") parts.push("-X", request.method);
  parts.push(quoted(location.origin + request.target));
  for (const [name, value] of Object.entries(request.headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (request.body !== undefined) parts.push("--data-binary", quoted(request.body));
  return parts.join(" ");
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
