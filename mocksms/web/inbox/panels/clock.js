/** The section of the controls for the clock of the mock: freeze, advance, resume. */

import { element } from "../../common/dom.js";
import { request } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { control, isReadOnly } from "../state/read-only.js";
import { button, section } from "../ui/components.js";
import { attemptWith } from "../ui/form-errors.js";
import { showNotice } from "../ui/notices.js";
import { clockTime, exactDateTime, formatDuration } from "../ui/time.js";

const QUICK_ADVANCES = ["1m", "1h", "1d"];

export class ClockSection {
  constructor() {
    this.time = element("p", { class: "time", role: "status" });
    this.toggle = button("", () => this.#post(mockState.clock.frozen ? "resume" : "freeze"));
    this.toNext = button("Advance to the next step", () => this.#post("advance", { to: mockState.clock.next_due }));
    this.by = element("input", { "aria-label": "Advance the clock by", value: "1h", size: "6" });
    const form = element(
      "form",
      { class: "actions" },
      this.by,
      element("button", {}, "Advance"),
      QUICK_ADVANCES.map((by) => button(`+${by}`, () => this.#post("advance", { by }), { class: "small" })),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#post("advance", { by: this.by.value }, { by: this.by });
    });
    const buttons = element("div", { class: "actions" }, this.toggle, this.toNext);
    this.node = section("Clock", true, this.time, control(buttons), control(form));
  }

  /** Read and show the clock. */
  async refresh() {
    await mockState.load();
    const { frozen, next_due: due } = mockState.clock;
    const now = mockState.now();
    const next = due
      ? `Next step or callback in ${formatDuration(Date.parse(due) - now.getTime())}.`
      : "Nothing is due.";
    const state = isReadOnly ? "when it was saved" : frozen ? "frozen" : "running";
    this.time.textContent = `${exactDateTime(now)}, ${state}. ${next}`;
    this.toggle.textContent = frozen ? "Resume" : "Freeze";
    this.toNext.hidden = !due;
  }

  /**
   * @param {string} action
   * @param {object} [body]
   * @param {Record<string, HTMLInputElement>} [fields] that show what is wrong
   */
  async #post(action, body, fields = {}) {
    const clock = await attemptWith(fields, () => request("POST", `clock/${action}`, { body }));
    if (!clock) return;
    showNotice(`Clock ${clock.frozen ? "frozen" : "running"} at ${clockTime(clock.now)}.`);
    await this.refresh();
  }
}
