/** The field in which one answers as the phone that is shown. */

import { element } from "/docs/dom.js";
import { call } from "./api.js";
import { attempt, button, tell } from "./parts.js";
import { place } from "./route.js";

const CHOICES = ["STOP", "הסר", "START"];
const WORDS = [...CHOICES, "YES"];

export class ReplyForm {
  constructor() {
    this.words = element("textarea", {
      "aria-label": "Reply as this phone",
      placeholder: "Reply as this phone (r)",
      rows: "1",
      dir: "auto",
    });
    const quick = WORDS.map((word) =>
      button(word, () => this.#send(word), { class: "small", "aria-label": `Reply ${word}` }),
    );
    this.node = element(
      "form",
      { class: "reply" },
      this.words,
      element("div", { class: "actions" }, quick, element("button", { class: "main" }, "Reply")),
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(this.words.value);
    });
    this.words.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.node.requestSubmit();
    });
  }

  focus() {
    this.words.focus();
  }

  async #send(text) {
    if (!text.trim()) return;
    const { phone, in: account } = place();
    const sms = await attempt(() => call("POST", "inbound", { query: { account }, body: { from: phone, text } }));
    if (!sms) return;
    if (this.words.value === text) this.words.value = "";
    if (sms.effect) tell(`The phone has ${sms.effect}.`);
    else if (CHOICES.includes(text)) {
      tell(`${text} changed nothing: the latest SMS to this phone did not offer to reply (add_unsubscribe_sms_reply).`);
    }
  }
}
