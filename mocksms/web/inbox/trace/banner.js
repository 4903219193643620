/** The banner of a trace, or of an account whose test failed: which test, what it expected, and what it got. */

import { BASE } from "../../common/base.js";
import { byId, element } from "../../common/dom.js";
import { get } from "../api/client.js";
import { hasFailed } from "../state/account-rows.js";
import { mockState } from "../state/mock-state.js";
import { isReadOnly } from "../state/read-only.js";
import { navigate, route } from "../state/route.js";
import { setTitleSubject } from "../state/title.js";
import { button, plural } from "../ui/components.js";
import { attempt } from "../ui/notices.js";
import { patch } from "../ui/patch.js";
import { isolatedRuns, singleLine } from "../ui/text.js";
import { dateTime, formatDuration } from "../ui/time.js";
import { comparisonTable, explanationNodes, isRequest, openMessage } from "./failure.js";
import { MAX_LINE_CHARACTERS, firstLines, loadTrace, partsOf } from "./trace.js";

const WIDE = "(min-width: 60rem)";

export class TraceBanner {
  #isFirst = isLink();
  /** @type {string | null | undefined} the selected account when the banner was read */
  #account;

  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    if (!isReadOnly) {
      node.setAttribute("aria-label", "Failed test");
      return;
    }
    node.hidden = false;
    byId("controls").textContent = "State";
    byId("clock").title = "The time when this was saved";
  }

  /** Read why the test failed and show it; the first time also what that is about. */
  async refresh() {
    this.#account = route().account ?? null;
    const trace = isReadOnly && (await loadTrace());
    const account = trace && trace.test ? undefined : await failedAccount();
    if (this.#account !== (route().account ?? null)) return; // The refresh for the other account follows.
    if (trace) setTitleSubject(trace.test ? partsOf(trace.test.nodeid).name : trace.file);
    const failures = trace && trace.test ? trace.failures.slice(0, 1) : (account?.test_failures ?? []);
    this.node.hidden = !trace && !failures.length;
    patch(this.node, [trace ? head(trace) : account && accountHead(account), ...failures.map(failureNode)]);
    const evidence = trace || (account && { accounts: [account.id], failures });
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst && evidence && isLink()) await selectEvidence(evidence);
  }

  onRouteChange() {
    if (this.#account !== undefined && this.#account !== (route().account ?? null)) attempt(() => this.refresh());
  }
}

/** Whether the URL is that of a trace, or of the account of a test in the report of pytest, without a selection. */
function isLink() {
  return Object.keys(route()).join() === (isReadOnly ? "" : "account");
}

/**
 * The selected account and why its test failed, if it did.
 *
 * @returns {Promise<Api.AccountDetails | undefined>}
 */
async function failedAccount() {
  const account = mockState.selectedAccount();
  return account && hasFailed(account) ? get("account", { account: account.id }).catch(() => undefined) : undefined;
}

/**
 * Select the account of the test if there are others, and on a wide screen open what the failure is about.
 *
 * @param {{ accounts: string[], failures: Api.Failure[] }} trace
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

/** @param {Api.AccountDetails} account */
function accountHead({ label, key, test_outcome: outcome, test_failures: failures }) {
  const count = failures.length > 1 && `, ${plural(failures.length, "failure")}`;
  return element(
    "div",
    { class: "trace-head" },
    testName(label || key),
    element("span", { class: "muted" }, outcome, count),
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

/**
 * @param {Api.Failure} failure
 * @param {number} index
 */
function failureNode(failure, index) {
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
  return element("details", { class: "failure", open: index === 0 }, summary, ...nodes);
}
