/** The webhooks as cards: what each gets, how its last callbacks did, and what can be done with it. */

import { element } from "../../common/dom.js";
import { mockState } from "../state/mock-state.js";
import { control } from "../state/read-only.js";
import { NO_PANEL, navigate, withoutFilters } from "../state/route.js";
import { changeWebhooks, isSameWebhook, setPaused, webhookEvents, webhookState } from "../state/webhooks.js";
import { accountLabel } from "../ui/account-label.js";
import { button, formatted, iconButton, isolated, plural } from "../ui/components.js";
import { isConfirmed } from "../ui/confirmation.js";
import { icon } from "../ui/icons.js";
import { attempt } from "../ui/notices.js";
import { patch } from "../ui/patch.js";
import { singleLine } from "../ui/text.js";

const MAX_CARDS = 60;
const MAX_URL = 300;

export class WebhookCards {
  constructor() {
    this.node = element("ul", { class: "webhook-cards", "aria-label": "Webhooks" });
    webhookEvents.addEventListener("change", () => this.draw());
  }

  /** Show the webhooks that are known. */
  draw() {
    const { webhooks = [], total = 0 } = webhookState() ?? {};
    const rest = total - Math.min(webhooks.length, MAX_CARDS);
    const more = `and ${plural(rest, "webhook")} more: choose an account`;
    patch(this.node, [...webhooks.slice(0, MAX_CARDS).map(card), rest > 0 && element("li", { class: "muted" }, more)]);
  }
}

/** @param {Api.AccountWebhook} webhook */
function card(webhook) {
  const { url, kind, events, paused, account } = webhook;
  const about = singleLine(url, MAX_URL);
  return element(
    "li",
    { class: `webhook-card ${paused ? "paused" : ""}`, "data-id": `${account} ${kind}` },
    element("p", { class: "webhook-url", title: about }, isolated(url)),
    element(
      "p",
      { class: "webhook-about muted" },
      element("span", { class: "chip" }, kind),
      mockState.showsAccounts() && element("span", { class: "chip" }, accountLabel(account)),
      paused && element("span", { class: "chip pause-chip" }, icon("pause"), "paused"),
      element("span", { class: "webhook-events" }, events ? events.join(", ") || "no event" : "default events"),
    ),
    recentBar(webhook.recent),
    element(
      "div",
      { class: "webhook-foot" },
      countButtons(webhook),
      control(element("span", { class: "webhook-actions" }, cardActions(webhook))),
    ),
  );
}

/**
 * One tick for each of the last callbacks, with their number in words.
 *
 * @param {boolean[]} recent
 */
function recentBar(recent) {
  if (!recent.length) return element("p", { class: "recent muted" }, "No attempt yet");
  const good = recent.filter(Boolean).length;
  return element(
    "p",
    { class: "recent", title: "The last attempt of the last 50 callbacks, the newest at the right" },
    element(
      "span",
      { class: "ticks", "aria-hidden": "true" },
      recent.map((isGood) => element("span", { class: isGood ? "good" : "bad" })),
    ),
    element("span", { class: recent.at(-1) ? "muted" : "wrong" }, `${good} of ${recent.length} succeeded`),
  );
}

/**
 * The callbacks that need attention; a click lists them.
 *
 * @param {Api.AccountWebhook} webhook
 */
function countButtons({ url, kind, counts }) {
  const waiting = counts.pending + counts.retrying;
  /** @type {[string, number, string][]} */
  const shown = [
    ["failed", counts.failed, `${formatted(counts.failed)} failed`],
    ["pending", waiting, `${formatted(waiting)} pending`],
    ["delivered", counts.delivered, `${formatted(counts.delivered)} delivered`],
  ];
  return shown.map(
    ([state, count, text]) =>
      count > 0 &&
      button(text, () => navigate({ ...withoutFilters(), callback: null, state, url, kind }), {
        class: `small flat ${state}`,
        "aria-label": `${text} to ${singleLine(url, MAX_URL)}`,
        "data-id": `${url} ${kind}`,
      }),
  );
}

/** @param {Api.AccountWebhook} webhook */
function cardActions(webhook) {
  const { url, kind, paused, account } = webhook;
  const about = `${singleLine(url, MAX_URL)} (${kind})`;
  const id = { "data-id": `${account} ${String(webhook.events)}` };
  return [
    paused
      ? iconButton("play", `Resume ${about}`, () => setPaused(webhook, false), id)
      : iconButton("pause", `Pause ${about}: its callbacks wait`, () => setPaused(webhook, true), id),
    iconButton("edit", `Edit ${about}`, () => openForm(webhook), id),
    iconButton("trash", `Remove ${about}`, () => remove(webhook), id),
  ];
}

/** @param {Api.AccountWebhook} webhook */
function openForm({ account, url, kind }) {
  const list = (webhookState()?.webhooks ?? []).filter((each) => each.account === account);
  const place = list.findIndex((each) => each.url === url && each.kind === kind);
  navigate({ ...NO_PANEL, panel: "webhook", webhook: `${account}.${place + 1}` });
}

/** @param {Api.AccountWebhook} webhook */
async function remove(webhook) {
  const waiting = webhook.paused ? webhook.counts.pending + webhook.counts.retrying : 0;
  if (waiting && !(await confirmRemoval(waiting))) return;
  const change = () =>
    changeWebhooks(webhook.account, (all) => {
      const place = all.findIndex((each) => isSameWebhook(each, webhook));
      return place < 0 ? all : all.toSpliced(place, 1);
    });
  await attempt(change, "Webhook removed. Its callbacks stay in the list.");
}

/** @param {number} waiting callbacks */
function confirmRemoval(waiting) {
  const text = `${plural(waiting, "callback")} to it wait until it is resumed. They are dropped.`;
  return isConfirmed("Remove the webhook", "Remove the webhook?", text, "Remove");
}

/** A button that opens the form for a new webhook. */
export function addButton() {
  const open = () => navigate({ ...NO_PANEL, panel: "webhook", webhook: null });
  const add = button("Add webhook", open, { class: "small" });
  add.prepend(icon("add"));
  return add;
}
