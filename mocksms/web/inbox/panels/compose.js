/** A test send: what an application would post to the emulated API, with every magic number at hand. */

import { curlOf } from "../../shared/curl.js";
import { element } from "../../shared/dom.js";
import { NOBODY, get, keepKey, knownKeys, send } from "../api/client.js";
import { tab } from "../state/storage.js";
import { attempt, badge, button, choice, copyButton, field, raw, tell } from "../ui/components.js";
import { go, place } from "../state/route.js";
import { state } from "../state/mock-state.js";
import { line, visible } from "../ui/text.js";

const DRAFT = "mocksms-draft";
const TARGET = "/rest/v1/transactional/sms/send";
const SPLIT = /[\n,;]+/;

/** Return the parts of the panel in which an SMS is written. */
export async function composeParts() {
  const { numbers } = await get("numbers", NOBODY);
  const draft = {
    to: "972-54-1111111",
    content: "Your code is 481516",
    ...tab.getObject(DRAFT),
  };
  const output = element("div", { "aria-live": "polite", class: "sent" });
  const form = element("form", { class: "compose" }, fields(numbers, draft), output);
  fillIn(form, draft);
  address(form);
  form.addEventListener("input", () => tab.setObject(DRAFT, valuesOf(form)));
  form.addEventListener("invalid", ({ target }) => target.closest("details")?.setAttribute("open", ""), true);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, output);
  });
  return [element("h2", {}, "New SMS"), form];
}

/** Put the number that the address names into the form, and the key of the account that wrote to it if it is known. */
export function address(form) {
  const { recipient, in: account } = place();
  const key = recipient && account && knownKeys()[account];
  if (recipient) form.elements.to.value = recipient;
  if (key) form.elements.key.value = key;
  form.querySelector(".whose").textContent =
    recipient && account && !key
      ? `This phone heard from the account ${state.nameOf(account)}. The mock keeps no more of its key: with another one, ` +
        "the SMS comes from another account."
      : "";
}

function fields(numbers, draft) {
  const to = element("textarea", { name: "to", rows: "1", required: true, spellcheck: "false", autocomplete: "off" });
  const magic = element(
    "select",
    { name: "magic", "aria-label": "Magic numbers: each names its own outcome" },
    element("option", { value: "" }, "or a magic number…"),
    numbers.map(({ number, outcome }) => element("option", { value: number }, `${number}: ${outcome}`)),
  );
  magic.addEventListener("change", () => {
    if (!magic.value) return;
    to.value = magic.value;
    to.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const key = Object.values(knownKeys()).at(-1) ?? draft.key ?? "demo";
  return [
    field("To", to, "several with commas between them"),
    magic,
    field("Text", element("textarea", { name: "content", rows: "4", required: true, dir: "auto" })),
    element(
      "div",
      { class: "choices" },
      choice("add_unsubscribe_sms_reply", "the phone may reply STOP", true),
      choice("add_unsubscribe_link", "unsubscribe link"),
      choice("track_clicks", "track clicks"),
      choice("async", "async"),
    ),
    element(
      "details",
      {},
      element("summary", {}, "Sender, tags, time, key"),
      field("Sender", element("input", { name: "sender_id", autocomplete: "off" })),
      field("Tags", element("input", { name: "tags", autocomplete: "off" }), "with commas between them"),
      field(
        "Send at",
        element("input", { name: "send_at", autocomplete: "off", placeholder: "2030-01-20 13:05:00+02:00" }),
      ),
      field(
        "X-API-Key",
        element("input", {
          name: "key",
          value: key,
          required: true,
          pattern: "[\\x20-\\xff]+",
          title: "Headers take Latin letters, digits and signs only",
          autocomplete: "off",
          spellcheck: "false",
        }),
        "each key is an account of its own",
      ),
    ),
    element("p", { class: "soft whose" }),
    element(
      "div",
      { class: "actions" },
      element("button", { class: "main" }, "Send"),
      button("Close", () => go({ panel: null })),
    ),
  ];
}

function valuesOf(form) {
  return Object.fromEntries(
    [...form.elements]
      .filter(({ name }) => name && name !== "magic")
      .map((input) => [input.name, input.type === "checkbox" ? input.checked : input.value]),
  );
}

function fillIn(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const input = form.elements[name];
    if (input?.type === "checkbox") input.checked = value;
    else if (input && value) input.value = value;
  }
}

/** The body of a send, without what is left as it is by itself. */
function bodyOf(values) {
  const message = {
    content: values.content,
    to: list(values.to).map((number) => ({ mobile_number: number })),
    add_unsubscribe_link: values.add_unsubscribe_link,
    add_unsubscribe_sms_reply: values.add_unsubscribe_sms_reply,
  };
  if (values.track_clicks) message.track_clicks = true;
  if (values.sender_id) message.sender_id = values.sender_id;
  if (values.tags) message.tags = list(values.tags);
  return { message, ...(values.async && { async: true }), ...(values.send_at && { send_at: values.send_at }) };
}

function list(text) {
  return text
    .split(SPLIT)
    .map((word) => word.trim())
    .filter(Boolean);
}

async function submit(form, output) {
  const values = valuesOf(form);
  const body = bodyOf(values);
  output.replaceChildren(element("p", { class: "soft" }, "Sent, waiting for the answer…"));
  const answer = await send(values.key, body).catch(({ message }) => ({ lost: message }));
  const rows = readRows(answer);
  output.replaceChildren(...answered(answer, rows), ...asCurl(values.key, body));
  if (rows?.length) await attempt(() => follow(values.key, rows[0]));
}

function readRows({ status, text }) {
  try {
    return status === 200 ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/**
 * Remember whose key this is, and show the conversation of the first phone that was written to; who has left the panel
 * before the answer came is only told.
 */
async function follow(key, row) {
  const message = await get(`messages/${row.transaction_id}`, NOBODY);
  keepKey(message.account, key);
  if (place().panel !== "compose") {
    tell(`The SMS to ${row.mobile_number} was answered: ${row.status}.`);
    return;
  }
  go(
    {
      view: null,
      phone: message.number,
      in: message.account,
      message: row.transaction_id,
      panel: "compose",
      recipient: null,
      account: place().account && message.account,
    },
    false,
  );
}

function answered({ status, text, lost }, rows) {
  if (lost) {
    const words = `No answer came: ${lost}. The journal says whether the call was accepted.`;
    return [element("p", { class: "wrong" }, words)];
  }
  if (!rows) {
    return [element("p", { class: "wrong" }, `Answered ${status}`), raw("Answer", visible(text))];
  }
  return [
    element(
      "ul",
      { class: "plain rows" },
      rows.slice(0, 50).map((row) =>
        element(
          "li",
          {},
          badge(row.status, row.reject_reason),
          element("bdi", {}, line(row.mobile_number)),
          button("Why?", () => go({ message: row.transaction_id, panel: null }), {
            class: "small",
            "aria-label": `Details of the SMS to ${line(row.mobile_number)}`,
          }),
        ),
      ),
    ),
  ];
}

function asCurl(key, body) {
  const headers = { "X-API-Key": key, "Content-Type": "application/json" };
  const shell = curlOf({ method: "POST", target: TARGET, headers, body: JSON.stringify(body) });
  return [
    element(
      "details",
      {},
      element("summary", {}, "As a curl line"),
      copyButton("Curl line", () => shell),
      raw("Curl line", visible(shell)),
    ),
  ];
}
