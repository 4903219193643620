/** The list of callbacks, below the webhooks that they go to. */

import { element } from "../../common/dom.js";
import { get, request } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { callbackPlace } from "../state/places.js";
import { control, isReadOnly } from "../state/read-only.js";
import { filters, hasFilters, navigate, route, view, withoutFilters } from "../state/route.js";
import { webhookEvents, webhookState } from "../state/webhooks.js";
import { COLOURS } from "../panels/callback.js";
import { button, formatted, plural } from "../ui/components.js";
import { icon } from "../ui/icons.js";
import { attempt } from "../ui/notices.js";
import { patch } from "../ui/patch.js";
import { singleLine } from "../ui/text.js";
import { renderRow } from "./callback-row.js";
import { updateCountdowns } from "./due.js";
import { PagedList } from "./paged-list.js";
import { filterChip, unknownKeyLines } from "./search-chips.js";
import { WebhookCards, addButton } from "./webhook-cards.js";

const RELEVANT_EVENTS = ["callback", "account", "scenario", "clock"];
const TICK_MS = 1_000;
/** @type {("failed" | "pending" | "delivered" | "dropped")[]} */
const STATES = ["failed", "pending", "delivered", "dropped"];

export class Callbacks {
  /** @type {Ui.Page | undefined} */
  #page;

