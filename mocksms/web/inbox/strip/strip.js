/** The strip below the bar: a pill for each thing that makes the mock behave in another way than by default. */

import { get } from "../api/client.js";
import { navigate } from "../state/route.js";
import { attempt, showNotice } from "../ui/notices.js";
import { throttle } from "../ui/schedule.js";
import { conditionsOf } from "./conditions.js";
import { Pill } from "./pill.js";

const PAUSE_MS = 250;
const TICK_MS = 1_000;
const RELEVANT_EVENTS = ["account", "callback", "clock", "deleted", "faults", "reset", "scenario"];
const COUNTED_EVENTS = ["message", "request"]; // They use up faults and rules.

export class Strip {
  /** @type {Map<string, Pill>} */
  #pills = new Map();
  /** @type {Api.Conditions | undefined} */
  #found;
  /** @type {Set<string>} the ids of conditions that were hidden */
  #hidden = new Set();
  #epoch = "";
  #restartedAt = "";

  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    this.refresh = throttle(() => this.#refresh(), PAUSE_MS);
    setInterval(() => this.draw(), TICK_MS); // Runs as long as the page is open.
  }

  /** @param {Ui.MockEvent[]} events */
  onEvents(events) {
    const hasCounts = Boolean(this.#found?.faults.length || this.#found?.scenarios.length);
    const isRelevant = (/** @type {string} */ kind) =>
      RELEVANT_EVENTS.includes(kind) || (hasCounts && COUNTED_EVENTS.includes(kind));
    if (events.some(({ kind }) => isRelevant(kind))) this.refresh();
  }

  /**
   * Note the run of the mock that the page shows; another one than before means a restart.
   *
   * @param {string} epoch the id of the run: when it began, in milliseconds, hexadecimal
   */
  onRun(epoch) {
    if (this.#epoch && epoch !== this.#epoch) this.#restartedAt = new Date(parseInt(epoch, 16)).toISOString();
    this.#epoch = epoch;
    this.refresh();
  }

  /** Show how much time is left. */
  draw() {
    if (!this.#found) return;
    const conditions = conditionsOf(this.#found, this.#restartedAt).filter(({ id }) => !this.#hidden.has(id));
    const before = this.#pills;
    this.#pills = new Map(conditions.map((each) => [each.id, before.get(each.id) ?? this.#create(each.id)]));
    const hadFocus = this.node.contains(document.activeElement);
    before.forEach((pill, id) => this.#pills.has(id) || pill.node.remove());
    conditions.forEach((each, index) => {
      const pill = /** @type {Pill} */ (this.#pills.get(each.id));
      pill.update(each);
      if (this.node.children[index] !== pill.node) this.node.insertBefore(pill.node, this.node.children[index] ?? null);
    });
    this.node.hidden = !conditions.length;
    if (hadFocus && !this.node.contains(document.activeElement)) this.#focusNext();
  }

  /** Open the latest callback that failed. */
  async openFailing() {
    const found = await attempt(() => get("conditions"));
    const failing = found && conditionsOf(found, "").find(({ kind }) => kind === "failing");
    if (failing) navigate(failing.place);
    else if (found) showNotice("No callback fails.");
  }

  async #refresh() {
    this.#found = await get("conditions");
    this.draw();
  }

  /** @param {string} id */
  #create(id) {
    return new Pill({
      hide: () => {
        this.#hidden.add(id);
        this.draw();
      },
      onEnd: () => this.refresh(),
    });
  }

  #focusNext() {
    const next = this.node.querySelector("button") ?? document.getElementById("controls");
    next?.focus();
  }
}
