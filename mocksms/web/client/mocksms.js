/**
 * Client of a mock of mocksms, for tests in JavaScript. It needs `fetch` alone, and runs in Node 18 or later: in
 * Playwright, Vitest, Cypress tasks and Node's own test runner. The types are in `mocksms.d.ts`.
 */

/**
 * @import {
 *   Callback, CallbackFilters, Clock, Expected, Fault, FaultOptions, Filters, Message, Reply, Timeout, Webhook
 * } from "./mocksms.d.ts"
 */

const PAGE = 1_000;

/** The mock refused a request, or what a test expects did not come. The message is the explanation of the mock. */
export class MockSMSError extends Error {
  /**
   * @param {string} message
   * @param {number} status of the response, 0 without one
   * @param {unknown} body of the response
   */
  constructor(message, status, body) {
    super(message);
    this.name = "MockSMSError";
    this.status = status;
    this.body = body;
  }
}

/** A running mock, seen by one account. */
export class MockSMS {
  /** @type {string} */
  #url;
  /** @type {string | undefined} */
  #token;

  /**
   * @param {string | undefined} url of the mock, with or without `/rest/v1`
   * @param {{ account?: string, token?: string }} [options] the API key of the account, and the control token
   */
  constructor(url, { account = "tests", token } = {}) {
    if (!url || !/^https?:\/\/[^/]/i.test(url)) {
      throw new TypeError(`The URL of the mock is ${JSON.stringify(url)}, but must begin with http: or https:.`);
    }
    if (!/^[!-~]([ -~]*[!-~])?$/.test(account)) {
      throw new TypeError(`The account is ${JSON.stringify(account)}, but must be an API key in ASCII.`);
    }
    this.#url = url.replace(/\/+$/, "").replace(/\/rest\/v1$/, "");
    this.#token = token;
    this.account = account;
    /** The base URL for the application under test. */
    this.baseUrl = `${this.#url}/rest/v1`;
  }

  /**
   * The messages that match, oldest first: at most the latest 1,000.
   *
   * @param {Filters} [filters]
   * @returns {Promise<Message[]>}
   */
  async outbox(filters = {}) {
    const page = await this.#call("GET", "messages", { limit: PAGE, ...filters });
    return page.messages.reverse();
  }

