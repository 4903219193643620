/** Wrong HTTP answers, set by hand: what kind, how often, how long; and when they end. */

import { element } from "../../shared/dom.js";
import { call, get } from "../api/client.js";
import { excuse } from "../api/live.js";
import { attempt, button, field, section } from "../ui/components.js";
import { refill } from "../ui/patch.js";
import { state } from "../state/mock-state.js";
import { visible } from "../ui/text.js";
import { clockTime, span } from "../ui/time.js";

/** What can go wrong, in words, and as the inspection API takes it. */
const KINDS = {
  "HTTP 503, come back in 2 s": { kind: "status", status: 503, retry_after: "2s" },
  "HTTP 500": { kind: "status", status: 500 },
  "HTTP 429, come back in 5 s": { kind: "status", status: 429, retry_after: "5s" },
  "HTTP 401": { kind: "unauthorized" },
  "at most 5 calls a minute": { kind: "rate_limit", limit: 5, per: "1m" },
  "answer after 5 s": { kind: "delay", duration: "5s" },
  "answer byte by byte over 5 s": { kind: "dribble", duration: "5s" },
  "body truncated": { kind: "truncated" },
  "malformed JSON": { kind: "malformed" },
  "empty body": { kind: "empty" },
  "accepted, then the connection is reset": { kind: "reset_after_accept" },
  "connection reset before anything is accepted": { kind: "reset_before_accept" },
};

export class FaultsPart {
  constructor() {
    this.list = element("ul", { class: "plain", "aria-label": "Faults in force" });
    this.kind = element(
      "select",
      { name: "kind" },
      Object.keys(KINDS).map((words) => element("option", {}, words)),
    );
    this.times = element("input", { name: "times", type: "number", min: "1", value: "1" });
    this.ttl = element("input", { name: "ttl", value: "10m", size: "6" });
    const form = element(
      "form",
      { class: "line" },
      field("The next sends get", this.kind),
      field("how often", this.times),
      field("at most for", this.ttl),
      element("button", {}, "Set the fault"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set();
    });
    this.node = section("Faults", true, form, this.list);
    setInterval(() => this.#count(), 1_000);
  }

  async refresh() {
    const faults = together((await get("faults")).faults);
    const rows = faults.map((fault) =>
      element(
        "li",
        { "data-id": fault.id },
        element("strong", {}, visible(fault.fault)),
        ` hit ${fault.applied}${left(fault)} `,
        element("span", { class: "soft until", "data-until": fault.until }),
        button("End it", () => this.#change(() => call("DELETE", `faults/${fault.id}`)), { class: "small" }),
      ),
    );
    const none = element("li", { class: "soft" }, "None: calls are answered as they should be.");
    refill(this.list, rows.length ? rows : [none]);
    this.#count(true);
  }

  async #set() {
    const body = { fault: KINDS[this.kind.value], ttl: this.ttl.value };
    if (this.times.value) body.times = Number(this.times.value);
    await this.#change(() => call("POST", "faults", { body }), "The fault is set.");
  }

  async #change(work, said) {
    if (await attempt(work, said)) await this.refresh();
  }

  #count(isFresh = false) {
    if (!this.list.isConnected) return;
    let isOver = false;
    for (const node of this.list.querySelectorAll(".until")) {
      const rest = Date.parse(node.dataset.until) - state.now();
      node.textContent = rest > 0 ? `ends in ${span(rest)}, at ${clockTime(node.dataset.until)}` : "is over";
      isOver ||= rest <= 0;
    }
    if (isOver && !isFresh) this.refresh().catch(excuse);
  }
}

/** Faults of all accounts, each shown once with the hits on every account; those of accounts to come stand last. */
function together(faults) {
  const found = new Map();
  for (const fault of faults) {
    const known = found.get(fault.id);
    if (fault.account === null) {
      if (!known && Date.parse(fault.until) > state.now()) found.set(fault.id, fault);
    } else {
      found.set(fault.id, known ? { ...known, applied: known.applied + fault.applied, left: null } : fault);
    }
  }
  return [...found.values()];
}

function left(fault) {
  if (fault.left === null) return "";
  return fault.left ? `, ${fault.left} left` : ", used up";
}
