/** One SMS as its phone shows it, and beneath it what the phone does not show. */

import { element } from "../../shared/dom.js";
import { badge, button } from "../ui/components.js";
import { beginning, phoneText, visible } from "../ui/text.js";
import { clockTime } from "../ui/time.js";

const LONG = 1_500;

/** An SMS to the phone; `open` shows all that is known of it. */
export function bubble(message, open) {
  const { segments } = message;
  const size = segments.count > 1 || segments.encoding !== "GSM-7" ? `${segments.count} × ${segments.encoding}` : "";
  return element(
    "article",
    { class: `bubble to ${message.status}`, "data-id": message.transaction_id },
    text(message.text, (most) => phoneText(message, most)),
    element(
      "div",
      { class: "foot" },
      element(
        "button",
        { type: "button", class: "about", onclick: open },
        element("time", { datetime: message.created_at, title: message.created_at }, clockTime(message.created_at)),
        badge(message.status, message.reject_reason),
        size && element("span", { class: "soft" }, size),
        message.codes.length > 0 && element("span", { class: "soft" }, `code ${message.codes[0].code}`),
        message.clicks > 0 && element("span", { class: "soft" }, `${message.clicks} × clicked`),
        element("span", { class: "hidden" }, " details"),
      ),
    ),
  );
}

/** An SMS from the phone. */
export function reply(sms) {
  return element(
    "article",
    { class: "bubble from" },
    text(sms.text, (most) => visible(beginning(sms.text, most))),
    element(
      "div",
      { class: "foot" },
      element("time", { datetime: sms.at, title: sms.at }, clockTime(sms.at)),
      " reply",
      sms.effect && element("span", { class: "badge rejected" }, sms.effect),
    ),
  );
}

/** A choice that was made otherwise than by an SMS. */
export function choice(consent) {
  const words = consent.choice === "out" ? "opted out" : "opted in";
  return element("p", { class: "between" }, `${words} · ${consent.cause} · ${clockTime(consent.at)}`);
}

export function dayLine(words) {
  return element("p", { class: "between day" }, words);
}

function text(whole, nodes) {
  const shown = element("p", { class: "text" }, nodes(LONG));
  if (whole.length <= LONG) return shown;
  const rest = button(
    `Show all ${whole.length.toLocaleString("en")} characters`,
    () => {
      shown.replaceChildren(...nodes(Infinity).filter(Boolean));
      rest.remove();
    },
    { class: "small" },
  );
  return [shown, rest];
}