  /**
   * Wait for a message that matches, at most `timeout` seconds (default 10), and return the newest one.
   *
   * Messages that were sent before count too: pass `since`, the cursor of a message, for later ones only.
   *
   * @param {Filters & Timeout} [filters]
   * @returns {Promise<Message>}
   */
  async waitForMessage({ timeout = 10, ...filters } = {}) {
    return (await this.#call("GET", "messages/wait", { timeout, ...filters })).messages[0];
  }

  /**
   * Wait for a message that matches and has a code, at most `timeout` seconds (default 10), and return the code in the
   * newest one, the best of several.
   *
   * @param {Filters & Timeout} [filters]
   * @returns {Promise<string>}
   */
  async waitForCode({ timeout = 10, ...filters } = {}) {
    const found = this.waitForMessage({ ...filters, has_code: true, timeout });
    const message = await found.catch(async (error) => {
      if (error.status !== 408) throw error;
      const { messages } = await this.#call("GET", "messages", { ...filters, has_code: false, limit: 1 });
      if (messages.length === 0) throw error;
      const text = JSON.stringify(messages[0].text);
      throw new MockSMSError(`No message has a code, the newest is ${text}.`, 408, messages[0]);
    });
    return message.codes[0].code;
  }

  /**
   * Check that messages were sent, at least one by default, and return them, oldest first.
   *
   * @param {Expected} [expected]
   * @returns {Promise<Message[]>}
   */
  async assertSent(expected = {}) {
    return (await this.#call("POST", "verify", {}, expected)).messages.reverse();
  }

  /**
   * The magic number with an outcome, such as `kosher`.
   *
   * @param {string} name
   * @param {number} [lane] 0 to 99: parallel tests can each have their own number
   */
  async number(name, lane = 0) {
    /** @type {{ numbers: { name: string, number: string }[] }} */
    const { numbers } = await this.#call("GET", "numbers");
    const found = numbers.find((each) => each.name === name);
    if (!found) {
      const names = numbers.map((each) => each.name).join(", ");
      throw new MockSMSError(`There is no magic number ${JSON.stringify(name)}; the names are ${names}.`, 0, numbers);
    }
    if (!Number.isInteger(lane) || lane < 0 || lane > 99) throw new RangeError(`The lane is ${lane}, not 0 to 99.`);
    return found.number.slice(0, -2) + String(lane).padStart(2, "0");
  }

  /**
   * Set a fault, such as `{ kind: "status", status: 503 }`, and return its id. It takes precedence over all rules.
   *
   * @param {Fault} fault
   * @param {FaultOptions} [options]
   * @returns {Promise<number>}
   */
  async fault(fault, options = {}) {
    return (await this.#call("POST", "faults", {}, { fault, ...options })).id;
  }

  /** End all faults of the account that were set manually. */
  async endFaults() {
    await this.#call("DELETE", "faults");
  }

  /**
   * Reply from a phone. Words such as STOP opt it out.
   *
   * @param {string} from the number of the phone
   * @param {string} text
   * @returns {Promise<Reply>}
   */
  async reply(from, text) {
    return this.#call("POST", "inbound", {}, { from, text });
  }

  /**
   * Freeze the clock of the account.
   *
   * @param {string | Date} [at] the time, by default the present one
   * @returns {Promise<Clock>}
   */
  async freeze(at) {
    const time = at instanceof Date ? at.toISOString() : at;
    return this.#call("POST", "clock/freeze", {}, time === undefined ? {} : { at: time });
  }

  /**
   * Advance the clock of the account; what is due meanwhile happens.
   *
   * @param {string | number} by a duration such as `1h`, or seconds
   * @returns {Promise<Clock>}
   */
  async advance(by) {
    return this.#call("POST", "clock/advance", {}, { by });
  }

  /**
   * Let the clock of the account run again.
   *
   * @returns {Promise<Clock>}
   */
  async resume() {
    return this.#call("POST", "clock/resume");
  }

  /**
   * The callbacks that match, oldest first: at most the latest 1,000.
   *
   * @param {CallbackFilters} [filters]
   * @returns {Promise<Callback[]>}
   */
  async callbacks(filters = {}) {
    return (await this.#call("GET", "callbacks", { limit: PAGE, ...filters })).callbacks.reverse();
  }

  /**
   * Register webhooks, in place of those that the account has.
   *
   * @param {...Webhook} webhooks
   */
  async webhooks(...webhooks) {
    await this.#call("PATCH", "account", {}, { webhooks });
  }

  /** Reset the account: its messages, requests, lists, faults and clock are as at the start. */
  async reset() {
    await this.#call("POST", "reset");
  }

  /**
   * Call the inspection API; throw a MockSMSError with the explanation if it refuses.
   *
   * @param {string} method
   * @param {string} path
   * @param {object} [query]
   * @param {object} [body]
   */
  async #call(method, path, query = {}, body = undefined) {
    const target = new URL(`${this.#url}/_mock/${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    /** @type {Record<string, string>} */
    const headers = { "X-API-Key": this.account };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(target, { method, headers, body: body && JSON.stringify(body) }).catch((error) => {
      throw new MockSMSError(`There is no mock at ${this.#url}: ${error.cause?.message ?? error.message}`, 0, null);
    });
    const text = await response.text();
    const content = response.headers.get("Content-Type")?.startsWith("application/json") ? JSON.parse(text) : text;
    if (response.ok) return content;
    const { explanation, message } = content.error ?? {};
    throw new MockSMSError(explanation?.text ?? message ?? `${response.status} ${text}`, response.status, content);
  }
}
