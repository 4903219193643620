/** The form for a new webhook, or for one that changes. */

import { element } from "../../common/dom.js";
import { ANY_ACCOUNT, get } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { navigate, route } from "../state/route.js";
import { changeWebhooks, isSameWebhook } from "../state/webhooks.js";
import { checkbox, field } from "../ui/components.js";
import { attemptWith, showFieldError } from "../ui/form-errors.js";

/** The events of each kind; those with false come only if they are chosen. @type {Record<string, Record<string, boolean>>} */
const EVENTS = {
  transactional: { send: true, reject: true, hard_bounce: true, click: true },
  automation: { smsSent: false, undelivered: false, smsClicked: true, SmsReply: true, smsUnsubscribed: true },
};
const KINDS = { transactional: "transactional: JSON", automation: "automation: a form" };
const MAX_ACCOUNTS = 200;

/**
 * Return the nodes of the panel.
 *
 * @returns {Promise<Dom.Child[]>}
 */
export async function webhookPanel() {
  const [account = "", place = ""] = (route().webhook ?? "").split(".");
  if (!mockState.accounts.length) await mockState.load();
  if (!account) return [element("h2", {}, "New webhook"), newForm()];
  const { webhooks } = await get("account", { ...ANY_ACCOUNT, account });
  const webhook = webhooks[Number(place) - 1];
  if (!webhook) throw new Error("This webhook was removed.");
  return [element("h2", {}, "Edit webhook"), webhookForm(webhook, () => account, "Save")];
}

/** The form for a new webhook; without an account there is nothing to add it to. */
function newForm() {
  const { accounts } = mockState;
  if (!accounts.length) {
    return element("p", {}, "No account yet. The first request with an API key creates one: send an SMS first.");
  }
  const selected = mockState.selectedAccount();
  const select = element(
    "select",
    {},
    accounts.slice(0, MAX_ACCOUNTS).map(({ id }) => element("option", { value: id }, mockState.accountName(id))),
  );
  if (selected) select.value = selected.id;
  return webhookForm(undefined, () => select.value, "Add webhook", !selected && field("Account", select));
}

/**
 * @param {Api.Webhook | undefined} present
 * @param {() => string} account
 * @param {string} submitText
 * @param {Dom.Child} [first] field
 */
function webhookForm(present, account, submitText, first) {
  const example = `http://${location.hostname}:8000/hooks`;
  const url = element("input", { name: "url", value: present?.url ?? "", placeholder: example, spellcheck: "false" });
  const kind = element(
    "select",
    { name: "kind" },
    Object.entries(KINDS).map(([value, text]) => element("option", { value }, text)),
  );
  kind.value = present?.kind ?? "transactional";
  const events = element("fieldset", { class: "events" });
  const showEvents = () => events.replaceChildren(...eventFields(kind.value, present));
  kind.addEventListener("change", showEvents);
  showEvents();
  const paused = checkbox("paused", "paused: its callbacks wait", present?.paused);
  const submit = element("button", { class: "primary" }, submitText);
  const form = element(
    "form",
    { class: "webhook-form", novalidate: true },
    first,
    field("URL", url),
    field("Kind", kind),
    events,
    paused,
    element("div", { class: "actions" }, submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!url.value) showFieldError(url, `Enter a URL, such as ${example}.`);
    else save(account(), present, valuesOf(form), url);
  });
  return form;
}

/**
 * @param {string} kind
 * @param {Api.Webhook | undefined} present
 * @returns {HTMLElement[]}
 */
function eventFields(kind, present) {
  const chosen = present?.kind === kind ? present.events : null;
  return [
    element("legend", {}, "Events"),
    ...Object.entries(EVENTS[kind]).map(([name, isDefault]) =>
      checkbox(name, name, chosen ? chosen.includes(name) : isDefault),
    ),
  ];
}

/**
 * The webhook in a form; null as events where the default ones are chosen.
 *
 * @param {HTMLFormElement} form
 * @returns {Api.Webhook}
 */
function valuesOf(form) {
  const values = new FormData(form);
  const kind = String(values.get("kind"));
  const table = Object.entries(EVENTS[kind]);
  const events = table.filter(([name]) => values.has(name)).map(([name]) => name);
  const isDefault = table.every(([name, byDefault]) => values.has(name) === byDefault);
  return { url: String(values.get("url")), kind, events: isDefault ? null : events, paused: values.has("paused") };
}

/**
 * @param {string} account
 * @param {Api.Webhook | undefined} present
 * @param {Api.Webhook} webhook
 * @param {HTMLInputElement} url shows what is wrong
 */
async function save(account, present, webhook, url) {
  const change = () => changeWebhooks(account, (all) => withWebhook(all, present, webhook));
  const { webhook: opened } = route();
  const isDone = await attemptWith({ webhooks: url }, change, present ? "Webhook changed." : "Webhook added.");
  const { panel, webhook: shown } = route();
  if (isDone && panel === "webhook" && shown === opened) navigate({ view: "callbacks", panel: null, webhook: null });
}

/**
 * @param {Api.Webhook[]} all
 * @param {Api.Webhook | undefined} present
 * @param {Api.Webhook} webhook
 */
function withWebhook(all, present, webhook) {
  if (!present) return [...all, webhook];
  const place = all.findIndex((each) => isSameWebhook(each, present));
  if (place < 0) throw new Error("This webhook was changed or removed meanwhile. Open it again.");
  return all.with(place, webhook);
}
