/** The inspection API, and the one call of the emulated API that the page makes: a test send. */

import { tab } from "../state/storage.js";
import { place } from "../state/route.js";

const TOKEN = "mocksms-token";
const KEYS = "mocksms-keys";

/** The page asks for the control token when this hears `token`. */
export const gate = new EventTarget();

/** A refusal in the API's own words. */
class Refused extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.explanation = error.explanation;
  }
}

/** No refusal, but nothing at all; the page says by itself that it is not live. */
export class Unanswered extends Error {}

/** The header that shows the control token, if one was given; it is kept for this tab only. */
export function credentials() {
  const token = tab.get(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

export function keepToken(token) {
  tab.set(TOKEN, token);
}

/** The keys that test sends were made with, by the account they belong to; kept for this tab only. */
export function knownKeys() {
  return tab.getObject(KEYS);
}

export function keepKey(account, key) {
  tab.setObject(KEYS, { ...knownKeys(), [account]: key });
}

/** The query of what belongs to no account, or to whichever it is found in. */
export const NOBODY = { account: undefined };

/** Call the inspection API, for the account that is chosen unless the query names another, or none. */
export async function call(method, path, { query = {}, body } = {}) {
  const account = "account" in query ? query.account : place().account;
  const given = Object.entries({ ...query, account }).filter(([, value]) => value !== undefined && value !== null);
  const target = given.length ? `/_mock/${path}?${new URLSearchParams(given)}` : `/_mock/${path}`;
  const headers = credentials();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(target, {
    method,
    headers,
    cache: "no-store",
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(({ message }) => {
    throw new Unanswered(`No answer: ${message}. Is mocksms still running?`);
  });
  if (answer.status === 401) gate.dispatchEvent(new Event("token"));
  const told = await answer.json().catch(() => undefined);
  if (answer.ok && told) return told;
  const strange = { message: `Answered ${answer.status} by something else than mocksms.` };
  throw new Refused(answer.status, told?.error ?? strange);
}

export const get = (path, query) => call("GET", path, { query });

/** Send an SMS as an application would, and return the status and the text of the answer. */
export async function send(key, body) {
  const answer = await fetch("/rest/v1/transactional/sms/send", {
    method: "POST",
    cache: "no-store",
    body: JSON.stringify(body),
    headers: { "X-API-Key": key, "Content-Type": "application/json" },
  });
  return { status: answer.status, text: await answer.text() };
}
