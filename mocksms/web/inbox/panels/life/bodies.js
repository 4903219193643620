/** The bodies of an event beside the diagram, while its row has the mouse or the focus. */

import { element, setChildren } from "../../../common/dom.js";
import { jsonBlock } from "../../ui/json-view.js";

const HOVER_MS = 150;
const MARGIN_PX = 8;

const node = element("div", { class: "event-bodies", role: "tooltip", popover: "manual" });
/** @type {Api.LifeEvent[]} */
let events = [];
let timer = 0;

/**
 * Show bodies of these events, those of the rows of a diagram.
 *
 * @param {Api.LifeEvent[]} shown
 */
export function showBodiesOf(shown) {
  events = shown;
  if (!node.isConnected) {
    document.querySelector("main")?.append(node);
    addListeners();
  }
}

function addListeners() {
  document.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && onPoint(target));
  document.addEventListener("focusin", ({ target }) => isOutside(target) && show(rowOf(target)));
  document.addEventListener("scroll", ({ target }) => isOutside(target) && hide(), { capture: true, passive: true });
  document.addEventListener("pointerdown", ({ target }) => isOutside(target) && hide());
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !node.matches(":popover-open")) return;
      event.stopPropagation(); // The first Escape closes only the bodies, the next one the panel.
      hide();
    },
    true,
  );
}

/** @param {EventTarget | null} target */
function onPoint(target) {
  clearTimeout(timer);
  if (!isOutside(target)) return;
  const row = rowOf(target);
  timer = setTimeout(() => show(row), HOVER_MS);
}

/** @param {EventTarget | null} target */
function isOutside(target) {
  return !(target instanceof Node && node.contains(target));
}

/** @param {EventTarget | null} target */
function rowOf(target) {
  const row = target instanceof Element && target.closest(".sequence > .event");
  return row instanceof HTMLElement ? row : undefined;
}

function hide() {
  clearTimeout(timer);
  if (node.matches(":popover-open")) node.hidePopover();
}

/** @param {HTMLElement | undefined} row */
function show(row) {
  const event = row && events[Number(row.dataset.index)];
  const blocks = event ? blocksOf(event) : [];
  if (!row?.isConnected || !blocks.length) {
    hide();
    return;
  }
  setChildren(node, blocks);
  const panel = row.closest("#panel")?.getBoundingClientRect();
  node.style.right = `${innerWidth - (panel?.left ?? 0) + MARGIN_PX}px`;
  if (!node.matches(":popover-open")) node.showPopover();
  const { top } = row.getBoundingClientRect();
  node.style.top = `${Math.max(MARGIN_PX, Math.min(top, innerHeight - node.offsetHeight - MARGIN_PX))}px`;
}

/** @param {Api.LifeEvent} event */
function blocksOf({ kind, body, response_body: response, text }) {
  if (kind === "reply") return [jsonBlock("Reply", text)];
  const title = { request: "Request", response: "Response" }[kind] ?? "Callback";
  return [
    body && [element("h3", {}, title), jsonBlock(title, body)],
    response && [element("h3", {}, "Response of the webhook"), jsonBlock("Response of the webhook", response)],
  ].filter(Boolean);
}
