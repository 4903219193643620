/** A pill of the strip: a click opens the place where the condition is set, × ends it. */

import { element } from "../../common/dom.js";
import { control } from "../state/read-only.js";
import { navigate } from "../state/route.js";
import { button } from "../ui/components.js";
import { icon } from "../ui/icons.js";
import { attempt } from "../ui/notices.js";
import { singleLine } from "../ui/text.js";

const MAX_CHARACTERS = 80;

export class Pill {
  /** @type {import("./conditions.js").Condition | undefined} */
  #condition;
  #text = element("bdi");
  #actions;

  /** @param {{ hide: () => void, onEnd: () => void }} actions */
  constructor(actions) {
    this.#actions = actions;
    this.open = button("", () => this.#condition && navigate(this.#condition.place), { class: "open" });
    this.open.append(element("span", { class: "dot" }), this.#text);
    this.end = button("", () => this.#end(), { class: "end" });
    this.end.append(icon("cross"));
    this.node = element("div", { class: "pill" }, this.open, control(this.end));
  }

  /**
   * Show a condition.
   *
   * @param {import("./conditions.js").Condition} condition
   */
  update(condition) {
    this.#condition = condition;
    const text = singleLine(condition.text, MAX_CHARACTERS);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.node.dataset.kind = condition.kind;
    this.open.title = singleLine(condition.about, 400);
    const name = `${condition.endName}: ${singleLine(condition.name, MAX_CHARACTERS)}`;
    if (this.end.getAttribute("aria-label") !== name) this.end.setAttribute("aria-label", name);
    this.end.title = condition.endName;
  }

  async #end() {
    const end = this.#condition?.end;
    if (!end) this.#actions.hide();
    else if (await attempt(end)) this.#actions.onEnd();
  }
}
