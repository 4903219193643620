/** The fields of the form for a test send, and what is wrong with their values. */

import { element } from "../../common/dom.js";
import { savedKeys } from "../api/client.js";
import { navigate } from "../state/route.js";
import { button, checkbox, field } from "../ui/components.js";
import { showFieldError } from "../ui/form-errors.js";

const SEPARATOR = /[\n,;]+/;
const KEY = /^[\x20-\x7e\xa0-\xff]+$/;
const MAGIC_DIGITS = 12;
const FREE_DIGITS = 2;

/** @typedef {Record<string, any>} Values the values of the form, by the names of its fields */

/**
 * The fields of the form.
 *
 * @param {Api.MagicNumber[]} numbers
 * @param {Values} draft
 * @param {HTMLElement} preview
 * @returns {Dom.Child[]}
 */
export function fields(numbers, draft, preview) {
  const to = element("textarea", { name: "to", rows: "1", spellcheck: "false", autocomplete: "off" });
  return [
    field("To", to, "several numbers: separate them with commas"),
    magicNumbers(numbers, to),
    field("Text", element("textarea", { name: "content", rows: "3", dir: "auto" })),
    element(
      "div",
      { class: "choices" },
      checkbox("add_unsubscribe_link", "unsubscribe link", true),
      checkbox("add_unsubscribe_sms_reply", "allow STOP replies"),
      checkbox("track_clicks", "track clicks"),
      checkbox("async", "async"),
      checkbox("unicode", "charset unicode"),
    ),
    moreFields(Object.values(savedKeys()).at(-1) ?? draft.key ?? "demo"),
    element("p", { class: "muted key-hint" }),
    element(
      "div",
      { class: "actions" },
      element("button", { class: "primary", title: "Ctrl+Enter" }, "Send"),
      button("Close", () => navigate({ panel: null })),
    ),
    preview, // Last, since its height changes: a click must not miss what it is meant for.
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
  select.addEventListener("input", (event) => {
    event.stopPropagation(); // The number decides what is selected.
    if (!select.value) return;
    to.value = select.value;
    to.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return select;
}

/**
 * Select the magic number that is typed, if it is one: its last two digits are free.
 *
 * @param {HTMLFormElement} form
 */
export function showMagicNumber(form) {
  const select = form.elements.namedItem("magic");
  const [number, another] = listOf(valuesOf(form).to ?? "");
  if (!(select instanceof HTMLSelectElement)) return;
  const start = number && !another ? magicStart(number) : "none";
  select.value = [...select.options].find(({ value }) => value && magicStart(value) === start)?.value ?? "";
}

/** @param {string} number */
function magicStart(number) {
  const digits = number.replace(/[\s+\-.()[\]]/g, "");
  return digits.length === MAGIC_DIGITS ? digits.slice(0, -FREE_DIGITS) : digits;
}

/**
 * Whether a form can be sent; what is wrong is shown at the first field.
 *
 * @param {HTMLFormElement} form
 */
export function isComplete(form) {
  const { to, content, key } = valuesOf(form);
  /** @type {[string, boolean, string][]} */
  const checks = [
    ["to", listOf(to).length > 0, "Enter a number, such as 972-54-1111111."],
    ["content", content !== "", "Enter a text."],
    ["key", key.trim() !== "", "Enter an API key. Any key works: each is an account of its own."],
    ["key", KEY.test(key), "Use Latin letters, digits and signs: an HTTP header can contain no others."],
  ];
  const [name, , text] = checks.find(([, isRight]) => !isRight) ?? [];
  const input = name && inputs(form).find((each) => each.name === name);
  if (input && text) showFieldError(input, text);
  return !name;
}

/** @param {string} key */
function moreFields(key) {
  const keyInput = element("input", {
    name: "key",
    value: key,
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
 * The values of a form by the names of its fields.
 *
 * @param {HTMLFormElement} form
 * @returns {Values}
 */
export function valuesOf(form) {
  return Object.fromEntries(
    inputs(form).map((input) => [
      input.name,
      input.type === "checkbox" && "checked" in input ? input.checked : input.value,
    ]),
  );
}

/**
 * Fill in the fields that have a value.
 *
 * @param {HTMLFormElement} form
 * @param {Values} values
 */
export function fillIn(form, values) {
  for (const input of inputs(form)) {
    const value = values[input.name];
    if (value === undefined) continue;
    if (input.type === "checkbox" && "checked" in input) input.checked = value;
    else if (value) input.value = value;
  }
}

/**
 * The parts of a text that commas, semicolons or lines separate.
 *
 * @param {string} text
 */
export function listOf(text) {
  return text
    .split(SEPARATOR)
    .map((word) => word.trim())
    .filter(Boolean);
}
