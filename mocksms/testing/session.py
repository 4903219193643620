"""Test session on a mock: one account for each test, and the check for unexpected traffic when a test ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import Any, Final, NamedTuple

import pytest

from mocksms.engine.account import account_id
from mocksms.errors import INTERNAL_ERROR, MocksmsError, MockUnreachable, RouteNotFound
from mocksms.settings import SessionSettings
from mocksms.sms.display import line
from mocksms.sms.text import escape
from mocksms.testing.account import PAGE
from mocksms.testing.failures import describe_account, describe_message
from mocksms.testing.handle import MockSMS
from mocksms.testing.marker import KINDS, UNSET, MarkerOptions, read_marker
from mocksms.testing.models import ApiRequest, message_of, request_of

MAX_LISTED: Final = 10
"""Unexpected requests and late messages that are listed; the rest is counted."""


class UnexpectedTraffic(pytest.PytestWarning):
    """Warning about unexpected traffic in a test, where the session does not let it fail the test."""


class LateMessages(NamedTuple):
    """Messages that were sent to the account of a test after the test had ended."""

    nodeid: str
    text: str


class EndedTest(NamedTuple):
    """A test that has ended, and the cursor at its end: later messages to its account are late."""

    nodeid: str
    cursor: int


class MockSession:
    """The tests of one process, on one mock.

    Args:
        mock: handle of the mock.
        options: options of the session.
        worker: name of the xdist worker; makes its API keys unique.
        workers: number of xdist workers.
    """

    def __init__(self, mock: MockSMS, options: SessionSettings, worker: str, workers: int = 1) -> None:
        self.mock = mock
        self.options = options
        self.is_attached = options.url is not None
        # Test runs of several machines can share a mock that they attach to.
        machine = sha256(socket.gethostname().encode()).hexdigest()[:4]
        self._key_suffix = f"{worker}-{machine}-{os.getpid()}" if self.is_attached else worker
        self._workers = workers
        self._numbers = count(1)
        self._ended: dict[str, EndedTest] = {}
        self._late: list[LateMessages] = []
        mock.api_key = self.new_key()
        mock.client.api_keys.add(mock.api_key)
        self.cursor = mock.cursor

    def new_key(self) -> str:
        """Return an API key that no other test has; keys differ in their first characters, which reports show."""
        return f"{next(self._numbers):04}-{self._key_suffix}"

    def start_test(self, node: pytest.Item) -> RunningTest:
        """Create an account for a test and prepare it as the marker says."""
        marker = read_marker(node)
        if marker.api_key is not None:
            self._check_one_worker(node)
        sms = self.mock._other_account(marker.api_key or self.new_key(), self.cursor)
        if marker.api_key is not None:
            self._collect_late(sms.api_key)
        if marker.api_key is not None or self.is_attached:
            sms.reset()
        if marker.credit is not UNSET:
            sms.credit = marker.credit
        if marker.scenario is not None:
            sms.scenario(marker.scenario)
        if marker.frozen:
            sms.freeze(marker.frozen if isinstance(marker.frozen, datetime) else None)
        return RunningTest(self, sms, marker)

    def end_test(self, run: RunningTest, nodeid: str, cursor: int) -> None:
        """Note the cursor at the end of a test: later messages to its account are late."""
        self.cursor = cursor
        if "late" not in run.marker.allowed:
            self._ended[run.sms.api_key] = EndedTest(nodeid, cursor)

    def late_messages(self) -> list[LateMessages]:
        """Return the late messages of all tests so far, oldest test first."""
        # If the mock has ended, the tests that needed it have failed already.
        with suppress(MockUnreachable):
            accounts = self.mock.client.request("GET", "accounts")["accounts"] if self._ended else []
            newest = {account["id"]: account["newest"] or 0 for account in accounts}
            for key, ended in tuple(self._ended.items()):
                if newest.get(account_id(key), 0) > ended.cursor:
                    self._collect_late(key)
        return self._late

    def _check_one_worker(self, node: pytest.Item) -> None:
        """Refuse a fixed API key that several workers could use on one mock at the same time."""
        if not self.is_attached or self._workers == 1 or is_grouped(node.nodeid):
            return
        instead = "keep these tests in one worker: @pytest.mark.xdist_group with --dist loadgroup"
        if node.get_closest_marker("xdist_group") and getattr(node.config.option, "loadgroup", False):
            instead = "run these tests without -n, since pytest-xdist cannot group tests with this version of pytest"
        raise pytest.UsageError(
            f"api_key of the marker mocksms selects one account, which {self._workers} workers would reset during "
            f"each other's tests; let each worker start its own mock (no mocksms_url), or {instead}"
        )

    def _collect_late(self, key: str) -> None:
        """Add the messages that were sent to an account after the end of its test."""
        ended = self._ended.pop(key, None)
        if ended is None:
            return
        page = self.mock.account(key).api("GET", "messages", since=ended.cursor, limit=MAX_LISTED)
        if page["total"]:
            rows = [line("late", describe_message(message_of(row))) for row in reversed(page["messages"])]
            self._late.append(LateMessages(ended.nodeid, "\n".join([f"{ended.nodeid}: {page['total']} SMS", *rows])))


class RunningTest:
    """A test that runs, with its account: reports what the mock saw, and finds unexpected traffic."""

    def __init__(self, session: MockSession, sms: MockSMS, marker: MarkerOptions) -> None:
        self.sms = sms
        self.marker = marker
        self._session = session
        self._unique_keys = {sms.api_key} if marker.api_key is None else set[str]()
        self._since = session.cursor
        self._has_failed = False

    def on_report(self, report: pytest.TestReport) -> None:
        """Add what the mock saw to the report of a failure. After the last report, reset accounts with fixed keys."""
        is_last = report.when == "teardown"
        if report.failed and not (is_last and self._has_failed):
            report.sections.append(("mocksms", self._mock_report()))
        self._has_failed |= report.failed or (report.skipped and hasattr(report, "wasxfail"))
        if is_last:
            # If the mock has ended, the next test that needs it fails.
            with suppress(MocksmsError):
                for key in sorted(self.sms._api_keys - self._unique_keys):
                    self.sms.client.request("POST", "reset", key=key)

    def end(self, node: pytest.Item) -> None:
        """End the test: fail it or warn for unexpected traffic, unless it has failed already.

        Raises:
            MockUnreachable: the mock has ended, and the test did not notice.
        """
        try:
            rows, cursor = self._requests()
        except MockUnreachable:
            if self._has_failed:
                return
            self._has_failed = True  # with this error, which says enough
            raise
        self._session.end_test(self, node.nodeid, cursor)
        unexpected = [found for row in rows for found in self._unexpected(row)]
        reaction = self.marker.unexpected or self._session.options.unexpected
        if not unexpected or self._has_failed or reaction == "ignore":
            return
        text = _describe(unexpected)
        if reaction == "warn":
            node.warn(UnexpectedTraffic(text))
        else:
            pytest.fail(text, pytrace=False)

    def _mock_report(self) -> str:
        try:
            text = describe_account(self.sms)
            unused = [fault for fault in self.sms.faults if not fault.applied]
            return text + "".join(f"\nnever applied: {fault!r}" for fault in unused)
        except MocksmsError as error:
            return f"no report from the mock: {error}"

    def _requests(self) -> tuple[list[Mapping[str, Any]], int]:
        """Return the requests to check, oldest first, and the cursor up to which they are complete.

        On a mock that others use too, these are the requests of the test's own accounts only.
        """
        keys: Iterable[str | None] = sorted(self.sms._api_keys) if self._session.is_attached else [None]
        pages = [self._pages(key) for key in keys]
        rows = [row for page in pages for row in page[0]]
        return sorted(rows, key=lambda row: row["id"]), min(cursor for _, cursor in pages)

    def _pages(self, key: str | None) -> tuple[list[Mapping[str, Any]], int]:
        """Return the requests of one account or of all since the test began, and the cursor of the first page."""
        rows: list[Mapping[str, Any]] = []
        cursor, before = 0, None
        while True:
            page = self.sms.client.request("GET", "requests", key=key, since=self._since, before=before, limit=PAGE)
            cursor = cursor or page["cursor"]
            rows += page["requests"]
            if len(page["requests"]) < PAGE:
                return rows, cursor
            before = rows[-1]["id"]

    def _unexpected(self, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Iterate over what is unexpected about a request and not allowed by the marker: its kind and a text."""
        request, account = request_of(row), row["account"]
        if account in (None, *map(account_id, self.sms._api_keys)):
            found = _issues(request, is_strict=self.marker.strict)
        elif account in map(account_id, self.sms.client.api_keys):
            found = iter(())
        else:
            found = _issues_of_other_account(request, row["headers"])
        return ((kind, text) for kind, text in found if kind not in self.marker.allowed)


