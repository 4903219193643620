"""A test session's use of a mock: an account for each test, and what is looked at when a test ends."""

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
from mocksms.testing.account import PAGE, ApiRequest, request_of
from mocksms.testing.failures import describe_account, describe_message
from mocksms.testing.handle import MockSMS
from mocksms.testing.marker import UNSET, MarkerOptions, marked
from mocksms.testing.models import message_of

SHOWN: Final = 10
"""Unexpected things that are named; the others are counted."""


class UnexpectedTraffic(pytest.PytestWarning):
    """A test's application did what nobody asked for, and the suite wants no more than a warning."""


class LateMessages(NamedTuple):
    """Messages that came into the account of a test after it had ended."""

    nodeid: str
    text: str


class MockSession:
    """The tests of one process on one mock.

    Args:
        server: the mock.
        options: what the suite is set to.
        worker: the xdist worker, whose keys no other has.
        workers: how many workers there are.
    """

    def __init__(self, server: MockSMS, options: SessionSettings, worker: str, workers: int = 1) -> None:
        self.server = server
        self.options = options
        self.is_attached = options.url is not None
        # Runs of several machines may share a mock that was there before them.
        machine = sha256(socket.gethostname().encode()).hexdigest()[:4]
        self._stem = f"{worker}-{machine}-{os.getpid()}" if self.is_attached else worker
        self._workers = workers
        self._numbers = count(1)
        self._ended: dict[str, tuple[str, int]] = {}
        self._late: list[LateMessages] = []
        server.api_key = self.new_key()
        server.client.api_keys.add(server.api_key)
        self.cursor = server.cursor

    def new_key(self) -> str:
        """Return an API key that no other test has, and that differs in the few characters of it that are shown."""
        return f"{next(self._numbers):04}-{self._stem}"

    def watch(self, node: pytest.Item) -> TestRun:
        """Begin a test: an account for it, as its markers say."""
        mark = marked(node)
        if mark.api_key is not None:
            self._check_alone(node)
        sms = self.server._other_account(mark.api_key or self.new_key(), self.cursor)
        if mark.api_key is not None:
            self._note_late(sms.api_key)
        if mark.api_key is not None or self.is_attached:
            sms.reset()
        if mark.credit is not UNSET:
            sms.credit = mark.credit
        if mark.scenario is not None:
            sms.scenario(mark.scenario)
        if mark.frozen:
            sms.freeze(mark.frozen if isinstance(mark.frozen, datetime) else None)
        return TestRun(self, sms, mark)

    def ended(self, watch: TestRun, nodeid: str, cursor: int) -> None:
        """Note up to where what happened belongs to a test."""
        self.cursor = cursor
        if "late" not in watch.mark.allowed:
            self._ended[watch.sms.api_key] = (nodeid, cursor)

    def late(self) -> list[LateMessages]:
        """Return what came into accounts after their tests had ended, oldest test first; what is known of it by now."""
        # A mock that died has let the test fail that needed it; the last one is not to blame.
        with suppress(MockUnreachable):
            accounts = self.server.client.request("GET", "accounts")["accounts"] if self._ended else []
            newest = {account["id"]: account["newest"] or 0 for account in accounts}
            for key, (_, cursor) in tuple(self._ended.items()):
                if newest.get(account_id(key), 0) > cursor:
                    self._note_late(key)
        return self._late

    def _check_alone(self, node: pytest.Item) -> None:
        """Refuse a fixed key that tests in several processes would use on one mock, unless one process has them all."""
        if not self.is_attached or self._workers == 1 or is_grouped(node.nodeid):
            return
        instead = "keep these tests in one worker: @pytest.mark.xdist_group with --dist loadgroup"
        if node.get_closest_marker("xdist_group") and getattr(node.config.option, "loadgroup", False):
            instead = "run these tests without -n, since pytest-xdist does not group them with this pytest"
        raise pytest.UsageError(
            f"api_key of the marker mocksms is one account, and {self._workers} workers would reset it under each "
            f"other on the mock that all attach to; let each start its own (no mocksms_url), or {instead}"
        )

    def _note_late(self, key: str) -> None:
        """Look for messages that came into an account after the test that had it."""
        nodeid, cursor = self._ended.pop(key, ("", 0))
        if not nodeid:
            return
        page = self.server.account(key).api("GET", "messages", since=cursor, limit=SHOWN)
        if page["total"]:
            rows = [line("late", describe_message(message_of(row))) for row in reversed(page["messages"])]
            self._late.append(LateMessages(nodeid, "\n".join([f"{nodeid}: {page['total']} SMS", *rows])))