  /** @param {HTMLElement} node */
  constructor(node) {
    this.cards = new WebhookCards();
    /** @type {PagedList<Api.Callback>} */
    this.paged = new PagedList({
      node,
      top: this.cards.node,
      label: "Callbacks",
      key: ({ id }) => String(id),
      render: renderRow,
      open: ({ id }) => navigate(callbackPlace(id)),
      read,
      onPage: (page) => {
        this.#page = page;
        this.#draw();
      },
    });
    this.paged.list.node.classList.add("callbacks");
    this.refresh = this.paged.refresh;
    webhookEvents.addEventListener("change", () => this.paged.isShown && this.#draw());
    setInterval(() => this.paged.isShown && updateCountdowns(this.paged.list.node), TICK_MS);
  }

  /** Show what the URL says. */
  onRouteChange() {
    this.cards.draw();
    this.paged.show();
    this.paged.list.select(route().callback);
  }

  /**
   * Show a new state of a callback at once; read the newest again for anything else.
   *
   * @param {Ui.MockEvent[]} events
   */
  onEvents(events) {
    if (events.some(({ kind }) => kind === "reset" || kind === "account")) this.paged.invalidate();
    const changed = new Map(events.filter(({ kind }) => kind === "callback").map((event) => [event.id, event]));
    if (this.paged.items.some(({ id }) => changed.has(id))) {
      this.paged.set(this.paged.items.map((callback) => withEvent(callback, changed.get(callback.id))));
    }
    if (events.some(({ kind }) => RELEVANT_EVENTS.includes(kind) || kind === "reset")) this.refresh();
  }

  /** Read everything again with the next refresh: what is shown may no longer exist. */
  invalidate() {
    this.paged.invalidate();
  }

  /** @param {number} step */
  move(step) {
    this.paged.list.move(step);
  }

  /** Draw the rows and the webhooks again: accounts have changed. */
  redraw() {
    this.paged.set(this.paged.items.map((callback) => ({ ...callback })));
    this.cards.draw();
    this.#draw();
  }

  #draw() {
    if (!this.#page) return;
    const showsAccount = mockState.showsAccounts();
    this.paged.list.node.classList.toggle("with-account", showsAccount);
    const evicted = this.#page.evicted ? `, ${formatted(this.#page.evicted)} old ones evicted` : "";
    const count = `${plural(this.#page.total, "callback")}${hasFilters() ? " found" : ""}${evicted}`;
    this.paged.showStatus(count, ...statusActions());
    patch(this.paged.filters, [...unknownKeyLines("in all fields"), ...stateChips()]);
    this.paged.list.select(route().callback, false);
    this.paged.showEmptyState(emptyState());
  }
}

/** @param {Ui.Query} query */
async function read(query) {
  const page = await get("callbacks", { ...filters(), ...query });
  return { page, rows: page.callbacks };
}

/**
 * A callback with its new state. All its attempts but the last one have failed.
 *
 * @param {Api.Callback} callback
 * @param {Ui.MockEvent | undefined} event
 * @returns {Api.Callback}
 */
function withEvent(callback, event) {
  if (!event?.state) return callback;
  const isPending = event.state === "pending";
  const attempts = [...callback.attempts];
  while (attempts.length < (event.attempts ?? 0)) {
    const isLast = attempts.length + 1 === event.attempts;
    const error = isLast && event.state === "delivered" ? null : "failed";
    attempts.push({ at: "", status: null, body: "", duration: 0, error });
  }
  const due = isPending ? callback.due_at : null;
  return { ...callback, state: event.state, attempts, due_at: due, paused: isPending && callback.paused };
}

/** The actions beside the number of callbacks. */
function statusActions() {
  const failed = webhookState()?.counts.failed_unrepeated ?? 0;
  const replay = button(`Replay all failed (${formatted(failed)})`, replayFailed, { class: "small" });
  replay.prepend(icon("retry"));
  const showAll = button("Show all", () => navigate(withoutFilters()), { class: "small" });
  const controls = isReadOnly ? [] : [...(failed ? [replay] : []), ...(webhookState()?.total ? [addButton()] : [])];
  return [...(hasFilters() ? [showAll] : []), ...controls];
}

async function replayFailed() {
  const done = await attempt(() => request("POST", "callbacks/failed/replay"), "Replayed all that failed.");
  if (done && view() === "callbacks") navigate(withoutFilters());
}

/** The states of callbacks with their numbers; a click lists those of one state. */
function stateChips() {
  const counts = webhookState()?.counts;
  if (!counts) return [];
  const numbers = { ...counts, pending: counts.pending + counts.retrying };
  const { state: chosen, url, kind } = filters();
  return [
    ...STATES.filter((state) => numbers[state] || state === chosen).map((state) =>
      chip("state", state, state === chosen, { dot: COLOURS[state] ?? "", count: url ? 0 : numbers[state] }),
    ),
    ...(url ? [chip("url", url, true, { text: `to ${url}` })] : []),
    ...(kind && !url ? [chip("kind", kind, true)] : []),
  ];
}

/**
 * @param {string} name of the filter
 * @param {string} value
 * @param {boolean} isOn
 * @param {{ text?: string, dot?: string, count?: number }} [about]
 */
function chip(name, value, isOn, { text = value, dot, count } = {}) {
  const changes = name === "url" ? { url: null, kind: null } : { [name]: isOn ? null : value };
  const onclick = () => navigate({ ...changes, callback: null });
  return filterChip({ id: `${name}:${value}`, text: singleLine(text), isOn, onclick, dot, count });
}

/** @returns {Dom.Child[]} */
function emptyState() {
  if (hasFilters()) return [element("h2", {}, "No callback found")];
  const webhooks = webhookState();
  if (!webhooks) return [];
  const hasWebhooks = webhooks.total > 0;
  return [
    element("h2", {}, isReadOnly ? "No callbacks" : "No callbacks yet"),
    element(
      "p",
      {},
      hasWebhooks
        ? "Send an SMS: each event that a webhook subscribes to is listed here, with every attempt and its response."
        : "A webhook is a URL of your application that the mock calls when an SMS is sent or fails, and when a phone replies. " +
            "Add one to see its callbacks here.",
    ),
    control(
      hasWebhooks
        ? element(
            "p",
            {},
            button("Send a test SMS", () => navigate({ panel: "compose" })),
          )
        : element(
            "p",
            {},
            button("Add webhook", () => navigate({ panel: "webhook" }), { class: "primary" }),
          ),
    ),
  ];
}
