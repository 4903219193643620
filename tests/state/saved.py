"""Snapshots and traces of a running mock, for the tests of what shows them."""

from __future__ import annotations

from typing import Any

from mocksms.schemas.explanations import Explanation
from mocksms.state.trace import TraceFile
from mocksms.state.trace_models import LogLine, TracedFailure, TracedTest
from tests.inspection.support import Api
from tests.state.archives import packed
from tests.state.examples import trace_bytes, trace_file
from tests.support import KEY, NOON, Mock


def snapshot_of(mock: Mock, *, of_accounts: bool = False) -> bytes:
    """Return the snapshot of a mock: of everything, or of all accounts and the requests without an account."""
    if of_accounts:
        return packed(mock.engine, [*mock.engine.accounts], unattributed_since=0)
    return packed(mock.engine)


def explanation_of(mock: Mock, **expectation: Any) -> Explanation:
    """Return why messages are not as expected."""
    refusal = Api(mock, KEY).call("POST", "verify", expectation)
    assert refusal.status_code == 409
    return Explanation.model_validate(refusal.json()["error"]["explanation"])


def trace_of(
    mock: Mock,
    *failures: Explanation | TracedFailure | str,
    nodeid: str = "tests/test_login.py::test_otp",
    logs: list[LogLine] | None = None,
    report: str | None = None,
) -> bytes:
    """Return the trace of a test that used all accounts of a mock, with failures, or explanations or texts of them."""
    example = trace_file()
    traced = [
        TracedFailure(when="call", type="AssertionError", text=each, explanation=None)
        if isinstance(each, str)
        else each
        if isinstance(each, TracedFailure)
        else TracedFailure(when="call", type="MessageAssertionError", text=each.text, explanation=each)
        for each in failures
    ]
    changes = {
        "test": TracedTest(nodeid=nodeid, worker="gw0", started_at=NOON, duration=0.25),
        "failures": traced,
        "accounts": [account.id for account in sorted(mock.engine.accounts, key=lambda each: each.key != KEY)],
    }
    trace = TraceFile(
        example.trace.model_copy(update=changes),
        example.report if report is None else report,
        example.logs if logs is None else logs,
    )
    return trace_bytes(snapshot_of(mock, of_accounts=True), trace, [KEY])
