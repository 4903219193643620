"""Test session on a mock: one account for each test, and the check for unexpected traffic when a test ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mocksms.engine.keys import account_id
from mocksms.errors import MockUnreachable
from mocksms.settings import SessionSettings
from mocksms.sms.display import line
from mocksms.testing.defaults import AccountDefaults
from mocksms.testing.described_errors import errors_to
from mocksms.testing.failures import describe_account, describe_message, unattributed_requests
from mocksms.testing.faults import FaultHandle, HoldHandle
from mocksms.testing.handle import MockSMS
from mocksms.testing.marker import UNSET, MarkerOptions, check_one_worker, read_marker
from mocksms.testing.models import SmsCallback, message_of, request_of
from mocksms.testing.outcomes import outcome_of
from mocksms.testing.traffic import (
    MAX_LISTED,
    describe_unexpected,
    describe_unused,
    issues_of,
    issues_of_other_account,
)
from mocksms.testing.undelivered import describe_undelivered, find_undelivered

if TYPE_CHECKING:
    from mocksms.engine.account import TestOutcome
    from mocksms.state.trace_models import TracedFailure


class UnexpectedTraffic(pytest.PytestWarning):
    """Warning about unexpected traffic in a test, where the session does not let it fail the test."""


class UnusedFault(pytest.PytestWarning):
    """Warning about a fault that no request matched, in a test that passed."""


class UndeliveredCallbacks(pytest.PytestWarning):
    """Warning about callbacks that no attempt delivered, in a test that passed."""


Finding = tuple[str, pytest.PytestWarning]
"""What something does to a test: `fail`, `warn` or `ignore`, and a warning whose text says what is wrong."""


class LateMessages(NamedTuple):
    """Messages that were sent to the account of a test after the test had ended.

    `reaction` is what unexpected traffic of that test does: `fail` or `warn`.
    """

    nodeid: str
    text: str
    reaction: str


class EndedTest(NamedTuple):
    """A test that has ended, and the cursor at its end: later messages to its account are late."""

    nodeid: str
    cursor: int
    reaction: str


class MockSession:
    """The tests of one process, on one mock.

    `variation` is a scenario in front of those of each test that starts, as JSON. While the session `is_silent`, tests
    are not checked, and coverage is not measured: the audit runs them again; `label_note` says so in the labels of
    their accounts. `tokens` are secrets beside the API keys, which no trace and no account has.

    Args:
        mock: handle of the mock.
        options: options of the session.
        defaults: initial values of each account.
        worker: name of the xdist worker; makes its API keys unique.
        workers: number of xdist workers.
    """

    def __init__(
        self, mock: MockSMS, options: SessionSettings, defaults: AccountDefaults, worker: str, workers: int = 1
    ) -> None:
        self.mock = mock
        self.options = options
        self._defaults = defaults
        self.is_attached = options.url is not None
        # Test runs of several machines can share a mock that they attach to.
        machine = sha256(socket.gethostname().encode()).hexdigest()[:4]
        self.key_suffix = f"{worker}-{machine}-{os.getpid()}" if self.is_attached else worker
        self._workers = workers
        self.tokens: Sequence[str] = ()
        self._numbers = count(1)
        self._ended: dict[str, EndedTest] = {}
        self._late: list[LateMessages] = []
        self._unread: list[tuple[RunningTest, str]] = []
        self._not_reset: set[str] = set()
        self._latest: RunningTest | None = None
        self.variation = defaults.variation
        self.is_silent = False
        self.label_note = ""
        self.on_traffic: Callable[[RunningTest, Sequence[Mapping[str, Any]]], object] | None = None
        mock.api_key = self.new_key()
        mock.client.api_keys.add(mock.api_key)
        self.cursor = mock._present()

    def new_key(self) -> str:
        """Return an API key that no other test has; keys differ in their first characters, which reports show."""
        return f"{next(self._numbers):04}-{self.key_suffix}"

    def start_test(self, node: pytest.Item) -> RunningTest:
        """Create an account for a test and prepare it as the marker says."""
        marker = read_marker(node)
        if marker.api_key is not None:
            check_one_worker(node, self._workers if self.is_attached else 1)
        self._catch_up()
        sms = self.mock._other_account(marker.api_key or self.new_key(), self.cursor)
        if marker.api_key is not None:
            self._collect_late(sms.api_key)
        if marker.api_key is not None or self.is_attached:
            sms.reset()
        sms._set_up(self._defaults.labelled(node.nodeid + self.label_note)._replace(variation=self.variation))
        if marker.credit is not UNSET:
            sms.credit = marker.credit
        if marker.scenario is not None:
            sms.scenario(marker.scenario)
        if marker.async_delay is not None:
            sms.update_account(async_delay=marker.async_delay)
        if marker.frozen:
            sms.freeze(marker.frozen if isinstance(marker.frozen, datetime) else None)
        self._latest = RunningTest(self, sms, marker)
        return self._latest

    def end_test(self, run: RunningTest, nodeid: str, cursor: int) -> None:
        """Note the cursor at the end of a test: later messages to its account are late."""
        self.cursor = cursor
        if "late" not in run.marker.allowed and run.reaction != "ignore":
            self._ended[run.sms.api_key] = EndedTest(nodeid, cursor, run.reaction)

    def end_unread(self, run: RunningTest, nodeid: str) -> None:
        """Note that a test has ended and its requests could not be read."""
        self._unread.append((run, nodeid))

    def reset_accounts(self, keys: Iterable[str]) -> None:
        """Reset accounts; those that cannot be reset follow before the next test."""
        self._not_reset.update(keys)
        with errors_to(lambda _: None):
            for key in sorted(self._not_reset):
                self.mock.client.request("POST", "reset", key=key)
                self._not_reset.discard(key)

    def keep_report(self) -> RunningTest | None:
        """Keep the report of the latest test, and return it: pytest reports its teardown after the mock has stopped."""
        if self._latest is not None:
            self._latest.keep_report()
        return self._latest

    def late_messages(self) -> tuple[list[LateMessages], list[str]]:
        """Return the late messages of all tests so far, oldest test first, and why some may be missing."""
        problems: list[str] = []
        # If the mock has ended, the tests that needed it have failed already.
        with errors_to(problems.append), suppress(MockUnreachable):
            self._catch_up()
            self._find_late()
        return self._late, problems

    def _find_late(self) -> None:
        since = min((ended.cursor for ended in self._ended.values()), default=0)
        accounts = self.mock.client.accounts(since) if self._ended else ()
        newest = {account["id"]: account["newest"] or 0 for account in accounts}
        for key, ended in tuple(self._ended.items()):
            if newest.get(account_id(key), 0) > ended.cursor:
                self._collect_late(key)

    def _catch_up(self) -> None:
        """Do what could not be done when the last test ended."""
        if self._not_reset:
            self.reset_accounts(())
        if self._unread:
            cursor = self.mock.cursor
            for run, nodeid in self._unread:
                self.end_test(run, nodeid, cursor)
            self._unread.clear()

    def _collect_late(self, key: str) -> None:
        """Add the messages that were sent to an account after the end of its test."""
        ended = self._ended.pop(key, None)
        if ended is None:
            return
        page = self.mock.account(key).api("GET", "messages", since=ended.cursor, limit=MAX_LISTED)
        if page["total"]:
            rows = [line("late", describe_message(message_of(row))) for row in reversed(page["messages"])]
            text = "\n".join([f"{ended.nodeid}: {page['total']} SMS", *rows])
            self._late.append(LateMessages(ended.nodeid, text, ended.reaction))


class RunningTest:
    """A test that runs, with its account: reports what the mock saw, and finds unexpected traffic."""

    def __init__(self, session: MockSession, sms: MockSMS, marker: MarkerOptions) -> None:
        self.sms = sms
        self.marker = marker
        self.reaction = marker.unexpected or session.options.unexpected
        self._fault_reaction = marker.unused_fault or session.options.unused_fault
        self.session = session
        self._unique_keys = {sms.api_key} if marker.api_key is None else set[str]()
        self.since = session.cursor
        self._undelivered: list[SmsCallback] = []
        self._undelivered_reaction = marker.undelivered or session.options.undelivered
        self._has_failed = False
        self._has_passed = False
        self._outcome: TestOutcome | None = None
        self._kept_report = ""
        self._is_silent = session.is_silent
        self.failures: list[TracedFailure] = []
        """The errors that its accounts have, if they outlive the session."""
        self.requests: list[Mapping[str, Any]] = []
        """The recorded requests, once the test has ended: of the whole mock, or of its own accounts on a shared one."""
        if session.on_traffic is not None and not self._is_silent:
            sms._on_delete = self._before_delete

    def on_report(self, report: pytest.TestReport) -> None:
        """Add what the mock saw to the report of a failure, and set how the test ended in its accounts."""
        if report.when == "call" and report.passed:
            self._has_passed = True
            # Not when the fixture ends: receivers that are other fixtures may have stopped by then.
            self._find_undelivered()
        if report.failed and not (report.when == "teardown" and self._has_failed):
            report.sections.append(("mocksms", self._kept_report or self._mock_report()))
        self._has_failed |= report.failed or (report.skipped and hasattr(report, "wasxfail"))
        self.set_outcome(outcome_of(report, self._outcome))

    def set_outcome(self, outcome: TestOutcome | None) -> None:
        """Set how the test ended in its accounts. Nothing fails because of it."""
        if outcome in (None, self._outcome):
            return
        self._outcome = outcome
        with errors_to(lambda _: None):
            for sms in self.accounts:
                sms._set_test_outcome(outcome)

    def reset_accounts(self) -> None:
        """Reset accounts with fixed keys, after the last report."""
        self.session.reset_accounts(self.sms._api_keys - self._unique_keys)

    def keep_report(self) -> None:
        """Keep what the mock has recorded so far, for a failure of the teardown."""
        self._kept_report = self._mock_report()

    @property
    def api_keys(self) -> list[str]:
        """The keys of the accounts that the test uses, that of its own account first."""
        return [self.sms.api_key, *sorted(self.sms._api_keys - {self.sms.api_key})]

    @property
    def accounts(self) -> Iterable[MockSMS]:
        """A handle of each account that the test uses."""
        return {each.api_key: each for each in self.sms._handles}.values()

    @property
    def outlives_session(self) -> bool:
        """Whether the mock and the account of the test are still there after the session."""
        return self.session.is_attached and bool(self._unique_keys)

    @property
    def has_sent(self) -> bool:
        """Whether an account of the test has a message, once the test has ended."""
        accounts = {account_id(key) for key in self.api_keys}
        return any(row["messages"] and row["account"] in accounts for row in self.requests)

    @property
    def _faults(self) -> list[FaultHandle]:
        return [fault for handle in self.sms._handles for fault in handle.faults]

    def end(self, node: pytest.Item) -> None:
        """End the test: fail it or warn for what is wrong with it, unless it has failed already."""
        if self._is_silent:
            with errors_to(lambda _: None):  # what reads the evidence reports it
                self.requests, self.session.cursor = self._requests()
            return
        findings: list[Finding] = []
        if undelivered := self._unexpectedly_undelivered():
            findings.append((self._undelivered_reaction, UndeliveredCallbacks(describe_undelivered(undelivered))))
        unread: list[str] = []
        with errors_to(unread.append):
            rows, cursor = self._requests()
            unused = self._unused_faults()
        if unread:
            self.session.end_unread(self, node.nodeid)
            text = f"this test is not checked for unexpected traffic: {unread[0]}"
            # A report of the mock would fail for the same reason.
            self._react(node, [*findings, (self.reaction, UnexpectedTraffic(text))], needs_report=False)
            return
        self.session.end_test(self, node.nodeid, cursor)
        self.requests = rows
        if self.session.on_traffic is not None:
            self.session.on_traffic(self, rows)
        if unexpected := [found for row in rows for found in self._unexpected(row)]:
            findings.append((self.reaction, UnexpectedTraffic(describe_unexpected(unexpected))))
        if unused:
            findings.append((self._fault_reaction, UnusedFault(describe_unused(unused))))
        self._react(node, findings)

    def release_held(self) -> None:
        """Release the requests that the test holds: its application would wait for them in later tests."""
        with errors_to(lambda _: None):
            for fault in self._faults:
                if isinstance(fault, HoldHandle):
                    fault.release()

    def _before_delete(self) -> None:
        """Hand out the requests that the test deletes; its end cannot read them."""
        assert self.session.on_traffic is not None
        with errors_to(lambda _: None):  # the request that deletes fails, too
            self.session.on_traffic(self, self._requests()[0])

    def _react(self, node: pytest.Item, findings: Iterable[Finding], *, needs_report: bool = True) -> None:
        """Fail the test or warn, as the options say, unless it has failed already."""
        if self._has_failed:
            return
        failures: list[str] = []
        for reaction, warning in findings:
            if reaction == "fail":
                failures.append(str(warning))
            elif reaction == "warn":
                try:
                    node.warn(warning)
                except Warning:  # a filter such as -W error makes an error of it
                    failures.append(f"{type(warning).__name__}: {warning}")
        if failures:
            self._has_failed = not needs_report
            pytest.fail("\n".join(failures), pytrace=False)

    def _unused_faults(self) -> list[str]:
        """Return the faults of a test that passed which no request matched."""
        if not self._has_passed or self._fault_reaction == "ignore":
            return []
        return [fault.description for fault in self._faults if not fault.matched]

    def _find_undelivered(self) -> None:
        """Note the callbacks of a test that passed which no attempt delivered."""
        if self._undelivered_reaction != "ignore":
            with errors_to(lambda _: None):  # the check of the requests reports a mock that cannot be read
                self._undelivered = find_undelivered(self.sms._handles)

    def _unexpectedly_undelivered(self) -> list[SmsCallback]:
        expected = {each for handle in self.sms._handles for each in handle._expected_failures}
        return [callback for callback in self._undelivered if callback.id not in expected]

    def _mock_report(self) -> str:
        lines: list[str] = []
        with errors_to(lambda text: lines.append(f"no report from the mock: {text}")):
            lines.append(describe_account(self.sms))
            if self.outlives_session:
                lines.append(f"inbox: {self.sms.url}/?account={account_id(self.sms.api_key)}")
            lines += [f"never applied: {fault!r}" for fault in self._faults if not fault.applied]
            lines += unattributed_requests(self.sms, self.since)
        return "\n".join(lines)

    def _requests(self) -> tuple[list[Mapping[str, Any]], int]:
        """Return the requests to check, oldest first, and the cursor up to which they are complete.

        On a mock that others use too, these are the requests of the test's own accounts only.
        """
        keys: Iterable[str | None] = sorted(self.sms._api_keys) if self.session.is_attached else [None]
        pages = [self._pages(key) for key in keys]
        rows = [row for page in pages for row in page[0]]
        return sorted(rows, key=lambda row: row["id"]), min(cursor for _, cursor in pages)

    def _pages(self, key: str | None) -> tuple[list[Mapping[str, Any]], int]:
        """Return the requests of one account or of all since the test began, and the cursor of the first page."""
        pages = [*self.sms.client.pages("requests", "id", key=key, since=self.since)]
        return [row for page in pages for row in page["requests"]], pages[0]["cursor"]

    def _unexpected(self, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Iterate over what is unexpected about a request and not allowed by the marker: its kind and a text."""
        request, account = request_of(row), row["account"]
        if account in (None, *map(account_id, self.sms._api_keys)):
            handles = [each for each in self.sms._handles if account == account_id(each.api_key)]
            if any(row["id"] <= each._restored_up_to for each in handles):
                return
            has_deleted = any(each._has_deleted for each in handles)
            found = issues_of(request, is_strict=self.marker.strict, has_deleted=has_deleted)
        elif account in map(account_id, self.sms.client.api_keys):
            found = iter(())
        else:
            found = issues_of_other_account(request, row["headers"])
        yield from ((kind, text) for kind, text in found if kind not in self.marker.allowed)
