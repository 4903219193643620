/** A recorded request as code: to make it again, or to expect it in a test. */

import { asCode } from "../../common/base.js";
import { element, setChildren } from "../../common/dom.js";
import { pytestSnippet } from "../../common/pytest-code.js";
import { snippets } from "../../common/snippets.js";
import { savedKeys } from "../api/client.js";
import { isReadOnly } from "../state/read-only.js";
import { localStore } from "../state/storage.js";
import { button, codeBlock, copyButton, section } from "../ui/components.js";
import { withEscapes } from "../ui/text.js";

/** The mock stores this much of a body. */
export const STORED_BYTES = 65_536;

const LANGUAGE = "mocksms-language";
const KEY = "X-API-Key";
const NO_KEY = "YOUR-KEY";

/** Headers that each client writes by itself, and secrets, which are stored shortened. */
const OMITTED = new Set(
  "accept accept-encoding accept-language authorization connection content-length cookie expect host keep-alive sec-fetch-mode transfer-encoding user-agent".split(
    " ",
  ),
);
/** @type {Record<string, string>} */
const SPELLINGS = { "content-type": "Content-Type", "x-api-key": KEY };

/**
 * The section with a request as code, in one of several languages.
 *
 * @param {Api.Request} recorded
 * @param {import("../../common/pytest-code.js").Sent[]} sent what the request sent, or the first of that
 */
export function codeSection(recorded, sent) {
  if (recorded.refusal === "malformed_http") return undefined;
  const request = again(recorded);
  const test = pytestSnippet(request, recorded, sent);
  const all = [...(isReadOnly ? [] : snippets(asCode(request))), ...(test ? [test] : [])];
  if (!all.length) return undefined;
  const node = element("div", { class: "as-code" });
  const show = () => {
    const chosen = all.find(({ name }) => name === localStore.get(LANGUAGE)) ?? all[0];
    node.classList.toggle("lines", !chosen.file.endsWith(".sh"));
    setChildren(node, ...snippetNodes(all, chosen, recorded, show));
  };
  show();
  return section("As code", false, node);
}

/**
 * @param {import("../../common/snippets.js").Snippet[]} all
 * @param {import("../../common/snippets.js").Snippet} chosen
 * @param {Api.Request} recorded
 * @param {() => void} redraw
 * @returns {Dom.Child[]}
 */
function snippetNodes(all, chosen, recorded, redraw) {
  const { name, code, file } = chosen;
  const choose = (/** @type {string} */ language) => {
    localStore.set(LANGUAGE, language);
    redraw();
  };
  const choices = all.map((each) =>
    button(each.name, () => choose(each.name), { class: "choice", "aria-pressed": String(each === chosen) }),
  );
  return [
    element("div", { class: "choices-in-line", role: "group", "aria-label": "Language" }, choices),
    code.includes(NO_KEY) &&
      element("p", { class: "muted" }, `Replace ${NO_KEY} with your API key. ${keyNote(recorded)}`),
    recorded.size > STORED_BYTES && element("p", { class: "muted" }, "Only the start of the body is stored."),
    element(
      "div",
      { class: "actions" },
      copyButton(`Code for ${name}`, () => code),
      downloadButton(file, code),
    ),
    codeBlock(`Code for ${name}`, withEscapes(code)),
  ];
}

/**
 * @param {string} file
 * @param {string} code
 */
function downloadButton(file, code) {
  const download = () => {
    const href = URL.createObjectURL(new Blob([code], { type: "text/plain" }));
    element("a", { href, download: file }).click();
    URL.revokeObjectURL(href);
  };
  return button(`Download ${file}`, download, { class: "small" });
}

/** @param {Api.Request} recorded */
function keyNote({ headers }) {
  const key = headers.find(([name]) => name.toLowerCase() === "x-api-key")?.[1];
  return key ? `The mock stores it shortened: ${key}.` : "The mock does not store it.";
}

/**
 * A recorded request as it can be made again.
 *
 * @param {Api.Request} recorded
 * @returns {Ui.HttpRequest}
 */
function again({ account, method, target, headers, body, refusal }) {
  const kept = headers.filter(([name]) => !OMITTED.has(name.toLowerCase()));
  const entries = kept.map(([name, value]) => [SPELLINGS[name.toLowerCase()] ?? name, value]);
  const all = Object.fromEntries(entries);
  if (refusal === "unauthorized") delete all[KEY];
  else if (KEY in all) all[KEY] = savedKeys()[account ?? ""] ?? NO_KEY;
  return { method, target, headers: all, body: body || undefined };
}
