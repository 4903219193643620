"""Callback queue of one account: every callback with its attempts, and which one is due next."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Final, NamedTuple

from mocksms.engine.budget import Share
from mocksms.engine.logs import IndexedLog
from mocksms.sms.sizes import text_size
from mocksms.sms.webhook import Webhook, WebhookTrigger

CALLBACK_SIZE: Final = 1_500
"""Bytes of a callback, without its attempts."""

ATTEMPT_SIZE: Final = 300
"""Bytes of an attempt, without body and error."""

MAX_STALE_ENTRIES: Final = 1_000
"""Entries without a callback the schedule may hold, beyond two for each stored callback, before they are dropped."""


class TriggerDetails(NamedTuple):
    """What triggered a callback: the event, its time, and the message or number it is about.

    `mobile_number` is as sent, `digits` the normalised form. `reason` belongs to a rejection; `url` and `link`, its
    number in the content, to a click; `text` to a reply. `request` is the number of the request that created the
    message.
    """

    at: datetime
    trigger: WebhookTrigger
    mobile_number: str
    digits: str
    transaction_id: str | None
    reason: str | None = None
    url: str = ""
    link: int = 0
    text: str = ""
    request: int = 0


class CallbackState(StrEnum):
    """State of a callback."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


class Attempt(NamedTuple):
    """One HTTP request to a webhook: the response status and the beginning of its body, or the error.

    `at` is on the account's clock, `duration` in seconds of real time.
    """

    at: datetime
    status: int | None
    body: bytes
    duration: float
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the webhook accepted the callback."""
        return self.error is None


class OrderingKey(NamedTuple):
    """Key of callbacks that are delivered one after another: those about one message, or of one replay, to one URL.

    `subject` is the transaction id, the digits of a number without a message, or the replay. Callbacks that others
    overtake have a key of their own.
    """

    url: str
    subject: str


class Callback(NamedTuple):
    """A callback: one event for one webhook. `number` is its record number.

    `webhook_index` is the index of the webhook in its account's list. `due_at` is when the next attempt is due, on the
    account's clock; None once the callback is delivered, failed or dropped. `replay_of` is the number of the callback
    it repeats.
    """

    number: int
    webhook: Webhook
    webhook_index: int
    event: str
    details: TriggerDetails
    ordering_key: OrderingKey
    created_at: datetime
    due_at: datetime | None
    state: CallbackState = CallbackState.PENDING
    attempts: tuple[Attempt, ...] = ()
    replay_of: int | None = None


def size_of(callback: Callback) -> int:
    """Return the bytes of a callback with its attempts."""
    attempts = sum(ATTEMPT_SIZE + len(attempt.body) + len(attempt.error or "") for attempt in callback.attempts)
    return CALLBACK_SIZE + text_size(callback.details.text) + attempts


def describe_callback(callback: Callback) -> str:
    """Return which callback is meant: its number, event, what it is about, and URL."""
    details = callback.details
    return f"{callback.number} {callback.event} of {details.transaction_id or details.digits} to {callback.webhook.url}"


class ScheduledKey(NamedTuple):
    """When the first callback of an ordering key is due; `place` orders those that are due at one instant."""

    at: datetime
    place: int
    ordering_key: OrderingKey


class CallbackQueue(IndexedLog[Callback]):
    """The callbacks of an account, indexed by message, at most `limit`; beyond it the oldest are evicted.

    Only the first unfinished callback of each ordering key is scheduled; the next one waits until that one is finished.
    `in_flight` are the numbers of the callbacks being delivered. `to_overtake` are the webhooks, by index, whose latest
    callback waits so that the next one overtakes it. `paused` are URLs: callbacks to them are not due until they are
    resumed.
    """

    def __init__(self, limit: int, share: Share | None = None) -> None:
        super().__init__(limit, lambda callback: callback.details.transaction_id, size_of, share)
        self._unfinished: dict[OrderingKey, deque[int]] = {}
        self._schedule: list[ScheduledKey] = []
        self._tiebreaker = count()
        self.in_flight: set[int] = set()
        self.to_overtake: set[int] = set()
        self.paused: frozenset[str] = frozenset()
        self._paused_schedule: dict[OrderingKey, ScheduledKey] = {}
        self._taken: list[int] = []  # a heap of the numbers in flight, and of some that are not any more

    @property
    def is_idle(self) -> bool:
        """Whether no callback is scheduled or in flight."""
        return not self._schedule and not self.in_flight

    @property
    def next_at(self) -> datetime | None:
        """When the next callback is scheduled, None if none is."""
        return self._schedule[0][0] if self._schedule else None

    def store(self, callback: Callback) -> bool:
        """Store a new callback. Return True if it is the first of its ordering key; the caller then schedules it."""
        is_first = callback.state is CallbackState.PENDING and self._append_to_order(callback)
        self.add(callback.number, callback)
        return is_first

    def evict_oldest(self) -> Callback:
        """Evict and return the callback with the lowest number; there must be one."""
        evicted = super().evict_oldest()
        self._remove_from_order(evicted)
        return evicted

    def first_of(self, ordering_key: OrderingKey) -> Callback | None:
        """Return the first unfinished callback of an ordering key, None if there is none."""
        numbers = self._unfinished.get(ordering_key)
        if numbers:
            return self.get(numbers[0])
        self._unfinished.pop(ordering_key, None)
        return None

    def next_overtakes(self, webhook_index: int) -> bool:
        """Whether a new callback overtakes the one before it to its webhook; if not, the next one overtakes it."""
        self.to_overtake ^= {webhook_index}
        return webhook_index not in self.to_overtake

    def schedule(self, ordering_key: OrderingKey, at: datetime) -> None:
        """Schedule the first callback of an ordering key; one to a paused URL is due once the URL is resumed."""
        if ordering_key.url in self.paused:
            self._paused_schedule[ordering_key] = ScheduledKey(at, next(self._tiebreaker), ordering_key)
            return
        if len(self._schedule) > MAX_STALE_ENTRIES + 2 * len(self):
            self._schedule = [entry for entry in self._schedule if self.first_of(entry[2]) is not None]
            heapq.heapify(self._schedule)
        heapq.heappush(self._schedule, ScheduledKey(at, next(self._tiebreaker), ordering_key))

    @property
    def scheduled(self) -> list[ScheduledKey]:
        """A copy of the schedule, in no order."""
        return [*self._schedule, *self._paused_schedule.values()]

    def pause(self, urls: Iterable[str], now: datetime) -> bool:
        """Pause these URLs and no others. Return whether a resumed one has callbacks, which keep their order.

        They are due now at the earliest: an attempt is never recorded at a time during the pause.
        """
        waiting = self._paused_schedule
        entries = sorted(self.scheduled)
        self.paused, self._schedule, self._paused_schedule = frozenset(urls), [], {}
        for at, _, ordering_key in entries:
            self.schedule(ordering_key, max(at, now) if ordering_key in waiting else at)
        return len(self._paused_schedule) < len(waiting)

    def restore_schedule(self, scheduled: Iterable[ScheduledKey]) -> None:
        """Set the schedule. The first pending callback of each key that is not in it is scheduled when it is due."""
        keys = set[OrderingKey]()
        for at, _, ordering_key in sorted(scheduled):
            self.schedule(ordering_key, at)
            self._unfinished.setdefault(ordering_key, deque())
            keys.add(ordering_key)
        for ordering_key in [key for key in self._unfinished if key not in keys]:
            first = self.first_of(ordering_key)
            if first is not None and first.due_at is not None:
                self.schedule(ordering_key, first.due_at)

    def is_busy(self, now: datetime, up_to: int | None = None) -> bool:
        """Whether a callback is in flight or due; with `up_to`, one in flight or the earliest due up to that number."""
        while self._taken and self._taken[0] not in self.in_flight:
            heapq.heappop(self._taken)
        if self._taken and (up_to is None or self._taken[0] <= up_to):
            return True
        due = self._earliest_due(now)
        return due is not None and (up_to is None or due[1].number <= up_to)

    def earliest_due(self, now: datetime) -> Callback | None:
        """Return the earliest callback that is due and not in flight, None if there is none."""
        due = self._earliest_due(now)
        return due and due[1]

    def take_due(self, now: datetime) -> tuple[datetime, Callback] | None:
        """Take the earliest due callback off the schedule, with the time it was scheduled for.

        That is later than its `due_at` if it waited for the one before. It is in flight until its result is recorded.
        """
        due = self._earliest_due(now)
        if due is not None:
            heapq.heappop(self._schedule)
            self.in_flight.add(due[1].number)
            heapq.heappush(self._taken, due[1].number)
        return due

    def _earliest_due(self, now: datetime) -> tuple[datetime, Callback] | None:
        """Return the earliest due callback, with the time it was scheduled for; correct the schedule before it.

        Where the first callback of an ordering key was evicted, the next one may be due later.
        """
        while self._schedule and self._schedule[0][0] <= now:
            at, _, ordering_key = self._schedule[0]
            callback = self.first_of(ordering_key)
            due_at = callback and callback.due_at
            if callback is not None and (due_at or at) <= now:
                return at, callback
            heapq.heappop(self._schedule)
            if due_at is not None:
                self.schedule(ordering_key, due_at)
        return None

    def record_result(self, callback: Callback) -> None:
        """Replace a callback that was in flight with its new version; an evicted one is not stored again."""
        self.in_flight.discard(callback.number)
        if self.get(callback.number) is not None:
            self.replace(callback.number, callback)
        if callback.state is not CallbackState.PENDING:
            self._remove_from_order(callback)

    def drop(self, callback: Callback) -> bool:
        """Replace a pending callback with its dropped version. Return True if the next of its ordering key may follow.

        One in flight stays the first of its ordering key until its result is recorded.
        """
        self.replace(callback.number, callback)
        numbers = self._unfinished[callback.ordering_key]
        is_first = numbers[0] == callback.number
        if callback.number in self.in_flight:
            return False
        numbers.remove(callback.number)
        if is_first and self._paused_schedule.pop(callback.ordering_key, None) is None:
            self._schedule = [entry for entry in self._schedule if entry[2] != callback.ordering_key]
            heapq.heapify(self._schedule)
        return is_first

    def _append_to_order(self, callback: Callback) -> bool:
        """Add a callback to its ordering key; return whether it is the first."""
        numbers = self._unfinished.get(callback.ordering_key)
        if numbers is None:
            self._unfinished[callback.ordering_key] = deque((callback.number,))
            return True
        numbers.append(callback.number)
        return False

    def _remove_from_order(self, callback: Callback) -> None:
        """Remove a finished or evicted callback if it is the first of its ordering key.

        A key without callbacks is kept until `first_of` finds it: one of its callbacks may still be in flight.
        """
        numbers = self._unfinished.get(callback.ordering_key)
        if numbers and numbers[0] == callback.number:
            numbers.popleft()
            if not numbers and callback.ordering_key in self._paused_schedule:
                del self._paused_schedule[callback.ordering_key]
                del self._unfinished[callback.ordering_key]
