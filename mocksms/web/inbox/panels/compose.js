/** The form for a test send: what an application posts to the emulated API, with all magic numbers to choose from. */

import { storedName } from "../../common/base.js";
import { element } from "../../common/dom.js";
import { messageOf } from "../../common/errors.js";
import { ANY_ACCOUNT, get, saveKey, savedKeys, sendSms } from "../api/client.js";
import { mockState } from "../state/mock-state.js";
import { navigate, route } from "../state/route.js";
import { tabStore } from "../state/storage.js";
import { attempt, showNotice } from "../ui/notices.js";
import { fields, fillIn, isComplete, listOf, showMagicNumber, valuesOf } from "./compose-form.js";
import { ComposePreview } from "./compose-preview.js";
import { curlOfSend, sendResult } from "./compose-result.js";

const DRAFT = storedName("mocksms-draft");

/** @typedef {import("./compose-form.js").Values} Values */

/**
 * Return the nodes of the panel.
 *
 * @returns {Promise<Dom.Child[]>}
 */
export async function composePanel() {
  const { numbers } = await get("numbers", ANY_ACCOUNT);
  const draft = { to: "972-54-1111111", content: "Your code is 481516", ...tabStore.getObject(DRAFT) };
  const output = element("div", { "aria-live": "polite", class: "result" });
  const preview = new ComposePreview();
  const form = element("form", { class: "compose", novalidate: true }, fields(numbers, draft, preview.node), output);
  fillIn(form, draft);
  fillRecipient(form);
  preview.update(previewOf(valuesOf(form)));
  form.addEventListener("input", () => {
    const values = valuesOf(form);
    tabStore.setObject(DRAFT, values);
    showMagicNumber(form);
    preview.update(previewOf(values));
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isComplete(form)) submit(form, output);
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
  showMagicNumber(form);
  const hint = form.querySelector(".key-hint");
  if (!hint) return;
  hint.textContent =
    recipient && account && !key
      ? `This phone got its SMS from the account ${mockState.accountName(account)}. The mock does not store the ` +
        "full API key: with a different key, the SMS comes from another account."
      : "";
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
    ...textOptions(values),
    ...(values.sender_id && { sender_id: values.sender_id }),
    ...(values.tags && { tags: listOf(values.tags) }),
  };
  return { message, ...(values.async && { async: true }), ...(values.send_at && { send_at: values.send_at }) };
}

/**
 * The options that change the text, without those that have their default value.
 *
 * @param {Values} values
 */
function textOptions(values) {
  return {
    ...(values.unicode && { charset: "unicode" }),
    ...(!values.add_unsubscribe_link && { add_unsubscribe_link: false }),
    ...(values.add_unsubscribe_sms_reply && { add_unsubscribe_sms_reply: true }),
    ...(values.track_clicks && { track_clicks: true }),
  };
}

/**
 * What the preview shows.
 *
 * @param {Values} values
 * @returns {import("./compose-preview.js").Content}
 */
function previewOf(values) {
  return { content: values.content, ...textOptions(values) };
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
