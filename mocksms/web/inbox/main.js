/** The inbox: shows what the URL says, and applies the events of the mock. */

import { byId, element } from "../common/dom.js";
import { ANY_ACCOUNT, get } from "./api/client.js";
import { Live } from "./api/live.js";
import { enableTokenDialog } from "./api/token.js";
import { Callbacks } from "./list/callbacks.js";
import { Phones } from "./list/phones.js";
import { Requests } from "./list/requests.js";
import { toggleClock } from "./palette/commands.js";
import { Palette } from "./palette/palette.js";
import { Panel } from "./panels/panel.js";
import { mockState } from "./state/mock-state.js";
import { disconnectWhenHidden } from "./state/page-visibility.js";
import { initPreferences, notifyDesktop } from "./state/preferences.js";
import { control, isReadOnly, removeControls } from "./state/read-only.js";
import { loadReadState, onReadInOtherTab } from "./state/read-state.js";
import {
  NO_CONVERSATION,
  VIEWS,
  navigate,
  route,
  routeEvents,
  search,
  searchExample,
  searchHelp,
  searchText,
  view,
  withoutFilters,
} from "./state/route.js";
import { WEBHOOK_EVENTS, failingCount, followAccount, refreshWebhooks, webhookEvents } from "./state/webhooks.js";
import { Strip } from "./strip/strip.js";
import { countUnread, countUnreadAfter } from "./state/unread.js";
import { Conversation } from "./thread/conversation.js";
import { copyNewestCode } from "./thread/newest-code.js";
import { TraceBanner } from "./trace/banner.js";
import { forgetTrace } from "./trace/trace.js";
import { AccountPicker } from "./ui/account-picker.js";
import { showClock } from "./ui/clock.js";
import { button } from "./ui/components.js";
import { onKey, showHelp } from "./ui/keys.js";
import { reportError } from "./ui/notices.js";
import { patch } from "./ui/patch.js";
import { SearchBox } from "./ui/search-box.js";
import { throttle } from "./ui/schedule.js";

/** Events after which accounts or clock may differ. */
const STATE_EVENTS = ["message", "account", "clock", "reset", "deleted", "scenario"];
const LIVE_TEXTS = {
  connecting: "connecting…",
  live: isReadOnly ? "read-only" : "live",
  lost: "not live",
  disconnected: "not live",
};
const STATE_PAUSE_MS = 500;
const CLOCK_TICK_MS = 1_000;

const filterInput = /** @type {HTMLInputElement} */ (byId("filter"));
const live = new Live();
const phones = new Phones(byId("list"));
const lists = { phones, requests: new Requests(byId("list")), callbacks: new Callbacks(byId("list")) };
const conversation = new Conversation(byId("thread"), () => phones.redraw());
const panel = new Panel(byId("panel"));
const accountPicker = new AccountPicker(byId("account"));
const searchBox = new SearchBox(filterInput);
const strip = new Strip(byId("strip"));
const palette = new Palette();
const banner = new TraceBanner(byId("trace"));
const loadState = throttle(loadStateNow, STATE_PAUSE_MS);

let knownCursor = 0; // Up to here, nothing is new to desktop notifications.
let shownSearch = "";
let wasSynced = false;

function list() {
  return lists[view()];
}

function onRouteChange() {
  document.body.dataset.view = view();
  document.body.dataset.pane = route().phone ? "thread" : "list";
  VIEWS.forEach((name) => byId(`nav-${name}`).setAttribute("aria-current", name === view() ? "page" : "false"));
  byId("list").setAttribute(
    "aria-label",
    view().replace(/^./, (first) => first.toUpperCase()),
  );
  byId("thread").hidden = view() !== "phones";
  showSearch();
  accountPicker.update();
  live.follow(route().account);
  followAccount();
  list().onRouteChange();
  conversation.onRouteChange();
  panel.onRouteChange();
  banner.onRouteChange();
  strip.refresh();
}

/** Show the search of the URL. What is being typed stays unless that search has changed. */
function showSearch() {
  filterInput.placeholder = `Search: ${searchExample()}`;
  byId("filter-help").textContent = searchHelp();
  const text = searchText();
  if (text !== shownSearch || document.activeElement !== filterInput) filterInput.value = text;
  shownSearch = text;
}

async function loadStateNow() {
  const before = mockState.fingerprint();
  await mockState.load();
  accountPicker.update();
  showClock();
  if (before !== mockState.fingerprint()) list().redraw();
  await banner.refresh();
}

function showFailing() {
  const count = failingCount();
  byId("failing").replaceChildren(
    ...(count ? [String(count), element("span", { class: "visually-hidden" }, " failing")] : []),
  );
}

