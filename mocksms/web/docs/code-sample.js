/** A request in code, in the language that the reader chose last. */

import { localStore } from "../inbox/state/storage.js";
import { button, copyButton } from "../inbox/ui/components.js";
import { asCode, storedName } from "../common/base.js";
import { element } from "../common/dom.js";
import { snippets } from "../common/snippets.js";

const LANGUAGE = storedName("mocksms-docs-language");

const changes = new EventTarget();

/**
 * Show a request in code.
 *
 * @param {() => Ui.HttpRequest} read returns the request
 */
export function codeSample(read) {
  const code = element("pre", { class: "code-block", tabindex: "0", role: "region" });
  const tabs = element("div", { class: "tabs", role: "group", "aria-label": "Language" });
  const copy = copyButton("Code", () => code.textContent ?? "");
  const update = () => {
    const samples = snippets(asCode(read()));
    const chosen = samples.find(({ name }) => name === localStore.get(LANGUAGE)) ?? samples[0];
    if (!tabs.hasChildNodes()) tabs.append(...samples.map(({ name }) => languageButton(name)));
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab.textContent === chosen.name));
    code.setAttribute("aria-label", `Request: ${chosen.name}`);
    code.textContent = chosen.code.trimEnd();
  };
  changes.addEventListener("language", update);
  update();
  return { node: element("div", { class: "sample" }, element("div", { class: "bar" }, tabs, copy), code), update };
}

/** @param {string} name */
function languageButton(name) {
  const choose = () => {
    localStore.set(LANGUAGE, name);
    changes.dispatchEvent(new Event("language"));
  };
  return button(name, choose, { class: "flat small" });
}
