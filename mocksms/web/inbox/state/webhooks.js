/** The webhooks of the selected account, or of all, with what came of their callbacks. */

import { get, request } from "../api/client.js";
import { attempt } from "../ui/notices.js";
import { throttle } from "../ui/schedule.js";
import { route } from "./route.js";

const PAUSE_MS = 1_000;

/** Events of the mock after which webhooks or their numbers may differ. */
export const WEBHOOK_EVENTS = ["callback", "account", "scenario", "deleted", "reset"];

/** Emits `change` whenever the webhooks or their numbers change. */
export const webhookEvents = new EventTarget();

/** @type {Api.Reads["webhooks"] | undefined} */
let current;
/** @type {string | undefined} the account that `current` is about */
let shownAccount;

/** The webhooks; undefined before they are known. */
export function webhookState() {
  return current;
}

/** The number of callbacks that failed and that no later one repeats, or whose last attempt failed. */
export function failingCount() {
  return current ? current.counts.failed_unrepeated + current.counts.retrying : 0;
}

/** Read the webhooks again. */
export const refreshWebhooks = throttle(async () => {
  const { account } = route();
  const fresh = await get("webhooks");
  if (account !== route().account || JSON.stringify(fresh) === JSON.stringify(current)) return;
  current = fresh;
  webhookEvents.dispatchEvent(new Event("change"));
}, PAUSE_MS);

/** Read the webhooks of another account if the URL has another one. */
export function followAccount() {
  const { account } = route();
  if (account === shownAccount) return;
  shownAccount = account;
  current = undefined;
  refreshWebhooks();
}

/**
 * Change the list of webhooks of an account as it is now.
 *
 * @param {string} account
 * @param {(webhooks: Api.Webhook[]) => object[]} change
 */
export async function changeWebhooks(account, change) {
  const { webhooks } = await get("account", { account });
  await request("PATCH", "account", { query: { account }, body: { webhooks: change(webhooks) } });
  refreshWebhooks();
}

/**
 * Pause or resume all webhooks of an account with the same URL: a pause is of a URL.
 *
 * @param {{ account: string, url: string }} webhook
 * @param {boolean} paused
 */
export function setPaused({ account, url }, paused) {
  const change = () =>
    changeWebhooks(account, (all) => all.map((each) => (each.url === url ? { ...each, paused } : each)));
  return attempt(change, paused ? "Webhook paused. Its callbacks wait." : "Webhook resumed.");
}

/**
 * Whether two webhooks are the same.
 *
 * @param {Api.Webhook} one
 * @param {Api.Webhook} other
 */
export function isSameWebhook(one, other) {
  return one.url === other.url && one.kind === other.kind && String(one.events) === String(other.events);
}
