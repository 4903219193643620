/** One account: what it can pay, its gateway and REST right, its lists of numbers, and the receivers of its callbacks. */

import { element } from "../../shared/dom.js";
import { call } from "../api/client.js";
import { attempt, button, choice, facts, section } from "../ui/components.js";
import { refill } from "../ui/patch.js";
import { go } from "../state/route.js";
import { state } from "../state/mock-state.js";
import { line } from "../ui/text.js";

const LISTS = { unsubscribed: "Opted out", bounced: "Bounced", kosher: "Kosher" };
const SHOWN = 200;

export class AccountPart {
  constructor() {
    this.body = element("div", {});
    this.node = section("Account", true, this.body);
  }

  async refresh() {
    await state.read();
    const account = state.one();
    refill(this.body, account?.key ? this.#form(account) : which());
  }

  #form(account) {
    const credit = element("input", {
      type: "number",
      min: "0",
      value: account.credit ?? "",
      placeholder: "no limit",
      "aria-label": "Credit in segments",
    });
    const sender = element("input", { value: account.sender, "aria-label": "Sender" });
    return [
      facts([
        ["key", line(account.key)],
        ["SMS kept", String(account.messages)],
        ["wait for credit", account.waiting_for_credit > 0 && String(account.waiting_for_credit)],
      ]),
      lineOf("Credit in segments", credit, () =>
        this.#patch({ credit: credit.value === "" ? null : Number(credit.value) }),
      ),
      lineOf("Sender", sender, () => this.#patch({ sender: sender.value })),
      element(
        "div",
        { class: "choices" },
        this.#switch("gateway", "has an SMS gateway", account.gateway),
        this.#switch("rest_right", "may use the REST API", account.rest_right),
      ),
      ...Object.entries(LISTS).map(([name, title]) => this.#numbers(name, title, account[name])),
      this.#receivers(account.webhooks),
    ];
  }

  #switch(name, words, checked) {
    const made = choice(name, words, checked);
    made.querySelector("input").addEventListener("change", (event) => this.#patch({ [name]: event.target.checked }));
    return made;
  }

  #numbers(name, title, numbers) {
    const add = element("input", { "aria-label": `Add a number to the list ${name}`, placeholder: "972-54-1111111" });
    return section(
      `${title}: ${numbers.length}`,
      false,
      this.#chips(numbers, `off the list ${name}`, (number) => ({ [name]: { remove: [number] } })),
      lineOf("", add, () => add.value && this.#patch({ [name]: { add: [add.value] } }), "Add"),
    );
  }

  #receivers(webhooks) {
    const example = `http://${location.hostname}:8000/hooks`;
    const url = element("input", { "aria-label": "Address of a receiver", placeholder: example });
    const kind = element(
      "select",
      { "aria-label": "What it receives" },
      ["transactional", "automation"].map((name) => element("option", {}, name)),
    );
    const add = () => this.#patch({ webhooks: [...state.one().webhooks, { url: url.value, kind: kind.value }] });
    return section(
      `Receivers of callbacks: ${webhooks.length}`,
      false,
      this.#chips(
        webhooks.map((each) => [each.url, each.kind, ...(each.events ?? [])].join(" ")),
        "out",
        (_, gone) => ({ webhooks: webhooks.filter((each, place) => place !== gone) }),
      ),
      lineOf("", [url, kind], () => url.value && add(), "Add"),
    );
  }

  /** What is listed, each to be taken off by its button; `without` returns the change that takes it off. */
  #chips(listed, whence, without) {
    const rest = listed.length - SHOWN;
    return element(
      "div",
      { class: "chips" },
      listed.slice(0, SHOWN).map((words, place) =>
        element(
          "span",
          { class: "chip" },
          line(words),
          button("×", () => this.#patch(without(words, place)), {
            class: "small",
            "aria-label": `Take ${line(words)} ${whence}`,
          }),
        ),
      ),
      rest > 0 && element("span", { class: "soft" }, `and ${rest} more`),
    );
  }

  async #patch(body) {
    const query = { account: state.one().id };
    const isDone = await attempt(() => call("PATCH", "account", { query, body }), "Changed.");
    const field = document.activeElement;
    if (isDone && this.body.contains(field) && field.localName === "input") field.defaultValue = field.value;
    await this.refresh();
  }
}

function lineOf(label, input, work, word = "Set") {
  const form = element(
    "form",
    { class: "line" },
    label && element("span", {}, label),
    input,
    element("button", { class: "small" }, word),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    work();
  });
  return form;
}

/** Let one of several accounts be chosen; there may be none. */
function which() {
  if (!state.accounts.length)
    return [element("p", { class: "soft" }, "There is none yet: the first call with a key makes one.")];
  return [
    element("p", { class: "soft" }, "Which one?"),
    element(
      "div",
      { class: "actions" },
      state.accounts.slice(0, 50).map(({ id, key }) => button(line(key), () => go({ account: id }), { "data-id": id })),
    ),
  ];
}
