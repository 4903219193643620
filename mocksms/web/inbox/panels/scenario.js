/** Which scenario is in force, and which of its rules fired. */

import { element } from "../../shared/dom.js";
import { NOBODY, call, get } from "../api/client.js";
import { attempt, button, section } from "../ui/components.js";
import { visible } from "../ui/text.js";

export class ScenarioPart {
  #used = new Map();

  constructor() {
    this.shelf = new Map();
    this.pick = element("select", { "aria-label": "Scenario" });
    this.about = element("p", { class: "soft" });
    this.rules = element("div", { class: "scroll", role: "region", "aria-label": "Rules", tabindex: "0" });
    this.stop = button("Take it out", () => this.#change(() => call("DELETE", "scenario")));
    this.pick.addEventListener("change", () => this.#tellAbout());
    this.node = section(
      "Scenario",
      true,
      element(
        "div",
        { class: "actions" },
        this.pick,
        button("Load", () => this.#change(() => call("PUT", "scenario", { query: { name: this.pick.value } })), {
          class: "main",
        }),
        this.stop,
      ),
      this.about,
      this.rules,
    );
  }

  async refresh() {
    if (!this.shelf.size) {
      const { scenarios } = await get("scenarios", NOBODY);
      this.shelf = new Map(scenarios.map(({ name, about }) => [name, about]));
      this.pick.replaceChildren(...[...this.shelf.keys()].map((name) => element("option", {}, name)));
      this.#tellAbout();
    }
    this.#show(await get("scenario"));
  }

  #tellAbout() {
    this.about.replaceChildren(...visible(this.shelf.get(this.pick.value) ?? ""));
  }

  async #change(work) {
    this.#used.clear();
    const told = await attempt(work);
    if (told) this.#show(told);
  }

  #show({ names, rules }) {
    this.stop.hidden = !names.length;
    if (!names.length)
      return this.rules.replaceChildren(element("p", { class: "soft" }, "None is in force: numbers and lists decide."));
    const head = element(
      "tr",
      {},
      ["Rule", "met", "fired", "left"].map((word) => element("th", { scope: "col" }, word)),
    );
    return this.rules.replaceChildren(
      element("p", {}, "In force: ", element("strong", {}, visible(names.join(", ")))),
      element(
        "table",
        { class: "rules" },
        element("thead", {}, head),
        element(
          "tbody",
          {},
          rules.map((rule, place) => this.#row(rule, place)),
        ),
      ),
    );
  }

  #row(rule, place) {
    const fires = rule.applied > (this.#used.get(place) ?? rule.applied);
    this.#used.set(place, rule.applied);
    return element(
      "tr",
      { class: fires ? "fires" : rule.applied ? "used" : "unused" },
      element("td", {}, element("bdi", {}, visible(rule.label))),
      element("td", {}, String(rule.matched)),
      element("td", {}, String(rule.applied)),
      element("td", {}, rule.left === null ? "∞" : String(rule.left)),
    );
  }
}
