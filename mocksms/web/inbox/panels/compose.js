/** The form for a test send: what an application posts to the emulated API, with all magic numbers to choose from. */

import { storedName } from "../../shared/base.js";
import { element } from "../../shared/dom.js";
import { messageOf } from "../../shared/errors.js";
import { ANY_ACCOUNT, get, saveKey, savedKeys, sendSms } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { navigate, route } from "../state/route.js";
import { tabStore } from "../state/storage.js";
import { button, checkbox, field } from "../ui/components.js";
import { attempt, showNotice } from "../ui/notices.js";
import { curlOfSend, sendResult } from "./compose-result.js";

const DRAFT = storedName("mocksms-draft");
const SEPARATOR = /[\n,;]+/;

/** @typedef {Record<string, any>} Values the values of the form, by the names of its fields */

/**
 * Return the nodes of the panel.
 *
 * @returns {Promise<Dom.Child[]>}
 */
export async function composePanel() {
  const { numbers } = await get("numbers", ANY_ACCOUNT);
  const draft = { to: "972-54-1111111", content: "Your code is 481516", ...tabStore.getObject(DRAFT) };
  const output = element("div", { "aria-live": "polite", class: "result" });
  const form = element("form", { class: "compose" }, fields(numbers, draft), output);
  fillIn(form, draft);
  fillRecipient(form);
  form.addEventListener("input", () => tabStore.setObject(DRAFT, valuesOf(form)));
  form.addEventListener(
    "invalid",
    ({ target }) => target instanceof Element && target.closest("details")?.setAttribute("open", ""),
    true,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, output);
  });
  return [element("h2", {}, "New SMS"), form];
}

/**
 * Fill in the number from the URL, and the key of the account that sent to it if this tab knows the key.
 *
 * @param {HTMLFormElement} form
 */
export function fillRecipient(form) {
  const { recipient, in: account } = route();
  const key = recipient && account && savedKeys()[account];
  fillIn(form, { to: recipient, ...(key && { key }) });
  const hint = form.querySelector(".key-hint");
  if (!hint) return;
  hint.textContent =
    recipient && account && !key
      ? `This phone got its SMS from the account ${mockState.accountName(account)}. The mock does not store the ` +
        "full API key: with a different key, the SMS comes from another account."
      : "";
}

/**
 * @param {Api.MagicNumber[]} numbers
 * @param {Values} draft
 * @returns {Dom.Child[]}
 */
function fields(numbers, draft) {
  const to = element("textarea", { name: "to", rows: "1", required: true, spellcheck: "false", autocomplete: "off" });
  return [
    field("To", to, "several numbers: separate them with commas"),
    magicNumbers(numbers, to),
    field("Text", element("textarea", { name: "content", rows: "4", required: true, dir: "auto" })),
    element(
      "div",
      { class: "choices" },
      checkbox("add_unsubscribe_sms_reply", "allow STOP replies", true),
      checkbox("add_unsubscribe_link", "unsubscribe link"),
      checkbox("track_clicks", "track clicks"),
      checkbox("async", "async"),
      checkbox("unicode", "charset unicode", true),
    ),
    moreFields(Object.values(savedKeys()).at(-1) ?? draft.key ?? "demo"),
    element("p", { class: "muted key-hint" }),
    element(
      "div",
      { class: "actions" },
      element("button", { class: "primary" }, "Send"),
      button("Close", () => navigate({ panel: null })),
    ),
  ];
}

/**
 * @param {Api.MagicNumber[]} numbers
 * @param {HTMLTextAreaElement} to
 */
