/** The mock's own time: frozen, moved forward, let run again. */

import { element } from "../../shared/dom.js";
import { call } from "../api/client.js";
import { attempt, button, section, tell } from "../ui/components.js";
import { state } from "../state/mock-state.js";
import { clockTime, moment, span } from "../ui/time.js";

export class ClockPart {
  constructor() {
    this.now = element("p", { class: "now", role: "status" });
    this.toggle = button("", () => this.#post(state.clock.frozen ? "resume" : "freeze"));
    this.due = button("To the next step", () => this.#post("advance", { to: state.clock.next_due }));
    this.by = element("input", { "aria-label": "Move time forward by", value: "1h", size: "6" });
    const form = element(
      "form",
      { class: "actions" },
      this.by,
      element("button", {}, "Advance"),
      ["1m", "1h", "1d"].map((by) => button(`+${by}`, () => this.#post("advance", { by }), { class: "small" })),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#post("advance", { by: this.by.value });
    });
    this.node = section("Clock", true, this.now, element("div", { class: "actions" }, this.toggle, this.due), form);
  }

  async refresh() {
    await state.read();
    const { frozen, next_due: due } = state.clock;
    this.now.textContent =
      `${moment(state.now())}, ${frozen ? "frozen" : "running"}` +
      (due ? `; the next step of an SMS is due in ${span(Date.parse(due) - state.now())}` : "; nothing is planned");
    this.toggle.textContent = frozen ? "Let it run" : "Freeze";
    this.due.hidden = !due;
  }

  async #post(word, body) {
    const clock = await attempt(() => call("POST", `clock/${word}`, { body }));
    if (!clock) return;
    tell(`It is ${clockTime(clock.now)}${clock.frozen ? ", and stays so" : ""}.`);
    await this.refresh();
  }
}
