"""An account: everything that belongs to one API key."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import count
from random import Random, SystemRandom
from typing import Final, NamedTuple

from mocksms.engine.clock import Clock
from mocksms.engine.journal import Journal
from mocksms.engine.messages import MessageStore
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms.outcome import Reaction, Step

AGENDA_SLACK: Final = 1_000
PLANNED_PER_MESSAGE: Final = 4
"""Entries of evicted messages are dropped once there are more than this, and never more than so many per message."""


class TakeUp(NamedTuple):
    """The vendor takes a queued message up and decides about it."""


class Due(NamedTuple):
    """Something that happens to the message `sequence` at an instant; `order` keeps ties in the order they were set."""

    at: datetime
    order: int
    sequence: int
    action: TakeUp | Step | Reaction


class InboundSms(NamedTuple):
    """An SMS from a phone: when, from which number (digits), and its text."""

    at: datetime
    digits: str
    text: str


class Account:
    """State of one API key. Holds; the engine acts.

    `credit` is in segments, None without limit. `waiting` are the sequences of messages out of credit, oldest first.
    """

    def __init__(self, key: str, settings: Settings, clock: Clock, seed: str) -> None:
        self.key = key
        self.clock = clock
        self.credit = settings.credit
        self.gateway = settings.gateway
        self.rest_right = settings.rest_right
        self.sender = settings.sender
        self.unsubscribed = _digits(settings.unsubscribed, settings)
        self.bounced = _digits(settings.bounced, settings)
        self.kosher = _digits(settings.kosher, settings)
        self.messages = MessageStore(settings.max_messages)
        self.journal = Journal(settings.max_requests)
        self.inbound: deque[InboundSms] = deque(maxlen=settings.max_messages)
        self.waiting: dict[int, None] = {}
        self._agenda: list[Due] = []
        self._order = count()
        self._random = Random(f"{seed}\n{key}")

    @property
    def idle(self) -> bool:
        """Whether nothing is on the agenda."""
        return not self._agenda

    def new_transaction_id(self) -> str:
        """Return an id as the vendor writes them: 32 lower-case hex digits, never one that is in use here."""
        while True:
            candidate = self._random.randbytes(16).hex()
            if self.messages.get(candidate) is None:
                return candidate

    def can_pay(self, segments: int) -> bool:
        """Return whether the credit covers that many segments."""
        return self.credit is None or self.credit >= segments

    def charge(self, segments: int) -> None:
        """Take segments off the credit; never below zero."""
        if self.credit is not None:
            self.credit = max(0, self.credit - segments)

    def plan(self, at: datetime, sequence: int, action: TakeUp | Step | Reaction) -> None:
        """Put an action for a message on the agenda."""
        if len(self._agenda) > AGENDA_SLACK + PLANNED_PER_MESSAGE * len(self.messages):
            self._forget_evicted()
        heapq.heappush(self._agenda, Due(at, next(self._order), sequence, action))

    def next_due(self, now: datetime) -> Due | None:
        """Take the earliest action off the agenda that is due, None when nothing is."""
        if self._agenda and self._agenda[0].at <= now:
            return heapq.heappop(self._agenda)
        return None

    def wait_for_credit(self, sequence: int) -> None:
        """Note that a message waits for credit."""
        if len(self.waiting) > AGENDA_SLACK + len(self.messages):
            self._forget_evicted()
        self.waiting[sequence] = None

    def _forget_evicted(self) -> None:
        """Drop what was meant for messages that are gone, so that neither list outgrows the messages for long."""
        self._agenda = [due for due in self._agenda if self.messages.at(due.sequence) is not None]
        heapq.heapify(self._agenda)
        self.waiting = {sequence: None for sequence in self.waiting if self.messages.at(sequence) is not None}


def _digits(listed: Iterable[str], settings: Settings) -> set[str]:
    return {numbers.parse(number, accept_local=settings.accept_local_numbers).digits for number in listed}


def fresh_seed() -> str:
    """Return a seed nobody knows beforehand."""
    return f"{SystemRandom().getrandbits(32):08x}"
