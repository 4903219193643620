/** The section of the controls for one account: credit, sender, gateway, REST right, lists of numbers, webhooks. */

import { element } from "../../common/dom.js";
import { request } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { control, isReadOnly } from "../state/read-only.js";
import { navigate } from "../state/route.js";
import { button, checkbox, factList, section } from "../ui/components.js";
import { attemptWith, showFieldError } from "../ui/form-errors.js";
import { patch } from "../ui/patch.js";
import { singleLine } from "../ui/text.js";

/** @typedef {"unsubscribed" | "bounced" | "kosher"} ListName */

/** @type {[ListName, string][]} */
const LISTS = [
  ["unsubscribed", "Opted out"],
  ["bounced", "Bounced"],
  ["kosher", "Kosher"],
];
const WEBHOOK_KINDS = ["transactional", "automation"];
const MAX_CHIPS = 200;
const MAX_ACCOUNTS = 50;

export class AccountSection {
  constructor() {
    this.content = element("div", {});
    this.node = section("Account", true, this.content);
  }

  /** Read and show the account. */
  async refresh() {
    await mockState.load();
    const account = mockState.selectedAccount();
    patch(this.content, account ? this.#form(account) : accountButtons());
  }

  /** @param {Api.Account} account */
  #form(account) {
    const credit = element("input", {
      type: "number",
      value: account.credit ?? "",
      placeholder: "no limit",
      "aria-label": "Credit in segments",
    });
    const sender = element("input", { value: account.sender, "aria-label": "Sender" });
    const newCredit = () => (credit.value === "" ? null : Number(credit.value));
    return [
      factList([
        ["API key", singleLine(account.key)],
        ["Label", account.label && singleLine(account.label)],
        ["SMS stored", String(account.messages)],
        ["SMS waiting for credit", account.waiting_for_credit > 0 && String(account.waiting_for_credit)],
        ...(isReadOnly ? settingRows(account) : []),
      ]),
      control(lineForm("Credit in segments", credit, "Set", () => this.#update({ credit: newCredit() }, { credit }))),
      control(lineForm("Sender", sender, "Set", () => this.#update({ sender: sender.value }, { sender }))),
      control(
        element(
          "div",
          { class: "choices" },
          this.#checkbox("gateway", "has an SMS gateway", account.gateway),
          this.#checkbox("rest_right", "may use the REST API", account.rest_right),
        ),
      ),
      ...LISTS.map(([name, title]) => this.#numberList(name, title, account[name])),
      this.#webhooks(account.webhooks),
    ];
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {boolean} checked
   */
  #checkbox(name, label, checked) {
    return checkbox(name, label, checked, ({ target }) => this.#update({ [name]: target.checked }));
  }

  /**
   * @param {ListName} name
   * @param {string} title
   * @param {string[]} numbers
   */
  #numberList(name, title, numbers) {
    const input = element("input", { "aria-label": `Add a number to the list ${name}`, placeholder: "972-54-1111111" });
    return section(
      `${title}: ${numbers.length}`,
      false,
      this.#chips(numbers, ` from the list ${name}`, (index) => ({ [name]: { remove: [numbers[index]] } })),
      control(
        lineForm("", input, "Add", () => {
          if (!input.value) showFieldError(input, "Enter a number, such as 972-54-1111111.");
          else this.#update({ [name]: { add: [input.value] } }, { [name]: input });
        }),
      ),
    );
  }

  /** @param {Api.Webhook[]} webhooks */
  #webhooks(webhooks) {
    const example = `http://${location.hostname}:8000/hooks`;
    const url = element("input", { "aria-label": "URL of a webhook", placeholder: example });
    const kinds = WEBHOOK_KINDS.map((name) => element("option", {}, name));
    const kind = element("select", { "aria-label": "Kind of webhook" }, kinds);
    const add = () => {
      const present = mockState.selectedAccount()?.webhooks ?? [];
      if (!url.value) showFieldError(url, `Enter a URL, such as ${example}.`);
      else this.#update({ webhooks: [...present, { url: url.value, kind: kind.value }] }, { webhooks: url });
    };
    return section(
      `Webhooks: ${webhooks.length}`,
      false,
      this.#chips(
        webhooks.map((webhook) => [webhook.url, webhook.kind, ...(webhook.events ?? [])].join(" ")),
        "",
        (index) => ({ webhooks: webhooks.toSpliced(index, 1) }),
      ),
      control(lineForm("", [url, kind], "Add", add)),
    );
  }

  /**
   * Show a list of texts, each with a button that removes it.
   *
   * @param {string[]} texts
   * @param {string} from where it is removed from, for the label of the button
   * @param {(index: number) => object} withoutItem the change of the account that removes it
   */
  #chips(texts, from, withoutItem) {
    const chips = texts.slice(0, MAX_CHIPS).map((text, index) =>
      element(
        "span",
        { class: "chip" },
        singleLine(text),
        control(
          button("×", () => this.#update(withoutItem(index)), {
            class: "small",
            "aria-label": `Remove ${singleLine(text)}${from}`,
          }),
        ),
      ),
    );
    const rest = texts.length - MAX_CHIPS;
    return element(
      "div",
      { class: "chips" },
      chips,
      rest > 0 && element("span", { class: "muted" }, `and ${rest} more`),
    );
  }

  /**
   * @param {object} changes
   * @param {Record<string, HTMLInputElement>} [fields] that show what is wrong
   */
  async #update(changes, fields = {}) {
    const query = { account: mockState.selectedAccount()?.id };
    const change = () => request("PATCH", "account", { query, body: changes });
    const isDone = await attemptWith(fields, change, "Account updated.");
    if (!isDone && Object.keys(fields).length) return;
    const input = document.activeElement;
    if (isDone && input instanceof HTMLInputElement && this.content.contains(input)) input.defaultValue = input.value;
    await this.refresh();
  }
}

/**
 * What the forms show, as facts.
 *
 * @param {Api.Account} account
 * @returns {[string, string][]}
 */
function settingRows({ credit, sender, gateway, rest_right: restRight }) {
  return [
    ["Credit in segments", credit === null ? "no limit" : String(credit)],
    ["Sender", singleLine(sender)],
    ["SMS gateway", gateway ? "yes" : "no"],
    ["REST API", restRight ? "yes" : "no"],
  ];
}

/**
 * A form on one line.
 *
 * @param {string} label
 * @param {Dom.Child} inputs
 * @param {string} submitText
 * @param {() => unknown} onSubmit
 */
function lineForm(label, inputs, submitText, onSubmit) {
  const text = label && element("span", {}, label);
  const form = element("form", { class: "line" }, text, inputs, element("button", { class: "small" }, submitText));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onSubmit();
  });
  return form;
}

/** Buttons to select one of several accounts. */
function accountButtons() {
  const { accounts } = mockState;
  if (!accounts.length)
    return [element("p", { class: "muted" }, "No account yet. The first request with an API key creates one.")];
  const buttons = accounts
    .slice(0, MAX_ACCOUNTS)
    .map(({ id, key }) => button(singleLine(key), () => navigate({ account: id }), { "data-id": id }));
  return [element("p", { class: "muted" }, "Select an account:"), element("div", { class: "actions" }, buttons)];
}
