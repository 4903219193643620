/** The page: what the address says is shown, and what happens is taken in. */

import { element } from "../shared/dom.js";
import { NOBODY, get } from "./api/client.js";
import { Conversation } from "./thread/conversation.js";
import { announce, begin } from "./state/preferences.js";
import { Journal } from "./list/requests.js";
import { help, listen } from "./ui/keys.js";
import { Live, calmly, excuse } from "./api/live.js";
import { button } from "./ui/components.js";
import { Phones } from "./list/phones.js";
import { refill } from "./ui/patch.js";
import { NOWHERE, go, place, routed, search, searchExample, searchHelp, searched, unfiltered, view } from "./state/route.js";
import { heedOtherTabs, recall } from "./state/read-state.js";
import { Side } from "./panels/panel.js";
import { restOutOfSight } from "./state/page-visibility.js";
import { state } from "./state/mock-state.js";
import { Switcher } from "./ui/account-picker.js";
import { clockTime } from "./ui/time.js";
import { askWhenNeeded } from "./api/token.js";

const CHANGES = ["message", "account", "clock", "reset", "deleted", "scenario"];

const at = (id) => document.getElementById(id);
const live = new Live();
const phones = new Phones(at("list"));
const journal = new Journal(at("list"));
const conversation = new Conversation(at("middle"), () => phones.redraw());
const side = new Side(at("side"));
const switcher = new Switcher(at("account"));
const readState = calmly(readStateNow, 500);

let known = 0;
let shownSearch = "";

function list() {
  return view() === "journal" ? journal : phones;
}

function moved() {
  const isJournal = view() === "journal";
  document.body.dataset.view = view();
  document.body.dataset.pane = place().phone ? "middle" : "list";
  at("to-phones").setAttribute("aria-current", isJournal ? "false" : "page");
  at("to-journal").setAttribute("aria-current", isJournal ? "page" : "false");
  at("list").setAttribute("aria-label", isJournal ? "Journal" : "Phones");
  at("middle").hidden = isJournal;
  showSearch();
  switcher.show();
  live.follow(place().account);
  list().moved();
  conversation.moved();
  side.moved();
}

/** Show what is searched for; what is being typed stays as long as that is the same as before. */
function showSearch() {
  const filter = at("filter");
  filter.placeholder = `Search: ${searchExample()}`;
  at("filter-help").textContent = searchHelp();
  const asked = searched();
  if (asked !== shownSearch || document.activeElement !== filter) filter.value = asked;
  shownSearch = asked;
}

async function readStateNow() {
  const before = state.look();
  await state.read();
  switcher.show();
  showClock();
  if (view() === "phones" && before !== state.look()) phones.redraw();
}

function showClock() {
  const { frozen } = state.clock;
  at("clock").textContent = `${clockTime(state.now())}${frozen ? " frozen" : ""}`;
  at("clock").classList.toggle("frozen", frozen);
}

function showLive() {
  const words = { connecting: "connecting…", live: "live", lost: "not live", resting: "not live" }[live.state];
  const retry = button("retry", () => live.retry(), { class: "small" });
  at("live").className = live.state;
  at("live").title = live.why;
  refill(at("live"), [element("span", {}, words), ...(live.state === "lost" ? [retry] : [])]);
}

/** Read all that is shown anew, since something may have been missed. */
async function refresh() {
  recall(live.epoch);
  readState();
  list().forget();
  list().refresh();
  conversation.forget();
  conversation.refresh();
  side.refresh();
  known = (await get("health", NOBODY)).cursor;
}

function heed(news) {
  announce(news, known);
  known = Math.max(known, ...news.map(({ cursor }) => cursor ?? 0));
  list().heed(news);
  conversation.heed(news);
  side.heed(news);
  if (news.some(({ kind }) => CHANGES.includes(kind))) readState();
}

function toggle(panel) {
  go({ panel: place().panel === panel ? null : panel });
}

function turnTo(name) {
  const other = name === "journal" ? { view: "journal", message: null } : { view: null, request: null };
  const all = name === view() ? NOWHERE : {};
  go({ ...unfiltered(), panel: null, ...all, ...other });
}

/** Close the last thing that was opened: a panel, a search, a conversation. */
function leave() {
  if (place().panel || place().message || place().request) side.close();
  else if (searched()) search("");
  else go(NOWHERE);
}

function onClick(id, work) {
  at(id).addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // A link is to open in a tab or window of its own.
    event.preventDefault();
    work();
  });
}

begin();
showLive();
askWhenNeeded(() => live.retry());
routed.addEventListener("moved", moved);
live.addEventListener("state", showLive);
live.addEventListener("afresh", () => refresh().catch(excuse));
live.addEventListener("news", ({ detail }) => heed(detail));
heedOtherTabs(() => view() === "phones" && phones.redraw());
addEventListener("online", () => live.retry());
restOutOfSight(live, () => conversation.refresh());
onClick("to-phones", () => turnTo("phones"));
onClick("to-journal", () => turnTo("journal"));
onClick("compose", () => toggle("compose"));
onClick("steer", () => toggle("steer"));
onClick("clock", () => toggle("steer"));
onClick("help", help);
at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  search(at("filter").value);
});
at("filter").addEventListener("search", () => search(at("filter").value));
listen({
  j: () => list().move(1),
  k: () => list().move(-1),
  "?": help,
  Escape: leave,
  "/": () => at("filter").focus(),
  r: () => conversation.reply.focus(),
  c: () => toggle("compose"),
  s: () => toggle("steer"),
  g: () => turnTo(view() === "journal" ? "phones" : "journal"),
});
setInterval(showClock, 1_000);
moved();
