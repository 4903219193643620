/** What happens, as it happens: a stream that resumes where it was, and says when it is not live. */

import { Unanswered, credentials, gate } from "./client.js";
import { tell } from "../ui/components.js";

const SILENCE = 40_000; // The mock writes at least every 15 s: a line that says nothing for longer is dead.
const REST = 3; // So many times as long as some work took, the page leaves it alone.
const PAUSES = [500, 1_000, 2_000, 5_000];

/** Wait for something from a line, and give the line up if it says nothing for too long. */
function inTime(promise, controller) {
  const watch = setTimeout(() => controller.abort(), SILENCE);
  return promise.finally(() => clearTimeout(watch));
}

/** Run something once with the next frame, or a little later where the page is hidden and draws none. */
export function soon(work) {
  let isDone = false;
  const once = () => {
    if (!isDone) work();
    isDone = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, 200);
}

/**
 * Follows the event stream. Hears `news` with all that came since the last frame, `afresh` when what is shown has to be
 * read again, and `state` with whether it is live.
 */
export class Live extends EventTarget {
  #pending = [];
  #last = null;
  #failures = 0;
  #controller = null;
  #pause = null;
  #account = undefined;
  state = "connecting";
  why = "";
  epoch = "";

  /** Follow an account, or all; from the beginning if it is another than before. */
  follow(account) {
    if (this.#controller && account === this.#account) return;
    this.#account = account;
    this.#last = null;
    this.retry();
  }

  /** Let go of the line until `retry`: a browser has six of them for all its tabs at a host, and waits for more. */
  rest() {
    clearTimeout(this.#pause);
    this.#controller?.abort();
    this.#controller = null;
    this.#say("resting");
  }

  /** Connect again at once. */
  retry() {
    clearTimeout(this.#pause);
    this.#controller?.abort();
    const controller = (this.#controller = new AbortController());
    this.#run(controller)
      .catch(({ message }) => message)
      .then((why) => {
        if (this.#controller !== controller) return;
        this.#say("lost", why);
        const pause = PAUSES[Math.min(this.#failures++, PAUSES.length - 1)];
        this.#pause = setTimeout(() => this.retry(), pause);
      });
  }

  async #run(controller) {
    const query = this.#account ? `?account=${encodeURIComponent(this.#account)}` : "";
    const resume = this.#last ? { "Last-Event-ID": this.#last } : {};
    const headers = { ...credentials(), ...resume };
    const { signal } = controller;
    const asked = fetch(`/_mock/events${query}`, { headers, signal, cache: "no-store" });
    const answer = await inTime(asked, controller);
    if (answer.status === 401) gate.dispatchEvent(new Event("token"));
    if (!answer.ok) throw new Error((await answer.json()).error.message);
    this.#say("live");
    this.#failures = 0;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await inTime(reader.read(), controller);
      if (done || this.#controller !== controller) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      events.forEach((event) => this.#hear(event));
    }
  }

  #hear(event) {
    const fields = Object.fromEntries(event.split("\n").map((words) => words.split(/: (.*)/s)));
    if (fields.id) {
      this.#last = fields.id;
      this.epoch = fields.id.split(".")[0];
    }
    if (!fields.event) return;
    this.#pending.push({ kind: fields.event, ...JSON.parse(fields.data) });
    if (this.#pending.length === 1) soon(() => this.#tell());
  }

  #tell() {
    const news = this.#pending;
    this.#pending = [];
    if (news.some(({ kind }) => kind === "open" || kind === "missed")) this.dispatchEvent(new Event("afresh"));
    else this.dispatchEvent(new CustomEvent("news", { detail: news }));
  }

  #say(state, why = "") {
    this.state = state;
    this.why = why;
    this.dispatchEvent(new Event("state"));
  }
}

/** Say what went wrong with what nobody asked for, where the page does not say it anyway: not live, or no token yet. */
export function excuse(error) {
  if (!(error instanceof Unanswered) && error.status !== 401) tell(error.message, true);
}

/**
 * Make of some work one that runs at most every so often, never twice at a time, and once more for what came meanwhile.
 * What takes long is done less often, so that a page does not keep a mock of many accounts busy.
 */
export function calmly(work, pause = 250) {
  let isWanted = false;
  let isRunning = false;
  return async function run() {
    isWanted = true;
    if (isRunning) return;
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      const began = performance.now();
      await work().catch(excuse);
      const took = performance.now() - began;
      await new Promise((done) => {
        setTimeout(done, Math.max(pause, REST * took));
      });
    }
    isRunning = false;
  };
}
