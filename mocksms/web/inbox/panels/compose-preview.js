/** The preview of a test send: the bubble as the phone will show it, with its segments. */

import { element } from "../../common/dom.js";
import { messageOf } from "../../common/errors.js";
import { previewSms } from "../api/client.js";
import { messageText } from "../thread/message-text.js";
import { patch } from "../ui/patch.js";
import { throttle } from "../ui/schedule.js";
import { segmentSummary } from "./segment-facts.js";

const MAX_CHARACTERS = 1_500;

/** @typedef {{ content: string, charset?: string } & Record<string, unknown>} Content */

export class ComposePreview {
  /** @type {Content} */
  #content = { content: "" };
  #draw;

  constructor() {
    this.node = element("div", { class: "preview-box", role: "group", "aria-label": "Preview" });
    this.#draw = throttle(() => this.#drawNow());
  }

  /**
   * Show how this will look.
   *
   * @param {Content} content
   */
  update(content) {
    this.#content = content;
    this.#draw();
  }

  async #drawNow() {
    const body = this.#content;
    if (!body.content) {
      patch(this.node, []);
      return;
    }
    try {
      patch(this.node, bubble(await previewSms(body), body));
    } catch (error) {
      patch(this.node, [element("p", { class: "wrong" }, messageOf(error))]);
    }
  }
}

/**
 * @param {Api.Preview} preview
 * @param {Content} body
 */
function bubble(preview, { charset }) {
  const { segments } = preview;
  const needsCharset = segments.encoding !== "GSM-7" && charset !== "unicode";
  const text = element(
    "p",
    { class: "text" },
    messageText({ ...preview, links: [], transaction_id: "" }, MAX_CHARACTERS),
  );
  return [
    element("div", { class: "bubble to sent" }, text),
    element("p", { class: "muted" }, segmentSummary(segments)),
    needsCharset && element("p", { class: "muted" }, "The vendor may need charset unicode for this text."),
  ];
}
