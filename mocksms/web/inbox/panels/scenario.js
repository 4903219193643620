/** The section of the controls for the active scenario and the use of its rules. */

import { element, setChildren } from "../../common/dom.js";
import { ANY_ACCOUNT, get, request } from "../api/client.js";
import { control } from "../state/read-only.js";
import { button, section } from "../ui/components.js";
import { attempt } from "../ui/notices.js";
import { withEscapes } from "../ui/text.js";
import { ruleWords } from "./rule-words.js";

const COLUMNS = ["Rule", "matched", "applied", "left"];

export class ScenarioSection {
  /** @type {Map<number, number>} how often each rule was applied when it was drawn last */
  #applied = new Map();
  /** @type {Map<string, string>} what each scenario is about, by name */
  #descriptions = new Map();

  constructor() {
    this.select = element("select", { "aria-label": "Scenario" });
    this.description = element("p", { class: "muted" });
    this.rules = element("div", { class: "scroll", role: "region", "aria-label": "Rules", tabindex: "0" });
    this.unload = button("Unload", () => this.#change(() => request("DELETE", "scenario")));
    this.select.addEventListener("change", () => this.#showDescription());
    const load = button("Load", () => this.#change(() => this.#load()), { class: "primary" });
    this.node = section(
      "Scenario",
      true,
      control(element("div", { class: "actions" }, this.select, load, this.unload)),
      control(this.description),
      this.rules,
    );
  }

  /**
   * Read and show the active scenario.
   *
   * @param {string} [account] id; without it that of accounts created later
   */
  async refresh(account) {
    if (!this.#descriptions.size) {
      const { scenarios } = await get("scenarios", ANY_ACCOUNT);
      this.#descriptions = new Map(scenarios.map(({ name, about }) => [name, about]));
      this.select.replaceChildren(...[...this.#descriptions.keys()].map((name) => element("option", {}, name)));
      this.#showDescription();
    }
    this.#show(await get("scenario", { account }));
  }

  #showDescription() {
    this.description.replaceChildren(...withEscapes(this.#descriptions.get(this.select.value) ?? ""));
  }

  #load() {
    return request("PUT", "scenario", { query: { name: this.select.value } });
  }

  /** @param {() => Promise<Api.Scenario>} work */
  async #change(work) {
    this.#applied.clear();
    const scenario = await attempt(work);
    if (scenario) this.#show(scenario);
  }

  /** @param {Api.Scenario} scenario */
  #show({ names, rules, front }) {
    this.unload.hidden = !names.length;
    if (!names.length && !front.length) {
      const text = "No active scenario: magic numbers, lists and default rules decide.";
      setChildren(this.rules, element("p", { class: "muted" }, text));
      return;
    }
    const head = COLUMNS.map((name) => element("th", { scope: "col" }, name));
    setChildren(
      this.rules,
      element("p", {}, "Active: ", element("strong", {}, withEscapes(names.join(", ") || "none"))),
      element(
        "table",
        { class: "rules" },
        element("thead", {}, element("tr", {}, head)),
        element(
          "tbody",
          {},
          [...front, ...rules].map((rule, index) => this.#row(rule, index)),
        ),
      ),
    );
  }

  /**
   * @param {Api.Rule} rule
   * @param {number} index
   */
  #row({ label, matches, effect, matched, applied, left }, index) {
    const isNew = applied > (this.#applied.get(index) ?? applied);
    this.#applied.set(index, applied);
    const state = isNew ? "just-applied" : applied ? "applied" : "unused";
    const counters = element(
      "tr",
      { class: state },
      element("td", {}, element("bdi", {}, withEscapes(label))),
      element("td", {}, String(matched)),
      element("td", {}, String(applied)),
      element("td", {}, left === null ? "∞" : String(left)),
    );
    const words = element("td", { colspan: COLUMNS.length }, element("small", {}, ...ruleWords(matches, effect)));
    return [counters, element("tr", { class: `${state} words` }, words)];
  }
}
