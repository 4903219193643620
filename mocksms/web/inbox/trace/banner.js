/** The banner of a read-only mock: which test failed, what it expected, and what it got. */

import { BASE } from "../../shared/base.js";
import { byId, element } from "../../shared/dom.js";
import { get } from "../api/client.js";
import { isReadOnly } from "../state/read-only.js";
import { navigate, route } from "../state/route.js";
import { setTitleSubject } from "../state/title.js";
import { button, plural } from "../ui/components.js";
import { patch } from "../ui/patch.js";
import { isolatedRuns, singleLine } from "../ui/text.js";
import { dateTime, formatDuration } from "../ui/time.js";
import { comparisonTable, explanationNodes, isRequest, openMessage } from "./failure.js";
import { MAX_LINE_CHARACTERS, firstLines, loadTrace, partsOf } from "./trace.js";

const WIDE = "(min-width: 60rem)";

export class TraceBanner {
  #isFirst = location.search === "";

  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    if (!isReadOnly) return;
    node.hidden = false;
    byId("controls").textContent = "State";
    byId("clock").title = "The time when this was saved";
  }

  /** Read the trace and show it; the first time also what it is about. */
  async refresh() {
    if (!isReadOnly) return;
    const trace = await loadTrace();
    setTitleSubject(trace.test ? partsOf(trace.test.nodeid).name : trace.file);
    patch(this.node, [head(trace), ...failureNodes(trace.failures)]);
    if (!this.#isFirst) return;
    this.#isFirst = false;
    if (location.search === "") await selectEvidence(trace);
  }
}

/**
 * Select the account of the test if there are others, and on a wide screen open what the failure is about.
 *
 * @param {Api.Trace} trace
 */
async function selectEvidence({ accounts, failures }) {
  if (accounts.length > 1) navigate({ account: accounts[0] }, false);
  if (!matchMedia(WIDE).matches) return;
  const id = messageOfFailure(failures[0]);
  if (id) {
    try {
      await openMessage(id, false);
      return;
    } catch {
      // The message is not in the trace: open what there is.
    }
  }
  const { phones, total } = await get("phones", { limit: 1 });
  if (total === 1) navigate({ phone: phones[0].number, in: phones[0].account }, false);
  else if (!total && (await get("requests", { limit: 1 })).total) navigate({ view: "requests" }, false);
}

/**
 * The id of the closest message, or of one that is a cause.
 *
 * @param {Api.Failure | undefined} failure
 */
function messageOfFailure(failure) {
  const { closest = [], causes = [] } = failure?.explanation ?? {};
  return failure?.message ?? closest[0]?.transaction_id ?? causes.find(({ kind, id }) => id && !isRequest(kind))?.id;
}

/** @param {Api.Trace} trace */
function head({ file, folder, saved_at: savedAt, test, failures }) {
  const up =
    folder !== null && element("a", { href: new URL("../../", location.origin + BASE).pathname }, "‹ All traces");
  const open = () => navigate({ panel: route().panel === "trace" ? null : "trace", message: null, request: null });
  return element(
    "div",
    { class: "trace-head" },
    up,
    test ? testName(test.nodeid) : element("h2", {}, "Snapshot of ", element("bdi", {}, singleLine(file))),
    element(
      "span",
      { class: "muted" },
      test
        ? `failed after ${formatDuration(test.duration * 1000)}, ${dateTime(test.started_at)}`
        : `saved ${dateTime(savedAt)}`,
      failures.length > 1 && `, ${plural(failures.length, "failure")}`,
    ),
    button(test ? "Report and logs" : "Versions and options", open, { class: "small" }),
  );
}

/** @param {string} nodeid */
function testName(nodeid) {
  const { file, name } = partsOf(nodeid);
  return element(
    "h2",
    { title: singleLine(nodeid, 1_000) },
    element("bdi", { class: "muted" }, singleLine(file)),
    element("bdi", {}, isolatedRuns(name, MAX_LINE_CHARACTERS)),
  );
}

/** @param {Api.Failure[]} failures */
function failureNodes([failure]) {
  if (!failure) return [];
  const [first, ...more] = firstLines(failure);
  const phase = failure.when === "call" ? "" : ` in ${failure.when}`;
  const summary = element("summary", {}, element("strong", {}, isolatedRuns(first, MAX_LINE_CHARACTERS)), phase);
  const lines =
    more.length > 0 &&
    element(
      "pre",
      {},
      more.map((line) => [isolatedRuns(line, MAX_LINE_CHARACTERS), "\n"]),
    );
  const compared = failure.comparisons.length > 0 && comparisonTable(failure);
  const nodes = failure.explanation ? explanationNodes(failure.explanation) : [compared, lines];
  return [element("details", { class: "failure", open: true }, summary, ...nodes)];
}
