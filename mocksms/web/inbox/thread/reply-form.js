/** The form in which a tester replies as the phone that is shown. */

import { element } from "../../common/dom.js";
import { request } from "../api/client.js";
import { route } from "../state/route.js";
import { button } from "../ui/components.js";
import { attempt, showNotice } from "../ui/notices.js";

const STOP = "STOP";
const OPT_WORDS = [STOP, "הסר", "START"];
const QUICK_REPLIES = [...OPT_WORDS, "YES"];

export class ReplyForm {
  /** @type {string | null} */
  #phone = null;
  /** @type {Map<string | null, string>} */
  #drafts = new Map();

  constructor() {
    this.input = element("textarea", {
      "aria-label": "Reply as this phone",
      placeholder: "Reply as this phone (r)",
      rows: "1",
      dir: "auto",
    });
    const quick = QUICK_REPLIES.map((text) =>
      button(text, () => this.#send(text), { class: "small", "aria-label": `Reply ${text}` }),
    );
    this.node = element(
      "form",
      { class: "reply-form" },
      this.input,
      element("div", { class: "actions" }, quick, element("button", { class: "primary" }, "Reply")),
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#sendDraft();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.node.requestSubmit();
    });
  }

  /**
   * Switch to another phone. Each phone keeps its own draft.
   *
   * @param {string | null} phone
   */
  switchTo(phone) {
    this.#saveDraft(this.input.value);
    this.#phone = phone;
    this.input.value = this.#drafts.get(phone) ?? "";
  }

  focus() {
    this.input.focus();
  }

  /** Reply STOP as the phone that is open, if one is. */
  async sendStop() {
    if (this.#phone) await this.#send(STOP);
  }

  /** @param {string} draft */
  #saveDraft(draft) {
    if (draft) this.#drafts.set(this.#phone, draft);
    else this.#drafts.delete(this.#phone);
  }

  /** Send the draft and clear the field at once, so that it is not sent twice; a text that was refused comes back. */
  async #sendDraft() {
    const phone = this.#phone;
    const text = this.input.value;
    if (!text.trim()) return;
    this.input.value = "";
    if (await this.#send(text)) return;
    if (phone !== this.#phone) this.#drafts.set(phone, text);
    else this.input.value ||= text;
  }

  /** @param {string} text */
  async #send(text) {
    const { phone, in: account } = route();
    const reply = await attempt(() => request("POST", "inbound", { query: { account }, body: { from: phone, text } }));
    if (reply?.effect) showNotice(`The phone has ${reply.effect}.`);
    else if (reply && OPT_WORDS.includes(text)) {
      showNotice(`${text} had no effect: ${reply.reason}.`);
    }
    return reply;
  }
}
