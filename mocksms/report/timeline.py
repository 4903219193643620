"""The timeline of an account: requests, steps of messages, replies, clicks, opt-outs, attempts of callbacks, clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from mocksms.inspection.callbacks import AttemptView
from mocksms.inspection.messages import MessageView
from mocksms.inspection.requests import RequestView
from mocksms.provider.shorten import cut
from mocksms.report.html import Child, Html, bdi, code, element
from mocksms.report.parts import badge, duration, http_badge, time
from mocksms.report.records import ReportAccount

LONG_GAP: Final = timedelta(minutes=1)
"""Time between two entries that is shown as a row of its own."""

MAX_TARGET: Final = 200
MAX_SHOWN: Final = 100
"""Characters of a text in the timeline."""

SHORT_ID: Final = 8
"""Characters of the id of a message in the timeline."""


class Entry(NamedTuple):
    """An entry: its time, its rank among those at the same time, its kind, and what happened."""

    at: datetime
    rank: int
    kind: str
    content: Child


class Anchors:
    """The anchors of records on the page. Each file has a prefix of its own."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def message(self, cursor: int) -> str:
        """Return the anchor of a message."""
        return f"{self._prefix}m{cursor}"

    def request(self, number: int) -> str:
        """Return the anchor of a request."""
        return f"{self._prefix}r{number}"

    def section(self, account: str) -> Callable[[str], str]:
        """Return a function that returns the anchor of a section of an account."""
        return lambda name: f"{self._prefix}{account}-{name}"


def timeline(records: ReportAccount, anchors: Anchors) -> tuple[list[Html], int]:
    """Return the rows of the timeline, with a row for each day and each long gap, and the number of entries."""
    entries = sorted(_entries(records, anchors), key=lambda each: (each.at, each.rank))
    return [*_rows([*entries, _end(records)])], len(entries)


def _rows(entries: list[Entry]) -> Iterator[Html]:
    day: date | None = None
    before: datetime | None = None
    for entry in entries:
        at = entry.at.astimezone(UTC)
        if before is not None and at - before >= LONG_GAP:
            yield element("li", f"{duration(at - before)} later", class_="gap")
        if at.date() != day:
            day = at.date()
            yield element("li", f"{day:%A, %Y-%m-%d}, UTC", class_="day")
        before = at
        yield element("li", time(at), element("span", entry.kind), element("div", entry.content))


def _entries(records: ReportAccount, anchors: Anchors) -> Iterator[Entry]:
    for request in records.requests.rows:
        yield Entry(request.at, 1, "request", request_line(request, anchors))
    for message in records.messages.rows:
        yield from _steps(message, anchors)
        for click in message.clicks_details:
            yield Entry(click.at, 0, "click", [bdi(message.mobile_number), " opens ", code(click.url)])
    for reply in records.replies.rows:
        effect = reply.effect or f"without effect: {reply.reason}"
        text = element("q", bdi(reply.text[:MAX_SHOWN]))
        yield Entry(reply.at, 0, "reply", [bdi(reply.number), " replies ", text, f", {effect}"])
    for consent in records.consents.rows:
        yield Entry(consent.at, 2, "consent", [bdi(consent.number), f" opts {consent.choice}: ", bdi(consent.cause)])
    for callback in records.callbacks.rows:
        head = [element("b", callback.event), f" #{callback.id} to ", code(callback.url), " "]
        for rank, attempt in enumerate(callback.attempts, 1_000):
            yield Entry(attempt.at, rank, "callback", [head, attempt_result(attempt)])


def _steps(message: MessageView, anchors: Anchors) -> Iterator[Entry]:
    link = element("a", message.transaction_id[:SHORT_ID], href=f"#{anchors.message(message.cursor)}")
    for rank, (at, group) in enumerate(groupby(message.history, lambda step: step.at), 2):
        steps = [*group]
        states = [[badge(step.status, step.reject_reason), " → "] for step in steps]
        states[-1].pop()
        yield Entry(
            at, rank, "message", [link, " to ", bdi(message.mobile_number), " ", states, " ", bdi(steps[-1].cause)]
        )


def request_line(request: RequestView, anchors: Anchors | None = None) -> list[Child]:
    """Return a request in one line, with how its response was broken, and with anchors as a link."""
    line = code(f"{request.method} {cut(request.target, MAX_TARGET)}")
    return [
        element("a", line, href=f"#{anchors.request(request.id)}") if anchors else line,
        " ",
        http_badge(request.response.status),
        [" ", bdi(request.note)] if is_noted(request) else None,
    ]


def is_noted(request: RequestView) -> bool:
    """Whether the line of a request says why it was refused, or how its response was broken."""
    return request.refusal is not None or request.fault_decided_by is not None


def attempt_result(attempt: AttemptView) -> list[Child]:
    """Return how an attempt to deliver a callback ended."""
    status = None if attempt.status is None else [http_badge(attempt.status), " "]
    return [status, element("span", attempt.error, class_="wrong") if attempt.error else "accepted"]


def _end(records: ReportAccount) -> Entry:
    """Return the clock at the end."""
    clock = records.account.clock
    content: list[Child] = ["frozen" if clock.frozen else "end of the record"]
    if clock.next_due is not None:
        passed = clock.next_due - clock.now
        content.append(
            f"; the next step or callback is due {'now' if passed <= timedelta() else f'in {duration(passed)}'}"
        )
    return Entry(clock.now, 0, "clock", content)
