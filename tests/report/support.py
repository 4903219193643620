"""A page about a mock that is filled in process, and what a browser finds in the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, Final

from mocksms.engine.callbacks import Attempt
from mocksms.engine.controls import AccountUpdate, Controls
from mocksms.engine.steps import finish
from mocksms.inspection.explainer import Explainer
from mocksms.inspection.matching import MessageFilter
from mocksms.inspection.models import Filters
from mocksms.inspection.scope import AccountScope
from mocksms.report.page import report_page
from mocksms.report.records import RecordReader
from mocksms.report.snapshot_part import ReportFile
from mocksms.scenario.compiler import compile_scenario, fault_rule
from mocksms.scenario.schema import FaultBody, Scenario
from mocksms.schemas.explanations import Explanation
from mocksms.sms.message import Recipient, Submission
from mocksms.sms.webhook import Webhook
from mocksms.state.trace import TraceFile
from mocksms.state.trace_models import LogLine, Trace, TracedFailure, TracedTest
from tests.provider.inprocess import InProcess
from tests.state.archives import packed
from tests.state.examples import trace_bytes
from tests.support import KEY, NOON, NUMBER

VOID: Final = ("meta",)
INLINE: Final = ("a", "b", "bdi", "code", "i", "mark", "q", "time")
"""Elements within a line of text."""


class Parsed(HTMLParser):
    """A page as a browser reads it: its elements with their attributes, and its text without the style."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.style = ""
        self._open: list[str] = []
        self._texts: list[str] = []
        self.feed(page.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in INLINE:
            self._texts.append(" ")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
        else:
            self._texts.append(data)

    @property
    def text(self) -> str:
        """Everything that can be read, with single spaces."""
        return " ".join("".join(self._texts).split())

    def values(self, name: str) -> list[str]:
        """Return the values of an attribute, in the order of the page."""
        return [value for attribute, value in self.attributes if attribute == name]


def explain(mock: InProcess, key: str = KEY, **filters: Any) -> Explanation:
    """Return why no message of an account matches."""
    engine = mock.engine
    wanted = MessageFilter(Filters(**filters), lambda raw: engine.settings.parse_number(raw).digits, engine.text_of)
    return finish(Explainer(engine, AccountScope(engine, mock.account(key).id), 0).too_few(wanted))


def failure(explanation: Explanation | None = None, **more: Any) -> TracedFailure:
    """Return a failure of a test."""
    text = explanation.text if explanation else "assert 1 == 2"
    fields = {"when": "call", "type": "AssertionError", "text": text, "explanation": explanation, **more}
    return TracedFailure(**fields)


def traced(
    *failures: TracedFailure,
    nodeid: str = "tests/test_shop.py::test_code",
    report: str = "",
    logs: Sequence[LogLine] = (),
) -> TraceFile:
    """Return what a trace adds to a snapshot."""
    test = TracedTest(nodeid=nodeid, worker="gw1", started_at=NOON, duration=1.25)
    versions, options = {"mocksms": "0.1.0", "Python": "3.12"}, {"seed": "tests"}
    trace = Trace(test=test, failures=[*failures], accounts=[], versions=versions, options=options)
    return TraceFile(trace, report, [*logs])


def log_line(text: str, level: str = "INFO", exception: str | None = None) -> LogLine:
    """Return a log record of an application."""
    return LogLine(at=NOON, level=level, logger="shop.sms", text=text, exception=exception)


def file_of(mock: InProcess, trace: TraceFile | None = None, name: str = "run.mocksms.zip") -> ReportFile:
    """Return a file with everything in a mock."""
    reader = RecordReader(mock.engine)
    accounts = [reader.account(account) for account in reader.accounts()]
    return ReportFile(name, NOON, "0.1.0", {}, accounts, (), reader.unattributed(), trace)


def parsed(*files: ReportFile) -> Parsed:
    """Return the page about some files as a browser reads it."""
    return Parsed(report_page(files).content)


def snapshot_of(mock: InProcess, *keys: str) -> bytes:
    """Return a snapshot of everything in a mock, or of some accounts and the requests without an account."""
    accounts = [mock.account(key) for key in keys]
    return packed(mock.engine, accounts or None, unattributed_since=0 if keys else None)


def trace_of(mock: InProcess, trace: TraceFile, *keys: str) -> bytes:
    """Return the trace of a test that used some accounts."""
    used = trace.trace.model_copy(update={"accounts": [mock.account(key).id for key in keys]})
    return trace_bytes(snapshot_of(mock, *keys), trace._replace(trace=used), keys)


def busy_mock() -> InProcess:
    """Return a mock whose account has records of every kind, and that got a request without an account."""
    mock = InProcess()
    account, controls, settings = mock.account(), Controls(mock.engine), mock.engine.settings
    webhooks = (Webhook("http://127.0.0.1:9/hooks"),)
    controls.update_account(
        account, AccountUpdate(label="of the test", webhooks=webhooks, unsubscribed={"972542222222"})
    )
    controls.set_credit(account, 7)
    scenario = Scenario.model_validate({"rule": [{"name": "never", "match": {"tag": "none"}, "outcome": "sent"}]})
    controls.activate_scenario(account, compile_scenario(scenario, "quiet", settings))
    finish(controls.activate_in_front(account, compile_scenario(scenario, "front", settings)))
    for fault in ({"kind": "reset_after_accept"}, {"kind": "status", "status": 503}):
        body = FaultBody.model_validate({"fault": fault, "times": 1, "match": {"tag": fault["kind"]}})
        controls.set_fault(account, fault_rule(body, settings), timedelta(hours=24))
    text = "Your code is 481517 https://shop.test/a"
    (row,) = mock.send(NUMBER, content=text, tags=["otp"], track_clicks=True)
    mock.send("972-54-2222222", content="שלום", charset="unicode", unknown=1)
    mock.try_send(NUMBER, content="lost", tags=["reset_after_accept"])
    mock.try_send(NUMBER, content="lost", tags=["status"])
    mock.post('{"mesage": {}}')
    mock.call("GET", "/nothing")
    controls.click(account, row["transaction_id"])
    for error in ("no route to the receiver", None):
        for pending in mock.engine.outbox.take_due():
            attempt = Attempt(pending.attempt_at, None if error else 204, b"late", 1.5, error)
            mock.engine.outbox.record_result(pending, attempt)
        mock.time.advance(3600)
    controls.reply(account, NUMBER, "הסר")
    mock.engine.submit(account, Submission("made without a request"), [Recipient(NUMBER)])
    mock.time.advance(30)
    controls.freeze(account)
    return mock
