/** The field in which one answers as the phone that is shown. */

import { element } from "../../shared/dom.js";
import { call } from "../api/client.js";
import { attempt, button, tell } from "../ui/components.js";
import { place } from "../state/route.js";

const CHOICES = ["STOP", "הסר", "START"];
const WORDS = [...CHOICES, "YES"];

export class ReplyForm {
  #who = null;
  #drafts = new Map();

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
      this.#sendDraft();
    });
    this.words.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.node.requestSubmit();
    });
  }

  /** Be the field of another phone; what was not sent yet waits with the phone it was for. */
  turnTo(who) {
    this.#keep(this.words.value);
    this.#who = who;
    this.words.value = this.#drafts.get(who) ?? "";
  }

  focus() {
    this.words.focus();
  }

  #keep(draft) {
    if (draft) this.#drafts.set(this.#who, draft);
    else this.#drafts.delete(this.#who);
  }

  /** Send what is in the field and empty it at once, so that it cannot go twice; what was refused comes back. */
  async #sendDraft() {
    const who = this.#who;
    const text = this.words.value;
    if (!text.trim()) return;
    this.words.value = "";
    if (await this.#send(text)) return;
    if (who !== this.#who) this.#drafts.set(who, text);
    else this.words.value ||= text;
  }

  async #send(text) {
    const { phone, in: account } = place();
    const sms = await attempt(() => call("POST", "inbound", { query: { account }, body: { from: phone, text } }));
    if (sms?.effect) tell(`The phone has ${sms.effect}.`);
    else if (sms && CHOICES.includes(text)) {
      tell(`${text} changed nothing: the latest SMS that this phone got did not offer to reply (add_unsubscribe_sms_reply).`);
    }
    return sms;
  }
}
