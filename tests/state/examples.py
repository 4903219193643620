"""Traces for the tests of what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from mocksms.schemas.explanations import Cause, Closest, Comparison, Explanation, Found
from mocksms.state.archive_reader import Archive, max_total_bytes
from mocksms.state.redaction import Secrets
from mocksms.state.trace import TraceFile, write_trace
from mocksms.state.trace_models import LogLine, Trace, TracedFailure, TracedTest
from tests.state.archives import snapshot as empty_snapshot
from tests.support import NOON

NODE_ID: Final = "tests/test_signup.py::test_otp"

EXPLANATION: Final = Explanation(
    problem='no SMS to 972-54-1111112 with content "Your code"',
    expected=["to 972-54-1111112", 'content "Your code"', "exactly 1"],
    found=Found(messages=1, account="0001…", since=None, has_requests=True, clock_frozen_at=None),
    closest=[
        Closest.of(
            "0c9f3078dc437ce621ed69b46d85c566",
            [
                Comparison(
                    field="to",
                    expected="972-54-1111112",
                    actual="972-54-1111111",
                    matches=False,
                    differs_at=13,
                    missing="972-54-1111112",
                ),
                Comparison(
                    field="content",
                    expected="Your code",
                    actual="Your code is 481516",
                    matches=True,
                    differs_at=None,
                    missing=None,
                ),
            ],
            "queued 12:00:00.000 > sent +0 s (no rule or list applied)",
            ["tags: an unknown field"],
        )
    ],
    causes=[Cause(kind="queued", text="1 SMS still queued", id=None)],
)
"""Why `assert_sent(to="972-54-1111112", content="Your code")` fails."""

FAILURE: Final = TracedFailure(
    when="call",
    type="AssertionError",
    text=EXPLANATION.text,
    explanation=EXPLANATION.model_copy(
        update={
            "found": Found(messages=1, account="0001…", since=7, has_requests=True, clock_frozen_at=NOON),
            "causes": [Cause(kind="matched", text="1 SMS", id="0c9f3078dc437ce621ed69b46d85c566")],
        }
    ),
    comparisons=EXPLANATION.closest[0].comparisons,
    message="0c9f3078dc437ce621ed69b46d85c566",
).model_dump(mode="json")
"""A failure with a value in each field, as JSON."""


def trace_file(
    accounts: Sequence[str] = ("2a97516c354b",), nodeid: str = "tests/test_signup.py::test_otp"
) -> TraceFile:
    """Return a trace of a test that failed in its call and in its teardown, with three log records."""
    trace = Trace(
        test=TracedTest(nodeid=nodeid, worker="gw0", started_at=NOON, duration=0.25),
        failures=[
            TracedFailure(when="call", type="AssertionError", text=EXPLANATION.text, explanation=EXPLANATION),
            TracedFailure(when="teardown", type="RuntimeError", text="<b>שלום</b>", explanation=None),
        ],
        accounts=list(accounts),
        versions={"mocksms": "0.1.0", "python": "3.12.1", "pytest": "9.0.0", "requests": "2.32.3"},
        options={"credit": "10"},
    )
    logs = [
        LogLine(at=NOON, level="INFO", logger="shop.signup", text="send the code", exception=None),
        LogLine(at=NOON, level="WARNING", logger="shop", text="<script>alert(1)</script>\nשלום", exception=None),
        LogLine(at=NOON, level="ERROR", logger="shop", text="failed", exception="Traceback ...\nValueError: 1"),
    ]
    report = f"{nodeid}, call\n\nE   AssertionError: {EXPLANATION.summary}\n\n---- Captured stdout call ----\nhello"
    return TraceFile(trace, report, logs)


def trace_bytes(snapshot: bytes | None = None, trace: TraceFile | None = None, secrets: Sequence[str] = ()) -> bytes:
    """Return a trace with the accounts of a snapshot, by default none, and of an example unless a trace is given."""
    packed = BytesIO()
    archive = Archive(BytesIO(snapshot or empty_snapshot()), max_total_bytes(2**28))
    write_trace(packed, archive, trace or trace_file(), Secrets(secrets))
    return packed.getvalue()
