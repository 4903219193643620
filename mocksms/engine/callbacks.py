"""The callbacks of one account: what receivers are told, in which order, when next, and how they answered."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import NamedTuple

from mocksms.engine.bounded import BoundedLog, NumberIndex
from mocksms.sms.message import Reason
from mocksms.webhooks import Happening, Webhook


class Report(NamedTuple):
    """Something a receiver can be told: what happened when, and to which message or number.

    `mobile_number` is as sent, `digits` as compared. `reason` belongs to a refusal, `url` and its number in the content
    to a click, `text` to a reply. `request` is the number of the exchange that made the message.
    """

    at: datetime
    happening: Happening
    mobile_number: str
    digits: str
    transaction_id: str | None
    reason: Reason | None = None
    url: str = ""
    link: int = 0
    text: str = ""
    request: int = 0


class Progress(StrEnum):
    """How far a callback has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


class Attempt(NamedTuple):
    """One call of a receiver: its status and the beginning of its answer, or why there is none; `took` in seconds."""

    at: datetime
    status: int | None
    answer: bytes
    took: float
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver has taken the callback."""
        return self.error is None


class Chain(NamedTuple):
    """Callbacks that go out one after another: those of one message, or of one replay, to one receiver."""

    url: str
    subject: str


class Callback(NamedTuple):
    """A call of one receiver about one thing, by its number among all that a mock keeps.

    `place` is that of the receiver in its account's list. `due_at` is when it is next tried, on the account's clock;
    None once it is over. `replay_of` is the number of the callback it repeats.
    """

    number: int
    webhook: Webhook
    place: int
    event: str
    report: Report
    chain: Chain
    created_at: datetime
    due_at: datetime | None
    progress: Progress = Progress.PENDING
    attempts: tuple[Attempt, ...] = ()
    replay_of: int | None = None


class CallbackBook:
    """The callbacks of an account, at most `limit` of them; beyond it the oldest are evicted, delivered or not.

    Of each chain only the first that is not over waits for its time; the next waits for that one.
    """

    def __init__(self, limit: int) -> None:
        self._log: BoundedLog[Callback] = BoundedLog(limit)
        self._by_message = NumberIndex()
        self._chains: dict[Chain, deque[int]] = {}
        self._due: list[tuple[datetime, int, Chain]] = []
        self._order = count()
        self.in_flight = 0

    def __len__(self) -> int:
        return len(self._log)

    @property
    def evicted(self) -> int:
        """How many have gone to make room."""
        return self._log.evicted

    @property
    def evicted_up_to(self) -> int:
        """The highest number among those that have gone, 0 when none has."""
        return self._log.evicted_up_to

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for its time and nothing is on its way."""
        return not self._due and not self.in_flight

    @property
    def next_at(self) -> datetime | None:
        """When the next callback is due, None when none is planned."""
        return self._due[0][0] if self._due else None

    def get(self, number: int) -> Callback | None:
        """Return a callback by its number, None when it is not kept."""
        return self._log.get(number)

    def newest_first(self, after: int = 0, before: int | None = None) -> Iterator[Callback]:
        """Iterate over the callbacks after a cursor and before another, newest first."""
        return self._log.newest_first(after, before)

    def of_message(self, transaction_id: str, after: int = 0, before: int | None = None) -> Iterator[Callback]:
        """Iterate over the callbacks of a message after a cursor and before another, newest first."""
        return filter(None, map(self._log.get, self._by_message.newest_first(transaction_id, after, before)))

    def add(self, callback: Callback) -> bool:
        """Keep a new callback; return whether it is the first of its chain, which is then to be put on the agenda."""
        subject = callback.report.transaction_id
        if subject is not None:
            self._by_message.add(subject, callback.number)
        gone = self._log.add(callback.number, callback)
        if gone is not None and gone.report.transaction_id is not None:
            self._by_message.evict(gone.report.transaction_id, self._log.first or 0)
        if callback.progress is not Progress.PENDING:
            return False
        numbers = self._chains.get(callback.chain)
        if numbers is None:
            self._chains[callback.chain] = deque((callback.number,))
            return True
        numbers.append(callback.number)
        return False

    def first_of(self, chain: Chain) -> Callback | None:
        """Return the first callback of a chain that is not over, None when there is none."""
        numbers = self._chains.get(chain, deque())
        while numbers:
            callback = self._log.get(numbers[0])
            if callback is not None:
                return callback
            numbers.popleft()
        self._chains.pop(chain, None)
        return None

    def plan(self, chain: Chain, at: datetime) -> None:
        """Put the first callback of a chain on the agenda."""
        heapq.heappush(self._due, (at, next(self._order), chain))

    def is_due(self, now: datetime) -> bool:
        """Return whether something is due or on its way."""
        return self.in_flight > 0 or bool(self._due and self._due[0][0] <= now)

    def take(self, now: datetime) -> Callback | None:
        """Take the earliest callback that is due off the agenda: it is on its way until it is settled."""
        while self._due and self._due[0][0] <= now:
            at, _, chain = heapq.heappop(self._due)
            callback = self.first_of(chain)
            if callback is not None:
                self.in_flight += 1
                return callback._replace(due_at=at)
        return None

    def settle(self, callback: Callback) -> None:
        """Put a callback that was on its way back, with what has become of it; what is evicted stays so."""
        self.in_flight -= 1
        if self._log.get(callback.number) is not None:
            self._log.replace(callback.number, callback)
        numbers = self._chains.get(callback.chain)
        if callback.progress is not Progress.PENDING and numbers and numbers[0] == callback.number:
            numbers.popleft()
