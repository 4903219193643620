"""A test session's use of a mock: an account for each test, and what is looked at when a test ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from mocksms.engine.account import account_id
from mocksms.errors import MocksmsError
from mocksms.settings import SuiteSettings
from mocksms.sms.text import escape
from mocksms.testing.explaining import line, told
from mocksms.testing.handle import MockSMS
from mocksms.testing.message import message_of
from mocksms.testing.reading import PAGE, Call, call_of
from mocksms.testing.report import replayable, seen

KINDS: Final = ("refused", "unknown-path", "warning", "crash", "late")
"""What a test can come upon that it did not ask for."""

SHOWN: Final = 10
"""Unexpected things that are named; the others are counted."""

UNSET: Final = object()


class UnexpectedTraffic(pytest.PytestWarning):
    """A test's application did what nobody asked for, and the suite wants no more than a warning."""


class Late(NamedTuple):
    """Messages that came into the account of a test after it had ended."""

    nodeid: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What the marker says about a test.

    Args:
        scenario: what is in force from the start, as for `MockSMS.scenario`.
        credit: the segments the account can send, None without limit.
        frozen: whether time stands still from the start, or the later instant it stands at.
        strict: whether a request with warnings lets the test fail.
        api_key: the key of the application, if that cannot change: what it holds is forgotten before and after.
        allow: what the test puts up with, of `refused`, `unknown-path`, `warning`, `crash`, `late`.
        unexpected: what happens about the rest, in place of the suite's option.
    """

    scenario: Any = None
    credit: Any = UNSET
    frozen: bool | datetime = False
    strict: bool = False
    api_key: str | None = None
    allow: str | tuple[str, ...] = ()
    unexpected: str | None = None

    @property
    def allowed(self) -> tuple[str, ...]:
        """What the test puts up with."""
        return (self.allow,) if isinstance(self.allow, str) else tuple(self.allow)


def marked(node: pytest.Item) -> Marked:
    """Return what the markers of a test say; the nearest wins.

    Raises:
        UsageError: they say something that does not exist.
    """
    given: dict[str, Any] = {}
    names = [field.name for field in fields(Marked)]
    for marker in node.iter_markers("mocksms"):
        unknown = [*map(repr, marker.args), *(name for name in marker.kwargs if name not in names)]
        if unknown:
            raise pytest.UsageError(f"the marker mocksms takes {', '.join(names)} by name, not {unknown[0]}")
        given = {**marker.kwargs, **given}
    mark = Marked(**given)
    unknown = [kind for kind in mark.allowed if kind not in KINDS]
    if unknown:
        raise pytest.UsageError(f"allow of the marker mocksms knows {', '.join(KINDS)}, not {unknown[0]!r}")
    if mark.unexpected not in (None, "fail", "warn", "ignore"):
        raise pytest.UsageError(f"unexpected of the marker mocksms is fail, warn or ignore, not {mark.unexpected!r}")
    return mark


class Suite:
    """The tests of one process on one mock.

    Args:
        server: the mock.
        options: what the suite is set to.
        worker: the xdist worker, whose keys no other has.
    """

    def __init__(self, server: MockSMS, options: SuiteSettings, worker: str) -> None:
        self.server = server
        self.options = options
        self.is_attached = options.url is not None
        # Runs of several machines may share a mock that was there before them.
        machine = sha256(socket.gethostname().encode()).hexdigest()[:4]
        self._stem = f"{worker}-{machine}-{os.getpid()}" if self.is_attached else worker
        self._numbers = count(1)
        self._ended: dict[str, tuple[str, int]] = {}
        self._late: list[Late] = []
        server.api_key = self.new_key()
        self.cursor = server.cursor

    def new_key(self) -> str:
        """Return an API key that no other test has, and that differs in the few characters of it that are shown."""
        return f"{next(self._numbers):04}-{self._stem}"

    def watch(self, node: pytest.Item) -> Watch:
        """Begin a test: an account for it, as its markers say."""
        mark = marked(node)
        sms = self.server.account(mark.api_key or self.new_key(), since=self.cursor)
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
        return Watch(self, sms, mark)

    def ended(self, watch: Watch, nodeid: str, cursor: int) -> None:
        """Note up to where what happened belongs to a test."""
        self.cursor = cursor
        if "late" not in watch.mark.allowed:
            self._ended[watch.sms.api_key] = (nodeid, cursor)

    def late(self) -> list[Late]:
        """Return what came into accounts after their tests had ended, oldest test first."""
        accounts = self.server.client.call("GET", "accounts")["accounts"] if self._ended else []
        newest = {account["id"]: account["newest"] or 0 for account in accounts}
        for key, (_, cursor) in tuple(self._ended.items()):
            if newest.get(account_id(key), 0) > cursor:
                self._note_late(key)
        return self._late

    def _note_late(self, key: str) -> None:
        """Look for messages that came into an account after the test that had it."""
        nodeid, cursor = self._ended.pop(key, ("", 0))
        if not nodeid:
            return
        page = self.server.account(key).ask("GET", "messages", since=cursor, limit=SHOWN)
        if page["total"]:
            rows = [told("late", message_of(row)) for row in reversed(page["messages"])]
            self._late.append(Late(nodeid, "\n".join([f"{nodeid}: {page['total']} SMS", *rows])))


class Watch:
    """One test on its account: what it lived through, and what it did not ask for."""

    def __init__(self, suite: Suite, sms: MockSMS, mark: Marked) -> None:
        self.sms = sms
        self.mark = mark
        self._suite = suite
        self._since = suite.cursor
        self._failed = False

    def fail(self, nodeid: str) -> str:
        """Note that the test failed, and return what the mock saw; leave a scenario file if the suite wants one."""
        self._failed = True
        try:
            text = seen(self.sms)
            if self._suite.options.replay:
                text += f"\n\n{replayable(self.sms, Path(self._suite.options.replay), nodeid)}"
        except (MocksmsError, OSError) as error:
            return f"what the mock saw cannot be said: {error}"
        return text

    def end(self, node: pytest.Item) -> None:
        """End the test: fail or warn for what nobody asked for, unless it has failed already."""
        page = self._requests()
        self._suite.ended(self, node.nodeid, page["cursor"])
        calls = [
            call_of(row) for row in reversed(page["requests"]) if row["account"] in (None, account_id(self.sms.api_key))
        ]
        unexpected = [found for call in calls for found in self._unexpected(call)]
        if self.mark.api_key is not None:
            self.sms.reset()
        way = self.mark.unexpected or self._suite.options.unexpected
        if not unexpected or self._failed or way == "ignore":
            return
        text = _told(unexpected)
        if way == "warn":
            node.warn(UnexpectedTraffic(text))
        else:
            pytest.fail(text, pytrace=False)

    def _requests(self) -> Any:
        """Return the calls to look at: this account's and nobody's, on a shared mock this account's alone."""
        key = self.sms.api_key if self._suite.is_attached else None
        refused = None if self.mark.strict else "true"
        return self.sms.client.call("GET", "requests", key=key, since=self._since, limit=PAGE, refused=refused)

    def _unexpected(self, call: Call) -> Iterator[tuple[str, str]]:
        """Iterate over what is wrong with a call, by kind and in words, as far as the test does not put up with it."""
        kind = _kind(call)
        if kind and kind not in self.mark.allowed:
            owner = "" if call.is_ours else " without a key of any account"
            answer = f"answered {call.answer}" if call.answer else "not answered"
            what = f"{call.method} {call.target}{owner} was {answer}: {call.note or 'no reason given'}"
            yield kind, what
        if self.mark.strict and "warning" not in self.mark.allowed:
            for warning in call.warnings:
                yield "warning", f"{call.method} {call.target}: {warning}"


def _kind(call: Call) -> str:
    """Return which kind of unexpected a call is, nothing when it is none: an ordered fault was asked for."""
    if not call.is_refused or call.ordered_by is not None:
        return ""
    if call.answer == 500:
        return "crash"
    return "unknown-path" if call.answer == 404 and call.note.startswith("no resource") else "refused"


def _told(unexpected: list[tuple[str, str]]) -> str:
    kinds = ", ".join(dict.fromkeys(kind for kind, _ in unexpected))
    lines = [line(kind, escape(what)) for kind, what in unexpected[:SHOWN]]
    more = [line("", f"and {len(unexpected) - SHOWN} more")] if len(unexpected) > SHOWN else []
    remedy = "@pytest.mark.mocksms(allow=...) lets one test put up with it, mocksms_unexpected = warn all of them"
    return "\n".join([f"nobody asked for this: {kinds}", *lines, *more, line("allow", remedy)])
