/** Client of the inspection API. */

import { pathOf, storedName } from "../../common/base.js";
import { messageOf } from "../../common/errors.js";
import { route } from "../state/route.js";
import { tabStore } from "../state/storage.js";

const TOKEN = storedName("mocksms-token");
const KEYS = storedName("mocksms-keys");
const SEND_PATH = "/rest/v1/transactional/sms/send";
const MAX_SEND_SECONDS = 300;

/** Emits `unauthorized` when the mock requires the control token. */
export const authEvents = new EventTarget();

/** A refusal of the inspection API, with its message. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {Pick<Api.Error, "message" | "issues">} error
   */
  constructor(status, { message, issues }) {
    super(message);
    this.status = status;
    this.issues = issues;
  }
}

/** The mock did not respond. The page shows "not live" by itself then. */
export class NoResponse extends Error {}

/**
 * The header with the control token, if one was entered in this tab.
 *
 * @returns {Record<string, string>}
 */
export function authHeaders() {
  const token = tabStore.get(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/**
 * Store the control token for this tab.
 *
 * @param {string} token
 */
export function saveToken(token) {
  tabStore.set(TOKEN, token);
}

/**
 * The API keys used for test sends in this tab, by account id.
 *
 * @returns {Record<string, string>}
 */
export function savedKeys() {
  return tabStore.getObject(KEYS);
}

/**
 * Store the API key of an account for this tab.
 *
 * @param {string} account
 * @param {string} key
 */
export function saveKey(account, key) {
  tabStore.setObject(KEYS, { ...savedKeys(), [account]: key });
}

/** A query for what belongs to no account, or whichever account it belongs to. */
export const ANY_ACCOUNT = { account: undefined };

/**
 * Send a request to the inspection API, for the selected account unless the query has another one.
 *
 * @param {string} method
 * @param {string} path below `/_mock/`
 * @param {{ query?: Ui.Query, body?: object }} [options]
 * @returns {Promise<any>} the JSON of the response
 */
export async function request(method, path, { query = {}, body } = {}) {
  const account = "account" in query ? query.account : route().account;
  const parameters = Object.entries({ ...query, account })
    .flatMap(([name, value]) => [value].flat().map((each) => /** @type {const} */ ([name, each])))
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => [name, String(value)]);
  const target = parameters.length ? `/_mock/${path}?${new URLSearchParams(parameters)}` : `/_mock/${path}`;
  const headers = authHeaders();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(pathOf(target), {
    method,
    headers,
    cache: "no-store",
    body: body && JSON.stringify(body),
  }).catch((error) => {
    throw new NoResponse(`No response: ${messageOf(error)}. Is mocksms still running?`);
  });
  if (response.status === 401) authEvents.dispatchEvent(new Event("unauthorized"));
  const content = await response.json().catch(() => undefined);
  if (response.ok && content) return content;
  const notOurs = { message: `Status ${response.status}, but the response is not from mocksms.` };
  throw new ApiError(response.status, content?.error ?? notOurs);
}

/**
 * Read from the inspection API.
 *
 * @template {string} Path
 * @param {Path} path below `/_mock/`
 * @param {Ui.Query} [query]
 * @returns {Promise<Api.ReadResult<Path>>}
 */
export function get(path, query) {
  return request("GET", path, { query });
}

/**
 * The request of an application that sends an SMS.
 *
 * @param {string} key
 * @param {object} body
 * @returns {Ui.HttpRequest}
 */
export function sendRequest(key, body) {
  const headers = { "X-API-Key": key, "Content-Type": "application/json" };
  return { method: "POST", target: SEND_PATH, headers, body: JSON.stringify(body) };
}

/**
 * Let the mock send an SMS to itself, as an application does. The browser would repeat the request if its connection is
 * reset.
 *
 * @param {string} key
 * @param {object} body
 * @returns {Promise<Api.Wire>} what happened on the wire
 */
export function sendSms(key, body) {
  return request("POST", "test-send", {
    query: ANY_ACCOUNT,
    body: { key, body: JSON.stringify(body), timeout: MAX_SEND_SECONDS },
  });
}

/**
 * Read how the phone will show an SMS.
 *
 * @param {object} content
 * @returns {Promise<Api.Preview>}
 */
export function previewSms(content) {
  return request("POST", "preview", { query: ANY_ACCOUNT, body: content });
}
