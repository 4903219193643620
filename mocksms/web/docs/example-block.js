/** Examples of a body: one of them is shown, buttons choose another if there are several. */

import { button, copyButton } from "../inbox/ui/components.js";
import { element } from "../common/dom.js";

/**
 * @param {string} label what they are examples of
 * @param {{ name: string, text: string }[]} examples
 */
export function exampleBlock(label, examples) {
  const code = element("pre", { class: "code-block", tabindex: "0", role: "region" });
  const tabs = element("div", { class: "tabs", role: "group", "aria-label": `${label}: examples` });
  const bar = element(
    "div",
    { class: "bar" },
    tabs,
    copyButton("Example", () => code.textContent ?? ""),
  );
  const show = (/** @type {{ name: string, text: string }} */ { name, text }) => {
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab.textContent === name));
    code.setAttribute("aria-label", `${label}: ${name}`);
    code.textContent = text;
  };
  tabs.append(...examples.map((each) => button(each.name, () => show(each), { class: "flat small" })));
  show(examples[0]);
  return element("div", { class: "sample" }, examples.length > 1 && bar, code);
}