function showLive() {
  const node = byId("live");
  const retry = live.state === "lost" && button("retry", () => live.reconnect(), { class: "small" });
  node.className = live.state;
  node.title = live.reason;
  patch(node, [element("span", {}, LIVE_TEXTS[live.state]), retry]);
}

/** Read everything that is shown again: events may have been missed. */
async function resync() {
  loadReadState(live.epoch);
  strip.onRun(live.epoch);
  countUnread();
  loadState();
  refreshWebhooks();
  if (wasSynced) {
    list().invalidate();
    conversation.invalidate();
    forgetTrace();
  }
  wasSynced = true; // What was read before the first event is from the same run of the mock.
  list().refresh();
  conversation.refresh();
  panel.refresh();
  knownCursor = (await get("health", ANY_ACCOUNT)).cursor;
}

/** @param {Ui.MockEvent[]} events */
function onEvents(events) {
  notifyDesktop(events, knownCursor);
  knownCursor = Math.max(knownCursor, ...events.map(({ cursor = 0 }) => cursor));
  list().onEvents(events);
  conversation.onEvents(events);
  panel.onEvents(events);
  strip.onEvents(events);
  countUnreadAfter(events);
  if (events.some(({ kind }) => STATE_EVENTS.includes(kind))) loadState();
  if (events.some(({ kind }) => WEBHOOK_EVENTS.includes(kind))) refreshWebhooks();
}

/** @param {string} name of a panel */
function toggle(name) {
  navigate({ panel: route().panel === name ? null : name });
}

/** @param {Ui.View} name */
function switchTo(name) {
  const closed = name === "phones" ? { view: null } : { view: name, message: null };
  const isAgain = name === view(); // A second click also closes the conversation.
  const panels = { panel: null, request: null, callback: null };
  navigate({ ...withoutFilters(), ...panels, ...(isAgain && NO_CONVERSATION), ...closed });
}

/** Close what was opened last: the panel, the search, or the conversation. */
function closeLast() {
  const { panel: panelName, message, request, callback } = route();
  if (phones.selection.size || phones.selection.isOn) phones.selection.clear();
  else if (panelName || message || request || callback) panel.close();
  else if (searchText()) search("");
  else navigate(NO_CONVERSATION);
}

/** Focus the search box, which a conversation on a small screen hides. */
function startSearch() {
  if (!filterInput.checkVisibility()) navigate(NO_CONVERSATION);
  filterInput.focus();
}

/**
 * @param {string} id
 * @param {() => unknown} action
 */
function onClick(id, action) {
  byId(id).addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // The browser opens the link in another tab or window.
    event.preventDefault();
    action();
  });
}

initPreferences();
showLive();
showClock();
enableTokenDialog(() => live.reconnect());
routeEvents.addEventListener("change", onRouteChange);
live.addEventListener("state", showLive);
live.addEventListener("resync", () => resync().catch(reportError));
live.addEventListener("events", (event) => event instanceof CustomEvent && onEvents(event.detail));
onReadInOtherTab(() => view() === "phones" && phones.redraw());
webhookEvents.addEventListener("change", showFailing);
addEventListener("online", () => live.reconnect());
disconnectWhenHidden(live, () => conversation.refresh());
VIEWS.forEach((name) => onClick(`nav-${name}`, () => switchTo(name)));
onClick("compose", () => toggle("compose"));
onClick("controls", () => toggle("controls"));
onClick("clock", () => navigate({ panel: "controls", section: "clock" }));
onClick("help", showHelp);
onClick("palette", () => palette.open());
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  searchBox.close();
  search(filterInput.value);
});
filterInput.addEventListener("search", () => search(filterInput.value));
onKey({
  j: () => list().move(1),
  k: () => list().move(-1),
  y: copyNewestCode,
  "?": showHelp,
  Escape: closeLast,
  "/": startSearch,
  ...control({ x: () => view() === "phones" && phones.toggleOpen(), Delete: () => phones.delete() }),
  ...control({ r: () => conversation.replyForm.focus(), c: () => toggle("compose") }),
  ...control({ o: () => conversation.replyForm.sendStop(), f: toggleClock }),
  e: () => strip.openFailing(),
  s: () => toggle("controls"),
  a: () => accountPicker.open(),
  g: () => switchTo(VIEWS[(VIEWS.indexOf(view()) + 1) % VIEWS.length]),
});
removeControls();
setInterval(showClock, CLOCK_TICK_MS); // Runs as long as the page is open.
onRouteChange();