class TestRun:
    """One test on its account: what it lived through, and what it did not ask for."""

    def __init__(self, suite: MockSession, sms: MockSMS, mark: MarkerOptions) -> None:
        self.sms = sms
        self.mark = mark
        self._suite = suite
        self._unique = {sms.api_key} if mark.api_key is None else set[str]()
        self._since = suite.cursor
        self._failed = False

    def look_at(self, report: pytest.TestReport) -> None:
        """Attach to a report of failure what the mock saw; after the last, clear accounts that other tests may use."""
        is_last = report.when == "teardown"
        if report.failed and not (is_last and self._failed):
            report.sections.append(("mocksms", self._saw()))
        self._failed |= report.failed or (report.skipped and hasattr(report, "wasxfail"))
        if is_last:
            # A mock that has died lets the next test fail that needs it.
            with suppress(MocksmsError):
                for key in sorted(self.sms._api_keys - self._unique):
                    self.sms.client.request("POST", "reset", key=key)

    def _saw(self) -> str:
        """Return what the mock saw."""
        try:
            text = describe_account(self.sms)
            unmet = [fault for fault in self.sms.faults if not fault.applied]
            text += "".join(f"\nno call met this: {fault!r}" for fault in unmet)
        except MocksmsError as error:
            return f"what the mock saw cannot be said: {error}"
        return text

    def end(self, node: pytest.Item) -> None:
        """End the test: fail or warn for what nobody asked for, unless it has failed already.

        Raises:
            MockUnreachable: the mock has died, which the test has not noticed.
        """
        try:
            rows, cursor = self._requests()
        except MockUnreachable:
            if self._failed:
                return
            self._failed = True  # in the words of this error, which are enough
            raise
        self._suite.ended(self, node.nodeid, cursor)
        unexpected = [found for row in rows for found in self._unexpected(row)]
        way = self.mark.unexpected or self._suite.options.unexpected
        if not unexpected or self._failed or way == "ignore":
            return
        text = _told(unexpected)
        if way == "warn":
            node.warn(UnexpectedTraffic(text))
        else:
            pytest.fail(text, pytrace=False)

    def _requests(self) -> tuple[list[Mapping[str, Any]], int]:
        """Return the calls to look at, oldest first, and the place up to which that are all.

        On a shared mock these are the calls of the test's own accounts; it cannot know whose the others are.
        """
        keys: Iterable[str | None] = sorted(self.sms._api_keys) if self._suite.is_attached else [None]
        pages = [self._pages(key) for key in keys]
        rows = [row for page in pages for row in page[0]]
        return sorted(rows, key=lambda row: row["id"]), min(cursor for _, cursor in pages)

    def _pages(self, key: str | None) -> tuple[list[Mapping[str, Any]], int]:
        """Return all calls since the test began, of one account or of all, and the place up to which that are all."""
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
        """Iterate over what is wrong with a call, by kind and in words, as far as the test does not put up with it."""
        call, account = request_of(row), row["account"]
        if account in (None, *map(account_id, self.sms._api_keys)):
            found = _wrong(call, is_strict=self.mark.strict)
        elif account in map(account_id, self.sms.client.api_keys):
            found = iter(())
        else:
            found = _strange(call, row["headers"])
        return ((kind, what) for kind, what in found if kind not in self.mark.allowed)


def is_grouped(nodeid: str) -> bool:
    """Return whether xdist has put a test into a group, whose name it adds to the test's after an @.

    It takes the marker for it, yet fails to with a pytest that keeps the names of tests otherwise.
    """
    return "@" in nodeid.rpartition("::")[2].rpartition("]")[2]


def _wrong(call: ApiRequest, *, is_strict: bool) -> Iterator[tuple[str, str]]:
    """Iterate over what is wrong with a call of the test's own account, or of nobody's."""
    kind = _kind(call)
    if kind:
        owner = "" if call.has_account else " without a key of any account"
        answer = f"answered {call.status}" if call.status else "not answered"
        yield kind, f"{call.method} {call.target}{owner} was {answer}: {call.note or 'no reason given'}"
    if is_strict:
        for warning in call.warnings:
            yield "warning", f"{call.method} {call.target}: {warning}"


def _strange(call: ApiRequest, headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Say that a call sent something, or was refused, in an account that neither a test nor a handle has."""
    if call.messages or _kind(call):
        key = next((value for name, value in headers if name.lower() == "x-api-key"), "that no handle has")
        what = f"sent {len(call.messages)} SMS" if call.messages else f"was refused: {call.note or call.status}"
        yield "other-account", f"{call.method} {call.target} with the API key {key} {what}"


def _kind(call: ApiRequest) -> str:
    """Return which kind of unexpected a call is, nothing when it is none: an ordered fault was asked for."""
    if call.refusal is None or call.fault_decided_by is not None:
        return ""
    return {INTERNAL_ERROR: "crash", RouteNotFound.code: "unknown-path"}.get(call.refusal, "refused")


def _told(unexpected: list[tuple[str, str]]) -> str:
    kinds = tuple(dict.fromkeys(kind for kind, _ in unexpected))
    lines = [line(kind, escape(what)) for kind, what in unexpected[:SHOWN]]
    if len(unexpected) > SHOWN:
        lines.append(line("", f"and {len(unexpected) - SHOWN} more"))
    if "other-account" in kinds:
        key = "the application uses another API key than mocksms.api_key; one it cannot change goes into the marker"
        lines.append(line("key", f'{key}: @pytest.mark.mocksms(api_key="...")'))
    allow = ", ".join(f'"{kind}"' for kind in kinds)
    one = f"@pytest.mark.mocksms(allow={allow if len(kinds) == 1 else f'({allow})'}) lets one test put up with it"
    lines.append(line("allow", f"{one}, mocksms_unexpected = warn all of them"))
    return "\n".join([f"nobody asked for this: {', '.join(kinds)}", *lines])
