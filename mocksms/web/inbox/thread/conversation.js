/** What went to and fro between an account and one phone, drawn as the phone shows it. */

import { element } from "../../shared/dom.js";
import { call, get } from "../api/client.js";
import { Flow } from "./thread-view.js";
import { calmly, excuse } from "../api/live.js";
import { apart, attempt, button, copyButton } from "../ui/components.js";
import { phoneKey } from "../list/phones.js";
import { refill } from "../ui/patch.js";
import { ReplyForm } from "./reply-form.js";
import { NOWHERE, go, place, view } from "../state/route.js";
import { look } from "../state/read-state.js";
import { state } from "../state/mock-state.js";
import { readTalk } from "./thread-loader.js";

const MOST = 300; // Bubbles in the page at a time; earlier ones push the latest out.
const CHANGES = ["account", "scenario", "reset", "deleted"];

export class Conversation {
  #who = undefined;
  #items = new Map();
  #floor = 0;
  #isAtEnd = true;
  #isReading = false;
  #isStale = false;
  #round = 0;

  constructor(node, onSeen) {
    this.node = node;
    this.onSeen = onSeen;
    this.refresh = calmly(() => this.#refresh());
    this.head = element("header", { class: "head" });
    this.flow = new Flow(
      (item) => go({ message: item.transaction_id, panel: null, request: null }),
      () => this.#earlier().catch(excuse),
    );
    this.newest = button("Jump to the latest", () => this.#restart(), { class: "jump", hidden: true });
    this.reply = new ReplyForm();
  }

  /** Show what the address says. */
  moved() {
    const { phone, in: account, message } = place();
    const who = view() === "phones" && phone && account ? phoneKey(account, phone) : null;
    if (who === this.#who) {
      this.flow.mark(message);
      return;
    }
    this.#who = who;
    this.reply.turnTo(who);
    this.#empty();
    if (who) {
      this.node.replaceChildren(this.head, this.flow.node, this.newest, this.reply.node);
      this.head.replaceChildren(element("h2", {}, apart(phone)));
      this.refresh();
    } else {
      this.node.replaceChildren(element("p", { class: "hint" }, "Choose a phone to see what it shows."));
    }
  }

  heed(news) {
    if (!this.#who) return;
    const { phone, in: account } = place();
    const isOurs = (each) => each.number === phone || CHANGES.includes(each.kind);
    const ours = news.filter((each) => isOurs(each) && (!each.account || each.account === account));
    if (ours.some(({ kind }) => kind === "reset" || kind === "deleted")) this.#empty();
    if (ours.length) this.refresh();
  }

  /** Begin anew with the next look, since what is shown may be gone. */
  forget() {
    this.#round += 1;
    this.#isStale = true;
    this.#isAtEnd = true;
    this.newest.hidden = true;
  }

  /** Show nothing; what is being read is of no use any more. */
  #empty() {
    this.#round += 1;
    this.#items = new Map();
    this.#floor = 0;
    this.#isAtEnd = true;
    this.newest.hidden = true;
    this.flow.draw([]);
  }

  #restart() {
    this.#empty();
    this.refresh();
  }

  async #refresh() {
    const round = this.#round;
    if (!this.#who || !this.#isAtEnd) return;
    const { phone, in: account, message } = place();
    const [talk, { phones }] = await Promise.all([readTalk(account, phone), get("phones", { number: phone, account })]);
    if (round !== this.#round) return;
    const isFirst = !this.#items.size;
    const follows = isFirst || this.flow.isAtBottom;
    if (this.#isStale || talk.floor > Math.max(0, ...this.#items.keys())) this.#items = new Map();
    this.#isStale = false;
    if (!this.#items.size) this.#floor = talk.floor;
    talk.items.forEach((item) => this.#items.set(item.cursor, item));
    if (this.#keep((cursors) => cursors.slice(-MOST))) this.#floor = Math.min(...this.#items.keys());
    this.flow.draw(this.#items.values());
    this.#header(phones[0]);
    if (follows) this.flow.toBottom();
    this.flow.mark(message, isFirst);
    if (phones[0] && !document.hidden && look(this.#who, phones[0].cursor)) this.onSeen();
  }

  async #earlier() {
    const round = this.#round;
    if (!this.#floor || this.#isReading) return;
    this.#isReading = true;
    const { phone, in: account } = place();
    const talk = await readTalk(account, phone, this.#floor).finally(() => {
      this.#isReading = false;
    });
    if (round !== this.#round) return;
    this.#floor = talk.floor;
    talk.items.forEach((item) => this.#items.set(item.cursor, item));
    if (this.#keep((cursors) => cursors.slice(0, MOST))) this.#isAtEnd = false;
    this.newest.hidden = this.#isAtEnd;
    this.flow.draw(this.#items.values(), true);
  }

  /** Keep some of the items if there are too many; returns whether there were. */
  #keep(some) {
    if (this.#items.size <= MOST) return false;
    const kept = some([...this.#items.keys()].sort((one, other) => one - other));
    this.#items = new Map(kept.map((cursor) => [cursor, this.#items.get(cursor)]));
    return true;
  }

  #header(phone) {
    const { in: account, phone: number } = place();
    const written = phone?.mobile_number ?? number;
    refill(this.head, [
      button("‹", () => go(NOWHERE), { class: "back", "aria-label": "Back to the list" }),
      element("h2", {}, apart(written)),
      copyButton("Number", () => written),
      ...(state.accounts.length > 1 ? [element("span", { class: "chip" }, state.nameOf(account))] : []),
      ...(phone?.lists ?? []).map(listed),
      element(
        "span",
        { class: "soft counts" },
        phone ? `${phone.messages} to it, ${phone.replies} from it` : "nothing is kept",
      ),
      button("Write to it", () => go({ panel: "compose", recipient: written })),
    ]);
  }
}

function listed(list) {
  const { phone, in: account } = place();
  const takeOff = () =>
    attempt(() => call("PATCH", "account", { query: { account }, body: { [list]: { remove: [phone] } } }));
  return element(
    "span",
    { class: "chip out" },
    list === "unsubscribed" ? "opted out" : list,
    button("undo", takeOff, { class: "small", "aria-label": `undo: take this phone off the list ${list}` }),
  );
}
