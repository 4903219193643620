/** Requests as tests for pytest. */

import { pythonString } from "./literals.js";
import { pythonCall } from "./snippets.js";

const FIXTURE_KEY = "mocksms.api_key";
const BODY = "        ";

/** @type {Record<string, string>} */
const KINDS = { internal_error: "crash", route_not_found: "unknown-path" };
const RESETS = ["reset_before_accept", "reset_after_accept", "truncated"];
const FAULTS = ["status", "malformed", "empty", ...RESETS];

/** @typedef {Pick<Api.Message, "mobile_number" | "number" | "content">} Sent */
/** @typedef {import("./snippets.js").Snippet} Snippet */

/**
 * Write a request as a test with the fixture `mocksms` that expects the same response and the same SMS.
 *
 * @param {Ui.HttpRequest} request the header `X-API-Key` becomes the key of the fixture
 * @param {Api.Request} recorded
 * @param {Sent[]} sent what it sent, or the first of that
 * @returns {Snippet | undefined} undefined if it reads a message, which a test does not have
 */
export function pytestSnippet(request, recorded, sent) {
  const { operation, refusal, fault, fault_decided_by: cause } = recorded;
  if (operation === "info" && refusal === null) return undefined;
  const isSetUp = cause !== null || refusal === "no_rest_right";
  const marker = refusal !== null && !isSetUp && `@pytest.mark.mocksms(allow="${KINDS[refusal] ?? "refused"}")`;
  const contexts = contextsOf(recorded);
  const needsPytest = marker || contexts.some((each) => each.startsWith("pytest"));
  const code = [
    needsPytest && "import pytest",
    "import requests",
    "",
    "",
    marker,
    `def test_${operation ?? "request"}(mocksms):`,
    refusal === "no_rest_right" && "    mocksms.update_account(rest_right=False)",
    ...(contexts.length
      ? [`    with ${contexts.join(", ")}:`, ...callLines(request, BODY)]
      : callLines(request, "    ")),
    !RESETS.includes(fault ?? "") && `    assert response.status_code == ${recorded.response.status}`,
    ...sentLines(recorded, sent),
    "",
  ];
  return { name: "pytest", file: "test_request.py", code: code.filter((line) => line !== false).join("\n") };
}

/**
 * What the request is made in: a fault as the recorded one, and the error that it raises.
 *
 * @param {Api.Request} recorded
 */
function contextsOf({ fault, messages, response }) {
  if (fault === null || !FAULTS.includes(fault)) return [];
  const kind = fault === "status" ? String(response.status) : `"${fault}"`;
  const isBroken = RESETS.includes(fault);
  const accept = fault === "status" && messages.length ? ", accept=True" : "";
  return [
    `mocksms.fault(${kind}, times=1${accept})`,
    ...(isBroken ? ["pytest.raises(requests.RequestException)"] : []),
  ];
}

/**
 * @param {Ui.HttpRequest} request
 * @param {string} indent
 */
function callLines({ target, ...request }, indent) {
  const url = `mocksms.url + ${pythonString(target)}`;
  const call = pythonCall(request, url, { indent, expressions: { "X-API-Key": FIXTURE_KEY } });
  return [`${indent}# Call your application here instead.`, `${indent}response = ${call}`];
}

/**
 * @param {Api.Request} recorded
 * @param {Sent[]} sent
 */
function sentLines({ messages, operation }, sent) {
  if (operation === "send" && !messages.length) return ["    mocksms.assert_nothing_sent()"];
  const lines = new Set(sent.map((message) => `    mocksms.assert_sent(${conditions(message, sent)})`));
  const isMore = messages.length > sent.length;
  return [...lines, ...(isMore ? [`    assert len(mocksms.outbox) == ${messages.length}`] : [])];
}

/**
 * The arguments that find an SMS: its recipient, if assertions take its number, its content, and how many are like it.
 *
 * @param {Sent} message
 * @param {Sent[]} sent
 */
function conditions({ mobile_number: spelled, number, content }, sent) {
  const to = [spelled, number].find((each) => /^[1-9][\d-]*$/.test(each));
  const similar = sent.filter((each) => (!to || each.number === number) && each.content.includes(content)).length;
  return [to && `to=${pythonString(to)}`, `content=${pythonString(content)}`, similar > 1 && `times=${similar}`]
    .filter(Boolean)
    .join(", ");
}
