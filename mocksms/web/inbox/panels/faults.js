/** The section of the controls for faults: wrong HTTP responses for the next sends. */

import { element } from "../../common/dom.js";
import { get, request } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { control, isReadOnly } from "../state/read-only.js";
import { button, field, section } from "../ui/components.js";
import { attemptWith } from "../ui/form-errors.js";
import { attempt, reportError } from "../ui/notices.js";
import { patch } from "../ui/patch.js";
import { withEscapes } from "../ui/text.js";
import { ruleWords } from "./rule-words.js";
import { clockTime, formatDuration } from "../ui/time.js";

const TICK_MS = 1_000;
/** How long a fault is active, unless one says otherwise. */
export const FAULT_TTL = "10m";

/**
 * The faults to choose from: label, and what the inspection API takes.
 *
 * @type {Record<string, object>}
 */
export const FAULT_KINDS = {
  "HTTP 503, Retry-After 2 s": { kind: "status", status: 503, retry_after: "2s" },
  "HTTP 500": { kind: "status", status: 500 },
  "HTTP 429, Retry-After 5 s": { kind: "status", status: 429, retry_after: "5s" },
  "HTTP 401": { kind: "unauthorized" },
  "rate limit: 5 requests per minute": { kind: "rate_limit", limit: 5, per: "1m" },
  "response after 5 s": { kind: "delay", duration: "5s" },
  "response byte by byte over 5 s": { kind: "dribble", duration: "5s" },
  "body truncated": { kind: "truncated" },
  "malformed JSON": { kind: "malformed" },
  "empty body": { kind: "empty" },
  "connection reset after the send was accepted": { kind: "reset_after_accept" },
  "connection reset before the send is accepted": { kind: "reset_before_accept" },
  "no response until released or after 10 min": { kind: "hold", duration: "10m" },
};

export class FaultsSection {
  /** @type {number | undefined} */
  #timer;

  constructor() {
    this.list = element("ul", { class: "plain", "aria-label": "Active faults" });
    this.kind = element(
      "select",
      { name: "kind" },
      Object.keys(FAULT_KINDS).map((label) => element("option", {}, label)),
    );
    this.times = element("input", { name: "times", type: "number", value: "1" });
    this.ttl = element("input", { name: "ttl", value: FAULT_TTL, size: "6" });
    const form = element(
      "form",
      { class: "line" },
      field("The next sends get", this.kind),
      field("how many times", this.times),
      field("for at most", this.ttl),
      element("button", {}, "Set fault"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set();
    });
    this.node = section("Faults", true, control(form), this.list);
  }

  /** Count down the time that is left, once a second until `stopTimer`. */
  startTimer() {
    this.stopTimer();
    this.#timer = setInterval(() => this.#onTick(), TICK_MS);
  }

  stopTimer() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Read and show the active faults; of a trace also those that are used up, which may be why its test failed. */
  async refresh() {
    const { faults, ended } = await get("faults");
    const usedUp = isReadOnly ? ended.filter(({ left }) => left === 0) : [];
    const rows = mergedFaults([...faults, ...usedUp]).map((fault) => this.#row(fault));
    const none = element("li", { class: "muted" }, "No active faults.");
    patch(this.list, rows.length ? rows : [none]);
    this.#showTimeLeft();
  }

  /** @param {Api.Fault} fault */
  #row({ id, account, fault, matches, effect, applied, left, until, waiting }) {
    const remove = () => this.#change(() => request("DELETE", `faults/${id}`));
    const release = () => this.#change(() => request("POST", `faults/${id}/release`, { body: {} }));
    const held = [
      element("strong", {}, `${waiting.length} waiting`),
      control(button("Release", release, { class: "small" })),
    ];
    return element(
      "li",
      { "data-id": id },
      element("strong", {}, withEscapes(fault)),
      ` applied ${applied}${left === null ? "" : `, ${left} left`} `,
      element("small", { class: "rule-words" }, ...ruleWords(matches, effect)),
      account === null && mockState.accountCount > 0 && element("span", { class: "chip" }, "new accounts only"),
      (left !== 0 || waiting.length > 0) && element("span", { class: "muted until", "data-until": until }),
      ...(waiting.length ? held : []),
      control(button("Remove", remove, { class: "small" })),
    );
  }

  async #set() {
    const times = this.times.value ? { times: Number(this.times.value) } : {};
    const body = { fault: FAULT_KINDS[this.kind.value], ttl: this.ttl.value, ...times };
    const fields = { times: this.times, ttl: this.ttl };
    if (await attemptWith(fields, () => request("POST", "faults", { body }), "Fault set.")) await this.refresh();
  }

  /** @param {() => Promise<unknown>} work */
  async #change(work) {
    if (await attempt(work)) await this.refresh();
  }

  #onTick() {
    if (this.#showTimeLeft()) this.refresh().catch(reportError);
  }

  /** Show the time that each fault has left. Returns whether one has ended. */
  #showTimeLeft() {
    let hasEnded = false;
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(".until"))) {
      const until = node.dataset.until ?? "";
      const rest = Date.parse(until) - mockState.now().getTime();
      node.textContent = rest > 0 ? `ends in ${formatDuration(rest)}, at ${clockTime(until)}` : "has ended";
      hasEnded ||= rest <= 0;
    }
    return hasEnded;
  }
}

/**
 * Merge the rows of each fault: a fault for all accounts has a row per account and one, without account, for accounts
 * created later.
 *
 * @param {Api.Fault[]} faults those without an account come last
 */
export function mergedFaults(faults) {
  /** @type {Map<number, Api.Fault>} */
  const merged = new Map();
  for (const fault of faults) {
    const known = merged.get(fault.id);
    if (fault.account === null) {
      if (!known && Date.parse(fault.until) > mockState.now().getTime()) merged.set(fault.id, fault);
    } else {
      merged.set(fault.id, known ? sum(known, fault) : fault);
    }
  }
  return [...merged.values()];
}

/**
 * Add the row of a fault in one account to that of the same fault in others. The uses that are left are those of each
 * account, if they are equal.
 *
 * @param {Api.Fault} known
 * @param {Api.Fault} fault
 */
function sum(known, fault) {
  const waiting = [...known.waiting, ...fault.waiting];
  const left = known.left === fault.left ? known.left : null;
  return { ...known, applied: known.applied + fault.applied, left, waiting };
}
