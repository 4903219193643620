/** The panel of a trace: failures, pytest's report, the application's log records, versions and options. */

import { element } from "../../common/dom.js";
import { comparisonTable, explanationNodes } from "../trace/failure.js";
import { MAX_LINE_CHARACTERS, firstLines, loadTrace } from "../trace/trace.js";
import { codeBlock, copyButton, factList, formatted, section } from "../ui/components.js";
import { isolatedRuns, truncated, withEscapes } from "../ui/text.js";
import { clockTime, dateTime } from "../ui/time.js";

const MAX_LOGS = 1_000;
const MAX_REPORT_CHARACTERS = 300_000;

/**
 * Read the trace and return the nodes of its panel.
 *
 * @returns {Promise<Dom.Child[]>}
 */
export async function tracePanel() {
  const trace = await loadTrace();
  const { file, mocksms, saved_at: savedAt, test, failures, report, logs, versions, options, mock_options } = trace;
  return [
    element("h2", {}, test ? "Trace" : "Snapshot"),
    factList([
      ["test", test && element("code", {}, withEscapes(test.nodeid))],
      ["worker", test && test.worker !== "main" && withEscapes(test.worker)],
      ["file", element("code", {}, withEscapes(file))],
      ["saved", dateTime(savedAt)],
      ["mocksms", withEscapes(mocksms)],
    ]),
    ...failures.map((failure, index) => failureSection(failure, index, failures.length)),
    test && reportSection(report),
    test && logSection(logs),
    optionSection("Versions", versions, true),
    optionSection("Options of the test session", options),
    optionSection("Options of the mock", mock_options),
  ];
}

/**
 * @param {Api.Failure} failure
 * @param {number} index
 * @param {number} count
 */
function failureSection(failure, index, count) {
  const title = `Failure${count > 1 ? ` ${index + 1}` : ""} in ${failure.when}`;
  return section(
    title,
    count > 1,
    element("p", { class: "wrong" }, isolatedRuns(firstLines(failure)[0], MAX_LINE_CHARACTERS)),
    failure.explanation && explanationNodes(failure.explanation),
    failure.comparisons.length > 0 && comparisonTable(failure),
    copyButton("Failure", () => failure.text),
    codeBlock(title, withEscapes(failure.text)),
  );
}

/** @param {string} report */
function reportSection(report) {
  const isCut = report.length > MAX_REPORT_CHARACTERS;
  return section(
    "Report of pytest",
    true,
    copyButton("Report", () => report),
    isCut && element("p", { class: "muted" }, `The first ${formatted(MAX_REPORT_CHARACTERS)} characters:`),
    codeBlock("Report of pytest", withEscapes(truncated(report, MAX_REPORT_CHARACTERS))),
  );
}

/** @param {Api.LogLine[]} logs the oldest first */
function logSection(logs) {
  const left = logs.length - MAX_LOGS;
  return section(
    `Logs: ${formatted(logs.length)}`,
    true,
    !logs.length && element("p", { class: "muted" }, "The application logged nothing during the test."),
    left > 0 && element("p", { class: "muted" }, `${formatted(left)} earlier records are in logs.jsonl of the file.`),
    logs.length > 0 && element("ol", { class: "logs" }, logs.slice(-MAX_LOGS).map(logItem)),
  );
}

/** @param {Api.LogLine} record */
function logItem({ at, level, logger, text, exception }) {
  return element(
    "li",
    { class: level.toLowerCase() },
    element("time", { datetime: at, title: at }, clockTime(at)),
    element("span", { class: "level" }, withEscapes(level)),
    element("bdi", { class: "muted" }, withEscapes(logger)),
    element("span", { class: "log-text", dir: "auto" }, withEscapes(text)),
    exception !== null && codeBlock("Traceback", withEscapes(exception)),
  );
}

/**
 * @param {string} title
 * @param {Record<string, string>} values
 * @param {boolean} [isOpen]
 */
function optionSection(title, values, isOpen = false) {
  const rows = Object.entries(values);
  if (!rows.length) return false;
  return section(title, isOpen, factList(rows.map(([name, value]) => [name, element("code", {}, withEscapes(value))])));
}
