/** The conversation of an account with one phone, as the phone shows it. */

import { element, setChildren } from "../../common/dom.js";
import { get, request } from "../api/client.js";
import { deleteRecords } from "../list/bulk-actions.js";
import { mockState } from "../state/mock-state.js";
import { messagePlace } from "../state/places.js";
import { markRead } from "../state/read-state.js";
import { control } from "../state/read-only.js";
import { NO_CONVERSATION, navigate, route, view } from "../state/route.js";
import { accountLabel } from "../ui/account-label.js";
import { button, copyText, iconButton, isolated } from "../ui/components.js";
import { attempt, reportError } from "../ui/notices.js";
import { patch } from "../ui/patch.js";
import { updateUnpressed } from "../ui/press.js";
import { throttle } from "../ui/schedule.js";
import { Overview } from "./overview.js";
import { phoneKey } from "./phone-key.js";
import { ReplyForm } from "./reply-form.js";
import { loadThread } from "./thread-loader.js";
import { ThreadView } from "./thread-view.js";

const MAX_BUBBLES = 300; // In the page at a time: earlier ones push the latest out.
const RELEVANT_EVENTS = ["account", "scenario", "reset", "deleted"];

export class Conversation {
  /** @type {string | null | undefined} */
  #key;
  /** @type {Map<number, Ui.ThreadItem>} */
  #items = new Map();
  #floor = 0;
  #isAtEnd = true;
  #isLoading = false;
  #isStale = false;
  #round = 0; // Counts up when what is being read has become useless.