function magicNumbers(numbers, to) {
  const select = element(
    "select",
    { name: "magic", "aria-label": "Magic numbers: each has a fixed outcome" },
    element("option", { value: "" }, "or a magic number…"),
    numbers.map(({ number, outcome }) => element("option", { value: number }, `${number}: ${outcome}`)),
  );
  select.addEventListener("change", () => {
    if (!select.value) return;
    to.value = select.value;
    to.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return select;
}

/** @param {string} key */
function moreFields(key) {
  const keyInput = element("input", {
    name: "key",
    value: key,
    required: true,
    pattern: "[\\x20-\\xff]+",
    title: "An HTTP header can contain Latin letters, digits and signs only",
    autocomplete: "off",
    spellcheck: "false",
  });
  const time = { name: "send_at", autocomplete: "off", placeholder: "2030-01-20 13:05:00+02:00" };
  return element(
    "details",
    {},
    element("summary", {}, "Sender, tags, time, API key"),
    field("Sender", element("input", { name: "sender_id", autocomplete: "off" })),
    field("Tags", element("input", { name: "tags", autocomplete: "off" }), "separate them with commas"),
    field("Send at", element("input", time)),
    field("X-API-Key", keyInput, "each key is an account of its own"),
  );
}

/** @param {HTMLFormElement} form */
function inputs(form) {
  return [...form.elements].filter(
    (input) => input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement,
  );
}

/**
 * @param {HTMLFormElement} form
 * @returns {Values}
 */
function valuesOf(form) {
  return Object.fromEntries(
    inputs(form).map((input) => [
      input.name,
      input.type === "checkbox" && "checked" in input ? input.checked : input.value,
    ]),
  );
}

/**
 * @param {HTMLFormElement} form
 * @param {Values} values
 */
function fillIn(form, values) {
  for (const input of inputs(form)) {
    const value = values[input.name];
    if (value === undefined) continue;
    if (input.type === "checkbox" && "checked" in input) input.checked = value;
    else if (value) input.value = value;
  }
}

/**
 * The body of a send, without fields that have their default value.
 *
 * @param {Values} values
 */
function bodyOf(values) {
  const message = {
    content: values.content,
    to: listOf(values.to).map((number) => ({ mobile_number: number })),
    ...(values.unicode && { charset: "unicode" }),
    add_unsubscribe_link: values.add_unsubscribe_link,
    add_unsubscribe_sms_reply: values.add_unsubscribe_sms_reply,
    ...(values.track_clicks && { track_clicks: true }),
    ...(values.sender_id && { sender_id: values.sender_id }),
    ...(values.tags && { tags: listOf(values.tags) }),
  };
  return { message, ...(values.async && { async: true }), ...(values.send_at && { send_at: values.send_at }) };
}

/** @param {string} text */
function listOf(text) {
  return text
    .split(SEPARATOR)
    .map((word) => word.trim())
    .filter(Boolean);
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} output
 */
async function submit(form, output) {
  const values = valuesOf(form);
  const body = bodyOf(values);
  const curl = curlOfSend(values.key, body);
  output.replaceChildren(element("p", { class: "muted" }, "Sent, waiting for the response…"));
  try {
    const { rows, nodes } = sendResult(await sendSms(values.key, body));
    output.replaceChildren(...nodes, curl);
    if (rows.length) await attempt(() => showSent(values.key, rows[0]));
  } catch (error) {
    output.replaceChildren(element("p", { class: "wrong" }, messageOf(error)), curl);
  }
}

/**
 * Remember to which account the key belongs, and show the conversation with the first recipient. If the panel was left
 * before the response came, only show a notice.
 *
 * @param {string} key
 * @param {Api.SentRow} row
 */
async function showSent(key, { transaction_id: id, mobile_number: number, status }) {
  const message = await get(`messages/${id}`, ANY_ACCOUNT);
  saveKey(message.account, key);
  if (route().panel !== "compose") {
    showNotice(`SMS to ${number}: ${status}.`);
    return;
  }
  navigate(
    {
      view: null,
      phone: message.number,
      in: message.account,
      message: id,
      panel: "compose",
      recipient: null,
      account: route().account && message.account,
    },
    false,
  );
}