def is_grouped(nodeid: str) -> bool:
    """Whether xdist has put a test into a group: it adds `@` and the name of the group to the node id.

    It looks for the marker, but cannot add the name with a pytest that stores node ids in another way.
    """
    return "@" in nodeid.rpartition("::")[2].rpartition("]")[2]


def _issues(request: ApiRequest, *, is_strict: bool) -> Iterator[tuple[str, str]]:
    """Iterate over what is unexpected about a request of the test's own account, or of no account."""
    kind = _kind(request)
    if kind:
        account = "" if request.has_account else " without an account"
        response = f"returned {request.status}" if request.status else "got no response"
        yield kind, f"{request.method} {request.target}{account} {response}: {request.note or 'no reason given'}"
    if is_strict:
        for warning in request.warnings:
            yield "warning", f"{request.method} {request.target}: {warning}"


def _issues_of_other_account(request: ApiRequest, headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Iterate over what is unexpected about a request of an account that no handle of this session has."""
    if request.messages or _kind(request):
        key = next((value for name, value in headers if name.lower() == "x-api-key"), "of another account")
        if request.messages:
            result = f"sent {len(request.messages)} SMS"
        else:
            result = f"was refused: {request.note or request.status}"
        yield "other-account", f"{request.method} {request.target} with the API key {key} {result}"


def _kind(request: ApiRequest) -> str:
    """Return the kind of unexpected traffic that a request is; empty if it succeeded or a fault was set for it."""
    if request.refusal is None or request.fault_decided_by is not None:
        return ""
    return {INTERNAL_ERROR: "crash", RouteNotFound.code: "unknown-path"}.get(request.refusal, "refused")


def _describe(unexpected: list[tuple[str, str]]) -> str:
    kinds = tuple(dict.fromkeys(kind for kind, _ in unexpected))
    lines = [line(kind, escape(text)) for kind, text in unexpected[:MAX_LISTED]]
    if len(unexpected) > MAX_LISTED:
        lines.append(line("", f"and {len(unexpected) - MAX_LISTED} more"))
    if "other-account" in kinds:
        hint = "the application does not use mocksms.api_key; if its key is fixed"
        lines.append(line("key", f'{hint}: @pytest.mark.mocksms(api_key="...")'))
    allow = ", ".join(f'"{kind}"' for kind in kinds)
    marker = f"@pytest.mark.mocksms(allow={allow if len(kinds) == 1 else f'({allow})'})"
    lines.append(line("allow", f"{marker} accepts it in one test, mocksms_unexpected = warn in all tests"))
    return "\n".join([f"unexpected traffic: {', '.join(KINDS[kind] for kind in kinds)}", *lines])
