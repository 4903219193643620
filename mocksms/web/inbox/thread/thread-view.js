/** Bubbles in the order of time, with a line where a day begins; what has not changed is not drawn again. */

import { element } from "../../shared/dom.js";
import { bubble, choice, dayLine, reply } from "./bubble.js";
import { day } from "../ui/time.js";

const DRAWN = { messages: bubble, replies: reply, consents: choice };

export class Flow {
  #nodes = new Map();

  /**
   * @param open is told which message is to be shown with all that is known of it
   * @param early is told when the earliest bubble comes near
   */
  constructor(open, early) {
    this.open = open;
    this.node = element("div", { class: "flow", role: "log", "aria-label": "What was said", tabindex: "0" });
    this.node.addEventListener("scroll", () => this.node.scrollTop < 200 && early(), { passive: true });
  }

  get isAtBottom() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 80;
  }

  toBottom() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  /** Show these items, from the earliest to the latest; with `isEarlier` what is in sight stays where it is. */
  draw(items, isEarlier = false) {
    const fromBottom = this.node.scrollHeight - this.node.scrollTop;
    const nodes = new Map();
    let today = "";
    for (const item of [...items].sort((one, other) => one.cursor - other.cursor)) {
      const date = day(item.at ?? item.created_at);
      if (date !== today) nodes.set(date, this.#nodes.get(date) ?? { node: dayLine(date) });
      today = date;
      nodes.set(item.cursor, this.#drawn(item));
    }
    this.#nodes = nodes;
    this.#put([...nodes.values()].map(({ node }) => node));
    if (isEarlier) this.node.scrollTop = this.node.scrollHeight - fromBottom;
  }

  /** Mark the bubble of a message, and bring it into sight. */
  mark(message, isShown) {
    for (const node of this.node.children) {
      const isOpen = Boolean(message) && node.dataset.id === message;
      node.classList.toggle("open", isOpen);
      if (isOpen && isShown) node.scrollIntoView({ block: "center" });
    }
  }

  #drawn(item) {
    const mark = JSON.stringify([item.text, item.status, item.reject_reason, item.clicks]);
    const known = this.#nodes.get(item.cursor);
    return known?.mark === mark ? known : { mark, node: DRAWN[item.kind](item, () => this.open(item)) };
  }

  #put(flow) {
    const held = document.activeElement.closest(".flow [data-id]")?.dataset.id;
    const stale = new Set(this.node.children);
    flow.forEach((node, index) => {
      stale.delete(node);
      const there = this.node.children[index] ?? null;
      if (there !== node) this.node.insertBefore(node, there);
    });
    stale.forEach((node) => node.remove());
    if (held && document.activeElement === document.body)
      this.node.querySelector(`[data-id="${CSS.escape(held)}"] .about`)?.focus({ preventScroll: true });
  }
}