  /**
   * @param {HTMLElement} node
   * @param {() => void} onRead called when new messages were marked as read
   */
  constructor(node, onRead) {
    this.node = node;
    this.onRead = onRead;
    this.refresh = throttle(() => this.#refresh());
    this.head = element("header", { class: "head" });
    this.thread = new ThreadView(
      (message) => navigate(messagePlace(message.transaction_id)),
      () => this.#loadEarlier().catch(reportError),
    );
    this.jump = button("Jump to the latest", () => this.#restart(), { class: "jump", hidden: true });
    this.replyForm = new ReplyForm();
    this.overview = new Overview();
  }

  /** Show what the URL says. */
  onRouteChange() {
    const { phone, in: account, message, reply } = route();
    const key = view() === "phones" && phone && account ? phoneKey(account, phone) : null;
    if (key === this.#key) {
      this.thread.select(message);
      this.thread.mark(reply);
      return;
    }
    this.#key = key;
    this.replyForm.switchTo(key);
    this.#clear();
    if (key && phone) {
      setChildren(this.node, this.head, this.thread.node, this.jump, control(this.replyForm.node));
      this.head.replaceChildren(element("h2", {}, isolated(phone)));
      this.refresh();
    } else {
      this.node.replaceChildren(this.overview.node);
    }
  }

  /** @param {Ui.MockEvent[]} events */
  onEvents(events) {
    if (!this.#key) return;
    const { phone, in: account } = route();
    const relevant = events.filter(
      (event) =>
        (event.number === phone || RELEVANT_EVENTS.includes(event.kind)) &&
        (!event.account || event.account === account),
    );
    if (relevant.some(({ kind }) => kind === "reset")) this.#clear();
    else if (relevant.some(({ kind }) => kind === "deleted")) this.invalidate();
    if (relevant.length) this.refresh();
  }

  /** Read everything again with the next refresh: what is shown may no longer exist. */
  invalidate() {
    this.#round += 1;
    this.#isStale = true;
    this.#isAtEnd = true;
    this.jump.hidden = true;
  }

  #clear() {
    this.#round += 1;
    this.#items = new Map();
    this.#floor = 0;
    this.#isAtEnd = true;
    this.jump.hidden = true;
    this.thread.draw([]);
  }

  #restart() {
    this.#clear();
    this.refresh();
  }

  async #refresh() {
    const round = this.#round;
    const { phone, in: account } = route();
    if (!this.#key || !phone || !account || !this.#isAtEnd) return;
    const [{ items, floor }, { phones }] = await Promise.all([
      loadThread(account, phone),
      get("phones", { number: phone, account }),
    ]);
    if (round !== this.#round) return;
    const isFirst = !this.#items.size;
    const scroll = isFirst || this.thread.isAtBottom;
    if (this.#isStale || floor > Math.max(0, ...this.#items.keys())) this.#items = new Map();
    this.#isStale = false;
    if (!this.#items.size) this.#floor = floor;
    items.forEach((item) => this.#items.set(item.cursor, item));
    if (this.#limit((cursors) => cursors.slice(-MAX_BUBBLES))) this.#floor = Math.min(...this.#items.keys());
    updateUnpressed(this.thread.node, () => {
      this.thread.draw(this.#items.values());
      if (scroll) this.thread.scrollToBottom();
      this.thread.select(route().message, isFirst);
      this.thread.mark(route().reply);
    });
    this.#drawHead(phones[0]);
    if (phones[0] && !document.hidden && markRead(this.#key, phones[0].cursor)) this.onRead();
  }

  async #loadEarlier() {
    const round = this.#round;
    const { phone, in: account } = route();
    if (!this.#floor || this.#isLoading || !phone || !account) return;
    this.#isLoading = true;
    const { items, floor } = await loadThread(account, phone, this.#floor).finally(() => {
      this.#isLoading = false;
    });
    if (round !== this.#round) return;
    this.#floor = floor;
    items.forEach((item) => this.#items.set(item.cursor, item));
    if (this.#limit((cursors) => cursors.slice(0, MAX_BUBBLES))) this.#isAtEnd = false;
    this.jump.hidden = this.#isAtEnd;
    this.thread.draw(this.#items.values(), true);
  }

  /**
   * Drop items if there are too many. Returns whether there were.
   *
   * @param {(cursors: number[]) => number[]} select
   */
  #limit(select) {
    if (this.#items.size <= MAX_BUBBLES) return false;
    const cursors = new Set(select([...this.#items.keys()].sort((one, other) => one - other)));
    this.#items = new Map([...this.#items].filter(([cursor]) => cursors.has(cursor)));
    return true;
  }

  /** @param {Api.Phone | undefined} phone */
  #drawHead(phone) {
    const { in: account = "", phone: number = "" } = route();
    const asSent = phone?.mobile_number ?? number;
    const counts = phone ? `${phone.messages} to it, ${phone.replies} from it` : "no messages";
    patch(this.head, [
      button("‹", () => navigate(NO_CONVERSATION), { class: "back", "aria-label": "Back to the list" }),
      element("h2", {}, isolated(asSent)),
      iconButton("copy", "Copy number", () => copyText("Number", asSent), { "data-id": asSent }),
      mockState.accountCount > 1 && element("span", { class: "chip account" }, accountLabel(account)),
      ...(phone?.lists ?? []).map(listChip),
      element("span", { class: "muted counts" }, counts),
      control(
        button("Send SMS", () => navigate({ panel: "compose", recipient: asSent }), {
          class: "small",
          "aria-label": "Send SMS to this number",
        }),
      ),
      control(
        iconButton("trash", "Delete this conversation", () => deleteRecords({ phones: [{ account, number }] }), {
          "data-id": this.#key,
        }),
      ),
    ]);
  }
}

/** @param {string} list */
function listChip(list) {
  const { phone, in: account } = route();
  const remove = () =>
    attempt(() => request("PATCH", "account", { query: { account }, body: { [list]: { remove: [phone] } } }));
  return element(
    "span",
    { class: "chip opted-out" },
    list === "unsubscribed" ? "opted out" : list,
    control(button("undo", remove, { class: "small", "aria-label": `undo: remove this phone from the list ${list}` })),
  );
}
