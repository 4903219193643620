/** The panel at the right: a message, a request, the form for a new SMS, the controls, or the trace. */

import { element } from "../../common/dom.js";
import { messageOf } from "../../common/errors.js";
import { updateCountdowns } from "../list/due.js";
import { isReadOnly } from "../state/read-only.js";
import { NO_PANEL, navigate, route } from "../state/route.js";
import { button } from "../ui/components.js";
import { patch, replace } from "../ui/patch.js";
import { throttle } from "../ui/schedule.js";
import { singleLine } from "../ui/text.js";
import { callbackPanel } from "./callback.js";
import { composePanel, fillRecipient } from "./compose.js";
import { Controls } from "./controls.js";
import { messagePanel } from "./message.js";
import { requestPanel } from "./request.js";
import { tracePanel } from "./trace.js";
import { webhookPanel } from "./webhook.js";

const MAX_ERROR_CHARACTERS = 400;
const COUNTDOWN_MS = 1_000;
/** Events after which any message or callback may differ. */
const RELEVANT_EVENTS = ["deleted", "reset", "account", "consent", "scenario", "clock"];
const LIVE_KINDS = ["message", "request", "callback", "controls"];

export class Panel {
  #query = "";
  /** @type {ReturnType<typeof panelKind>} what the nodes in the panel are about */
  #drawnKind;
  #hasFailed = false;
  /** @type {Element | null} what had the focus before the panel was opened */
  #opener = null;
  #controls = new Controls();

  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    this.refresh = throttle(() => this.#show(true));
    setInterval(() => updateCountdowns(node), COUNTDOWN_MS);
  }

  /** Show what the URL says. */
  onRouteChange() {
    this.#show(false);
  }

  /** @param {Ui.MockEvent[]} events */
  onEvents(events) {
    const { panel, message, callback } = route();
    if (panel === "controls") this.#controls.refresh();
    const isRelevant = events.some(
      ({ kind, transaction_id: of, id }) =>
        RELEVANT_EVENTS.includes(kind) ||
        (of && (message === "latest" || this.#shows(of))) ||
        (kind === "callback" && String(id) === callback),
    );
    if (isRelevant) this.refresh();
  }

  /**
   * Whether the panel is about a message, or has a button that opens it.
   *
   * @param {string} id
   */
  #shows(id) {
    return id === route().message || this.node.querySelector(`[data-id="${CSS.escape(id)}"]`) !== null;
  }

  /** Close the panel. */
  close() {
    navigate(NO_PANEL);
  }

  /** @param {boolean} isStale whether what is shown may have changed */
  async #show(isStale) {
    const kind = panelKind();
    const wasHidden = this.node.hidden;
    this.#toggle(kind);
    const { message, request, callback, panel, webhook, account, section } = route();
    const shown = [message, request, callback, panel, webhook];
    const query = JSON.stringify([...shown, panel === "controls" && [account, section]]);
    const isSame = query === this.#query && !this.#hasFailed;
    this.#query = query;
    if (!kind || (isSame && !(isStale && LIVE_KINDS.includes(kind)))) return;
    const form = this.node.querySelector("form.compose");
    if (kind === "compose" && form instanceof HTMLFormElement) {
      fillRecipient(form);
      return;
    }
    this.#hasFailed = false;
    // A message stays until the next one is read. Anything else goes at once: nobody fills in a form that is replaced.
    const isNext = kind === this.#drawnKind && kind !== "webhook" && !wasHidden;
    if (!isSame && !isNext) this.#draw([], false);
    const nodes = await this.#read(kind);
    if (query !== this.#query) return;
    this.#draw(nodes, isSame);
    this.#drawnKind = kind;
  }

  /**
   * Open or close the panel, and move the focus back when it closes.
   *
   * @param {string | undefined} kind
   */
  #toggle(kind) {
    if (kind && this.node.hidden) this.#opener = document.activeElement;
    const hadFocus = !kind && this.node.contains(document.activeElement);
    this.node.hidden = !kind;
    if (hadFocus && this.#opener instanceof HTMLElement) this.#opener.focus();
    document.body.dataset.panel = kind ?? "";
    if (kind !== "controls") this.#controls.hide();
  }

  /**
   * @param {NonNullable<ReturnType<typeof panelKind>>} kind
   * @returns {Promise<Dom.Child[]>}
   */
  async #read(kind) {
    const { message = "", request = "", callback = "" } = route();
    try {
      if (kind === "compose") return await composePanel();
      if (kind === "trace") return await tracePanel();
      if (kind === "webhook") return await webhookPanel();
      if (kind === "callback") return await callbackPanel(callback);
      if (kind === "controls") return this.#controls.show();
      return await (kind === "message" ? messagePanel(message) : requestPanel(request));
    } catch (error) {
      this.#hasFailed = true;
      const text = singleLine(messageOf(error), MAX_ERROR_CHARACTERS);
      return [element("h2", {}, "Not found"), element("p", {}, text)];
    }
  }

  /**
   * @param {Dom.Child[]} nodes
   * @param {boolean} isSame
   */
  #draw(nodes, isSame) {
    const close = button("×", () => this.close(), { class: "close", "aria-label": "Close details" });
    if (isSame) {
      patch(this.node, [close, ...nodes]);
      return;
    }
    replace(this.node, [close, ...nodes]);
    this.node.scrollTop = 0;
    const content = this.node.querySelector("form.compose [name=content], form.webhook-form [name=url]");
    if (content instanceof HTMLElement) content.focus();
  }
}

/** Which of the panels is open, if any. */
function panelKind() {
  const { message, request, callback, panel } = route();
  if (panel === "controls" || (panel === "trace" && isReadOnly)) return panel;
  if ((panel === "compose" || panel === "webhook") && !isReadOnly) return panel;
  if (message) return "message";
  if (request) return "request";
  return callback && "callback";
}
