/** The bubbles of a thread in the order of time, with a line at the start of each day. Unchanged bubbles stay. */

import { element } from "../../common/dom.js";
import { day } from "../ui/time.js";
import { consentLine, dayLine, messageBubble, replyBubble } from "./bubble.js";

/** @typedef {{ node: HTMLElement, fingerprint?: string }} Drawn */

const NEAR_TOP_PX = 200;
const NEAR_BOTTOM_PX = 80;

export class ThreadView {
  /** @type {Map<string | number, Drawn>} */
  #drawn = new Map();

  /**
   * @param {(message: Api.Message) => void} open shows the details of a message
   * @param {() => void} loadEarlier called when the earliest bubble is nearly in sight
   */
  constructor(open, loadEarlier) {
    this.open = open;
    this.node = element("div", { class: "bubbles", role: "log", "aria-label": "Messages", tabindex: "0" });
    this.node.addEventListener("scroll", () => this.node.scrollTop < NEAR_TOP_PX && loadEarlier(), { passive: true });
  }

  get isAtBottom() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_BOTTOM_PX;
  }

  scrollToBottom() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  /**
   * Show these items, the earliest at the top.
   *
   * @param {Iterable<Ui.ThreadItem>} items
   * @param {boolean} [isEarlier] whether earlier ones were added: what is in sight stays where it is
   */
  draw(items, isEarlier = false) {
    const fromBottom = this.node.scrollHeight - this.node.scrollTop;
    /** @type {Map<string | number, Drawn>} */
    const drawn = new Map();
    let lastDay = "";
    for (const item of [...items].sort((one, other) => one.cursor - other.cursor)) {
      const date = day(item.kind === "messages" ? item.created_at : item.at);
      if (date !== lastDay) drawn.set(date, this.#drawn.get(date) ?? { node: dayLine(date) });
      lastDay = date;
      drawn.set(item.cursor, this.#bubble(item));
    }
    this.#drawn = drawn;
    this.#arrange([...drawn.values()].map(({ node }) => node));
    if (isEarlier) this.node.scrollTop = this.node.scrollHeight - fromBottom;
  }

  /**
   * Mark the bubble of the message that is open.
   *
   * @param {string | undefined} id
   * @param {boolean} [scroll] whether to scroll to it
   */
  select(id, scroll = false) {
    for (const node of this.#nodes()) {
      const isOpen = Boolean(id) && node.dataset.id === id;
      node.classList.toggle("open", isOpen);
      if (isOpen && scroll) node.scrollIntoView({ block: "center" });
    }
  }

  /**
   * Mark a reply, and scroll to it if it was not marked before.
   *
   * @param {string | undefined} cursor
   */
  mark(cursor) {
    for (const node of this.#nodes()) {
      const isMarked = Boolean(cursor) && node.dataset.reply === cursor;
      if (isMarked && !node.classList.contains("open")) node.scrollIntoView({ block: "center" });
      if (node.dataset.reply) node.classList.toggle("open", isMarked);
    }
  }

  #nodes() {
    return /** @type {HTMLElement[]} */ ([...this.node.children]);
  }

  /**
   * @param {Ui.ThreadItem} item
   * @returns {Drawn}
   */
  #bubble(item) {
    const fingerprint =
      item.kind === "messages"
        ? JSON.stringify([item.text, item.status, item.reject_reason, item.clicks, item.callback_state])
        : "";
    const known = this.#drawn.get(item.cursor);
    if (known?.fingerprint === fingerprint) return known;
    if (item.kind === "messages") return { fingerprint, node: messageBubble(item, () => this.open(item)) };
    return { fingerprint, node: item.kind === "consents" ? consentLine(item) : replyBubble(item) };
  }

  /** @param {HTMLElement[]} nodes */
  #arrange(nodes) {
    const focused = this.#focusedId();
    const stale = new Set(this.#nodes());
    nodes.forEach((node, index) => {
      stale.delete(node);
      const present = this.node.children[index] ?? null;
      if (present !== node) this.node.insertBefore(node, present);
    });
    stale.forEach((node) => node.remove());
    if (!focused || document.activeElement !== document.body) return;
    const about = this.node.querySelector(`[data-id="${CSS.escape(focused)}"] .about`);
    if (about instanceof HTMLElement) about.focus({ preventScroll: true });
  }

  #focusedId() {
    const bubble = document.activeElement?.closest(".bubbles [data-id]");
    return bubble instanceof HTMLElement ? bubble.dataset.id : undefined;
  }
}
