/** The event stream of the mock: it resumes where it stopped, and says when it is not live. */

import { pathOf } from "../../common/base.js";
import { messageOf } from "../../common/errors.js";
import { inNextFrame } from "../ui/schedule.js";
import { authEvents, authHeaders } from "./client.js";

const MAX_SILENCE_MS = 40_000; // The mock writes at least every 15 s: a stream that is silent for longer is dead.
const RECONNECT_MS = [500, 1_000, 2_000, 5_000];

/**
 * Wait for the stream, and abort it if it is silent for too long.
 *
 * @template Result
 * @param {Promise<Result>} promise
 * @param {AbortController} controller
 * @returns {Promise<Result>}
 */
function abortIfSilent(promise, controller) {
  const timer = setTimeout(() => controller.abort(), MAX_SILENCE_MS);
  return promise.finally(() => clearTimeout(timer));
}

/**
 * Reads the event stream. Emits `events` with all that came since the last frame, `resync` when everything shown has to
 * be read again because events may have been missed, and `state` when it is live or no longer live.
 */
export class Live extends EventTarget {
  /** @type {Ui.MockEvent[]} */
  #pending = [];
  /** @type {string | null} */
  #lastId = null;
  #failures = 0;
  /** @type {AbortController | null} */
  #controller = null;
  /** @type {number | undefined} */
  #timer;
  /** @type {string | undefined} */
  #account;
  /** @type {"connecting" | "live" | "lost" | "disconnected"} */
  state = "connecting";
  reason = "";
  epoch = "";

  /**
   * Read the events of an account, or of all; from the beginning if it is another one than before.
   *
   * @param {string | undefined} account
   */
  follow(account) {
    if (this.#controller && account === this.#account) return;
    this.#account = account;
    this.#lastId = null;
    this.reconnect();
  }

  /** Give up the connection until `reconnect`: a browser opens six per host for all its tabs, and waits for more. */
  disconnect() {
    this.#abort();
    this.#controller = null;
    this.#setState("disconnected");
  }

  /** Connect again at once. */
  reconnect() {
    this.#abort();
    const controller = new AbortController();
    this.#controller = controller;
    this.#read(controller)
      .catch(messageOf)
      .then((reason) => {
        if (this.#controller !== controller) return;
        this.#setState("lost", reason ?? "");
        const pause = RECONNECT_MS[Math.min(this.#failures++, RECONNECT_MS.length - 1)];
        this.#timer = setTimeout(() => this.reconnect(), pause);
      });
  }

  #abort() {
    clearTimeout(this.#timer);
    this.#controller?.abort();
  }

  /** @param {AbortController} controller */
  async #read(controller) {
    const query = this.#account ? `?account=${encodeURIComponent(this.#account)}` : "";
    const headers = authHeaders();
    if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
    const { signal } = controller;
    const request = fetch(pathOf(`/_mock/events${query}`), { headers, signal, cache: "no-store" });
    const response = await abortIfSilent(request, controller);
    if (response.status === 401) authEvents.dispatchEvent(new Event("unauthorized"));
    if (!response.ok || !response.body) throw new Error((await response.json()).error.message);
    this.#setState("live");
    this.#failures = 0;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await abortIfSilent(reader.read(), controller);
      if (done || this.#controller !== controller) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop() ?? "";
      events.forEach((event) => this.#onEvent(event));
    }
  }

  /** @param {string} event */
  #onEvent(event) {
    const fields = Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/s)));
    if (fields.id) {
      this.#lastId = fields.id;
      this.epoch = fields.id.split(".")[0];
    }
    if (!fields.event) return;
    this.#pending.push({ kind: fields.event, ...JSON.parse(fields.data) });
    if (this.#pending.length === 1) inNextFrame(() => this.#emitPending());
  }

  #emitPending() {
    const events = this.#pending;
    this.#pending = [];
    if (events.some(({ kind }) => kind === "open" || kind === "missed")) this.dispatchEvent(new Event("resync"));
    else this.dispatchEvent(new CustomEvent("events", { detail: events }));
  }

  /**
   * @param {Live["state"]} state
   * @param {string} [reason]
   */
  #setState(state, reason = "") {
    this.state = state;
    this.reason = reason;
    this.dispatchEvent(new Event("state"));
  }
}
