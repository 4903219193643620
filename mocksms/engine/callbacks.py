"""The callbacks of one account: what receivers are told, in which order, when next, and how they answered."""

from __future__ import annotations

import heapq
from collections import deque
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Final, NamedTuple

from mocksms.engine.logs import IndexedLog
from mocksms.sms.message import Reason
from mocksms.sms.webhook import Webhook, WebhookTrigger

PLANNED_SLACK: Final = 1_000
"""Chains of which nothing is left are dropped off the agenda once it has this more than there can be others."""


class TriggerDetails(NamedTuple):
    """Something a receiver can be told: what happened when, and to which message or number.

    `mobile_number` is as sent, `digits` as compared. `reason` belongs to a refusal, `url` and its number in the content
    to a click, `text` to a reply. `request` is the number of the exchange that made the message.
    """

    at: datetime
    trigger: WebhookTrigger
    mobile_number: str
    digits: str
    transaction_id: str | None
    reason: Reason | None = None
    url: str = ""
    link: int = 0
    text: str = ""
    request: int = 0


class CallbackState(StrEnum):
    """How far a callback has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


class Attempt(NamedTuple):
    """One call of a receiver: response status and beginning of the body, or the error; `duration` in seconds."""

    at: datetime
    status: int | None
    answer: bytes
    duration: float
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver has taken the callback."""
        return self.error is None


class CallbackSequence(NamedTuple):
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
    details: TriggerDetails
    sequence: CallbackSequence
    created_at: datetime
    due_at: datetime | None
    state: CallbackState = CallbackState.PENDING
    attempts: tuple[Attempt, ...] = ()
    replay_of: int | None = None


class CallbackQueue(IndexedLog[Callback]):
    """The callbacks of an account, by message, at most `limit`; beyond it the oldest are evicted, delivered or not.

    Of each chain only the first that is not over waits for its time; the next waits for that one.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit, lambda callback: callback.details.transaction_id)
        self._chains: dict[CallbackSequence, deque[int]] = {}
        self._due: list[tuple[datetime, int, CallbackSequence]] = []
        self._order_of_plans = count()
        self.in_flight = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for its time and nothing is on its way."""
        return not self._due and not self.in_flight

    @property
    def next_at(self) -> datetime | None:
        """When the next callback is due, None when none is planned."""
        return self._due[0][0] if self._due else None

    def enter(self, callback: Callback) -> bool:
        """Keep a new callback; return whether it is the first of its chain, which is then to be put on the agenda."""
        gone = self.add(callback.number, callback)
        if gone is not None:
            self._leave_chain(gone)
        if callback.state is not CallbackState.PENDING:
            return False
        numbers = self._chains.get(callback.sequence)
        if numbers is None:
            self._chains[callback.sequence] = deque((callback.number,))
            return True
        numbers.append(callback.number)
        return False

    def first_of(self, sequence: CallbackSequence) -> Callback | None:
        """Return the first callback of a chain that is not over, None when there is none."""
        numbers = self._chains.get(sequence)
        if numbers:
            return self.get(numbers[0])
        self._chains.pop(sequence, None)
        return None

    def plan(self, sequence: CallbackSequence, at: datetime) -> None:
        """Put the first callback of a chain on the agenda."""
        if len(self._due) > PLANNED_SLACK + 2 * len(self):
            self._due = [planned for planned in self._due if self.first_of(planned[2]) is not None]
            heapq.heapify(self._due)
        heapq.heappush(self._due, (at, next(self._order_of_plans), sequence))

    def is_due(self, now: datetime) -> bool:
        """Return whether something is due or on its way."""
        return self.in_flight > 0 or bool(self._due and self._due[0][0] <= now)

    def take(self, now: datetime) -> Callback | None:
        """Take the earliest callback that is due off the agenda: it is on its way until it is settled."""
        while self._due and self._due[0][0] <= now:
            at, _, sequence = heapq.heappop(self._due)
            callback = self.first_of(sequence)
            if callback is not None:
                self.in_flight += 1
                return callback._replace(due_at=at)
        return None

    def settle(self, callback: Callback) -> None:
        """Put a callback that was on its way back, with what has become of it; what is evicted stays so."""
        self.in_flight -= 1
        if self.get(callback.number) is not None:
            self.replace(callback.number, callback)
        if callback.state is not CallbackState.PENDING:
            self._leave_chain(callback)

    def _leave_chain(self, callback: Callback) -> None:
        """Let a callback go that is over or has made room, if its chain begins with it; an empty chain stays."""
        numbers = self._chains.get(callback.sequence)
        if numbers and numbers[0] == callback.number:
            numbers.popleft()
