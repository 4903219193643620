/** The list of the traces in a folder. */

import { pathOf } from "../../common/base.js";
import { byId, element } from "../../common/dom.js";
import { ANY_ACCOUNT, get } from "../api/client.js";
import { enableTokenDialog } from "../api/token.js";
import { initTheme } from "../state/theme.js";
import { MAX_LINE_CHARACTERS, partsOf } from "../trace/trace.js";
import { plural } from "../ui/components.js";
import { onKey } from "../ui/keys.js";
import { patch } from "../ui/patch.js";
import { throttle } from "../ui/schedule.js";
import { isolatedRuns, singleLine } from "../ui/text.js";
import { dateTime, formatDuration } from "../ui/time.js";

const filterInput = /** @type {HTMLInputElement} */ (byId("filter"));
const refresh = throttle(load);

/** @type {Ui.ListedTrace[]} */
let traces = [];

async function load() {
  const view = await get("traces", ANY_ACCOUNT);
  traces = view.traces;
  byId("title").textContent = `Traces in ${singleLine(view.folder)}`;
  document.title = `${singleLine(view.folder)} · mocksms`;
  show();
}

function show() {
  const words = filterInput.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = traces.filter((trace) => {
    const text = [trace.nodeid, trace.file, trace.failure, trace.error].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  byId("count").textContent =
    shown.length < traces.length ? `${shown.length} of ${traces.length}` : plural(traces.length, "trace");
  const none = element("li", { class: "muted none" }, traces.length ? "No trace matches." : "No traces.");
  patch(byId("traces"), shown.length ? shown.map(row) : [none]);
}

/** @param {Ui.ListedTrace} trace */
function row(trace) {
  const { number, file, saved_at: at, nodeid, worker, duration, failure, failures, error } = trace;
  const facts = [
    element("time", { datetime: at, title: at }, dateTime(at)),
    duration !== null && ` · failed after ${formatDuration(duration * 1000)}`,
    worker !== null && worker !== "main" && [" · ", element("bdi", {}, singleLine(worker))],
    failures > 1 && ` · ${plural(failures, "failure")}`,
    nodeid !== null && [" · ", element("bdi", {}, singleLine(file, MAX_LINE_CHARACTERS))],
  ];
  return element(
    "li",
    { class: error ? "damaged" : nodeid === null ? "snapshot" : "", "data-id": number },
    element("div", { class: "name" }, error ? singleLine(file, MAX_LINE_CHARACTERS) : link(number, nodeid, file)),
    failure && element("p", { class: "failure" }, isolatedRuns(failure, MAX_LINE_CHARACTERS)),
    error && element("p", { class: "failure" }, "Cannot be read: ", singleLine(error, MAX_LINE_CHARACTERS)),
    element("p", { class: "muted" }, facts),
  );
}

/**
 * @param {number} number
 * @param {string | null} nodeid
 * @param {string} file
 */
function link(number, nodeid, file) {
  const parts = nodeid === null ? { file: "Snapshot ", name: file } : partsOf(nodeid);
  return element(
    "a",
    { href: pathOf(`/t/${number}/`) },
    element("bdi", { class: "muted" }, singleLine(parts.file, MAX_LINE_CHARACTERS)),
    element("bdi", { class: "test" }, isolatedRuns(parts.name, MAX_LINE_CHARACTERS)),
  );
}

initTheme();
enableTokenDialog(refresh);
filterInput.addEventListener("input", show);
byId("search").addEventListener("submit", (event) => event.preventDefault());
onKey({ "/": () => filterInput.focus() });
document.addEventListener("visibilitychange", () => document.hidden || refresh());
refresh();
