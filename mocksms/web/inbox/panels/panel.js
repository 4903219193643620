/** What is at the right: a message, a call, the panel to write or the one to steer. */

import { element } from "../../shared/dom.js";
import { address, composeParts } from "./compose.js";
import { messageParts } from "./message.js";
import { requestParts } from "./request.js";
import { calmly } from "../api/live.js";
import { button } from "../ui/components.js";
import { refill, replace } from "../ui/patch.js";
import { go, place } from "../state/route.js";
import { Steer } from "./controls.js";
import { line } from "../ui/text.js";

export class Side {
  #asked = "";
  #hasFailed = false;
  #from = document.body;
  #steer = new Steer();

  constructor(node) {
    this.node = node;
    this.refresh = calmly(() => this.#show(true));
  }

  /** Show what the address says. */
  moved() {
    this.#show(false);
  }

  heed(news) {
    const { panel, message } = place();
    if (panel === "steer") this.#steer.refresh();
    const isOurs = ({ kind, transaction_id: id }) =>
      kind === "deleted" || kind === "reset" || (id && [id, "latest"].includes(message));
    if (message && news.some(isOurs)) this.refresh();
  }

  close() {
    go({ message: null, request: null, panel: null });
  }

  async #show(isStale) {
    const what = shown();
    if (what && this.node.hidden) this.#from = document.activeElement;
    const isLeft = !what && this.node.contains(document.activeElement);
    this.node.hidden = !what;
    if (isLeft) this.#from.focus();
    document.body.dataset.side = what ?? "";
    const { message, request, panel, account } = place();
    const asked = JSON.stringify([message, request, panel, panel === "steer" && account]);
    const isSame = asked === this.#asked && !this.#hasFailed;
    this.#asked = asked;
    if (!what || (isSame && !(isStale && ["message", "steer"].includes(what)))) return;
    const form = this.node.querySelector("form.compose");
    if (what === "compose" && form) {
      address(form);
      return;
    }
    this.#hasFailed = false;
    const parts = await this.#parts(what);
    if (asked === this.#asked) this.#put(parts, isSame);
  }

  #parts(what) {
    const { message, request } = place();
    const parts = {
      compose: composeParts,
      steer: async () => this.#steer.show(),
      message: () => messageParts(message),
      request: () => requestParts(request),
    };
    return parts[what]().catch((error) => {
      this.#hasFailed = true;
      return [element("h2", {}, "Not there"), element("p", {}, line(error.message, 400))];
    });
  }

  #put(parts, isSame) {
    const close = button("×", () => this.close(), { class: "close", "aria-label": "Close details" });
    if (isSame) {
      refill(this.node, [close, ...parts]);
      return;
    }
    replace(this.node, [close, ...parts]);
    this.node.scrollTop = 0;
    this.node.querySelector("form.compose [name=content]")?.focus();
  }
}

/** Which of the four it is, if any. */
function shown() {
  const { message, request, panel } = place();
  if (panel === "compose" || panel === "steer") return panel;
  return message ? "message" : request && "request";
}
