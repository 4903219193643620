/** What the page sends with its requests: the API key, the account of the inspection API and the control token. */

import { savedKeys } from "../inbox/api/client.js";
import { tabStore } from "../inbox/state/storage.js";
import { pathOf, storedName } from "../common/base.js";
import { byId, element } from "../common/dom.js";

const KEY = storedName("mocksms-key");
const TOKEN = storedName("mocksms-token");
const ACCOUNT = storedName("mocksms-docs-account");
const EXAMPLE_KEY = "demo";
const MAX_ACCOUNTS = 50;

const OF_KEY = "key";
const ALL = "all";

const form = /** @type {HTMLFormElement} */ (byId("credentials"));
const key = /** @type {HTMLInputElement} */ (byId("key"));
const token = /** @type {HTMLInputElement} */ (byId("token"));
const account = /** @type {HTMLSelectElement} */ (byId("account"));

/** @returns {OpenApi.Credentials} */
export function credentials() {
  return { key: key.value.trim(), token: token.value, account: account.value };
}

/**
 * The account that a request of the inspection API is about, in words.
 *
 * @param {Ui.HttpRequest} request
 */
export function accountText({ target, headers }) {
  const id = new URL(target, location.href).searchParams.get("account");
  if (id) return `the account ${[...account.options].find(({ value }) => value === id)?.text ?? id}`;
  return "X-API-Key" in headers ? `the account of the key ${headers["X-API-Key"]}` : "all accounts";
}

/** Call a listener whenever the credentials change. @param {() => void} listener */
export function onCredentials(listener) {
  form.addEventListener("input", listener);
}

/**
 * The header and the query parameter that choose the account of an operation.
 *
 * @param {OpenApi.Operation} operation
 * @returns {{ key?: string, account?: string }}
 */
export function accountOf({ parameters, security = [] }) {
  const needsKey = security.some((scheme) => "apiKey" in scheme);
  const takesKey = needsKey || parameters.some(({ name }) => name === "X-API-Key");
  const chosen = credentials();
  if (!takesKey || (!needsKey && chosen.account === ALL)) return {};
  if (needsKey || chosen.account === OF_KEY) return { key: chosen.key || undefined };
  return { account: chosen.account };
}

/** The headers of requests to the inspection API. @returns {Record<string, string>} */
export function tokenHeaders() {
  return token.value ? { Authorization: `Bearer ${token.value}` } : {};
}

/** Offer the accounts of the mock. Those that exist are what a user came to look at, so one of them is selected. */
async function showAccounts() {
  const response = await fetch(pathOf("/_mock/accounts"), { headers: tokenHeaders() }).catch(() => undefined);
  if (!response?.ok) return;
  const { accounts } = await response.json();
  const options = accounts
    .slice(0, MAX_ACCOUNTS)
    .map((/** @type {Api.Account} */ { id, key: name, label }) => element("option", { value: id }, label || name));
  account.replaceChildren(
    element("option", { value: OF_KEY }, "the account of the key"),
    element("option", { value: ALL }, "all accounts"),
    ...options,
  );
  const usual = accounts.length === 0 ? OF_KEY : accounts.length === 1 ? accounts[0].id : ALL;
  account.value = tabStore.get(ACCOUNT) ?? usual;
  if (!account.value) account.value = usual;
  form.dispatchEvent(new Event("input"));
}

/** Fill in what this tab knows, and store what changes. */
export function initCredentials() {
  key.value = tabStore.get(KEY) ?? Object.values(savedKeys()).at(-1) ?? EXAMPLE_KEY;
  token.value = tabStore.get(TOKEN) ?? "";
  key.addEventListener("input", () => tabStore.set(KEY, key.value));
  token.addEventListener("input", () => tabStore.set(TOKEN, token.value));
  token.addEventListener("change", showAccounts);
  account.addEventListener("change", () => tabStore.set(ACCOUNT, account.value));
  form.addEventListener("submit", (event) => event.preventDefault());
  showAccounts();
}
