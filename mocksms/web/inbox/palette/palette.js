/** The palette: every command by its name, with Ctrl+K. */

import { element, setChildren } from "../../common/dom.js";
import { reportError } from "../ui/notices.js";
import { throttle } from "../ui/schedule.js";
import { singleLine } from "../ui/text.js";
import { fixedCommands, phoneCommands, queryCommands, scenarioCommands } from "./commands.js";
import { fitting } from "./matching.js";

/** @typedef {import("./commands.js").Command} Command */

const MAX_SHOWN = 60;
const MAX_CHARACTERS = 80;

export class Palette {
  /** @type {Command[]} */
  #fixed = [];
  /** @type {Command[]} */
  #phones = [];
  /** @type {Command[]} */
  #shown = [];
  #active = 0;
  #readPhones = throttle(() => this.#loadPhones());

  constructor() {
    this.input = element("input", {
      role: "combobox",
      "aria-label": "Command",
      "aria-expanded": "true",
      "aria-controls": "commands",
      "aria-autocomplete": "list",
      placeholder: "Command, phone, scenario or fault",
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
    });
    this.list = element("ul", { id: "commands", role: "listbox", "aria-label": "Commands" });
    this.empty = element("p", { class: "muted", role: "status" });
    this.node = element("dialog", { class: "palette", "aria-label": "Commands" }, this.input, this.list, this.empty);
    this.input.addEventListener("input", () => this.#onInput());
    this.input.addEventListener("keydown", (event) => this.#onKey(event));
    this.list.addEventListener("click", ({ target }) => this.#run(this.#placeOf(target)));
    this.list.addEventListener("pointermove", ({ target }) => this.#activate(this.#placeOf(target)));
    this.node.addEventListener("click", ({ target }) => target === this.node && this.node.close());
    addEventListener("keydown", (event) => this.#onAnyKey(event));
    document.body.append(this.node);
  }

  /** Open it, with nothing typed. */
  open() {
    if (document.querySelector("dialog[open]")) return;
    this.input.value = "";
    this.#fixed = fixedCommands();
    this.#phones = [];
    this.node.showModal();
    this.#onInput();
    this.#loadScenarios().catch(reportError);
  }

  /** @param {KeyboardEvent} event */
  #onAnyKey(event) {
    const isShortcut = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === "KeyK";
    if (!isShortcut) return;
    event.preventDefault();
    if (this.node.open) this.node.close();
    else this.open();
  }

  async #loadScenarios() {
    const scenarios = await scenarioCommands();
    this.#fixed = [...this.#fixed, ...scenarios];
    this.#draw();
  }

  async #loadPhones() {
    if (!this.node.open) return;
    this.#phones = await phoneCommands(this.input.value);
    this.#draw();
  }

  #onInput() {
    this.#active = 0;
    this.#draw();
    this.#readPhones();
  }

  #draw() {
    const query = this.input.value;
    const active = this.#shown[this.#active]?.label;
    const made = queryCommands(query);
    const found = [...fitting(query, this.#fixed), ...this.#phones];
    this.#shown = [...made.slice(0, -1), ...found.slice(0, MAX_SHOWN), ...made.slice(-1)];
    setChildren(this.list, this.#shown.map(option));
    this.empty.textContent = found.length ? "" : "No command has this name.";
    const place = this.#shown.findIndex(({ label }) => label === active);
    this.#activate(this.#active && place > 0 ? place : 0);
  }

  /** @param {number} place */
  #activate(place) {
    if (place < 0) return;
    this.#active = place;
    [...this.list.children].forEach((node, index) => node.setAttribute("aria-selected", String(index === place)));
    this.input.setAttribute("aria-activedescendant", `command-${place}`);
  }

  /** @param {EventTarget | null} target */
  #placeOf(target) {
    const node = target instanceof Element && target.closest("[role=option]");
    return node ? [...this.list.children].indexOf(node) : -1;
  }

  /** @param {number} place */
  #run(place) {
    const command = this.#shown[place];
    if (!command) return;
    this.node.close();
    command.run();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const count = this.#shown.length;
    if (event.isComposing || !count) return;
    if (event.key === "ArrowDown") this.#move((this.#active + 1) % count);
    else if (event.key === "ArrowUp") this.#move((this.#active || count) - 1);
    else if (event.key === "Enter") this.#run(this.#active);
    else return;
    event.preventDefault();
  }

  /** @param {number} place */
  #move(place) {
    this.#activate(place);
    this.list.children[place]?.scrollIntoView({ block: "nearest" });
  }
}

/**
 * @param {Command} command
 * @param {number} index
 */
function option({ kind, label }, index) {
  return element(
    "li",
    { role: "option", id: `command-${index}` },
    element("bdi", {}, singleLine(label, MAX_CHARACTERS)),
    " ",
    element("span", { class: "muted" }, kind),
  );
}
