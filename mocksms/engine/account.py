"""An account: everything that belongs to one API key."""

from __future__ import annotations

import heapq
from datetime import datetime
from itertools import count
from random import Random, SystemRandom
from typing import NamedTuple

from mocksms.engine.clock import Clock
from mocksms.engine.journal import Journal
from mocksms.engine.messages import MessageStore
from mocksms.settings import Settings
from mocksms.sms.outcome import Reaction, Step


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
        self.unsubscribed = set(settings.unsubscribed)
        self.bounced = set(settings.bounced)
        self.kosher = set(settings.kosher)
        self.messages = MessageStore(settings.max_messages)
        self.journal = Journal(settings.max_requests)
        self.inbound: list[InboundSms] = []
        self.waiting: dict[int, None] = {}
        self._agenda: list[Due] = []
        self._order = count()
        self._random = Random(f"{seed}/{key}")

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
        heapq.heappush(self._agenda, Due(at, next(self._order), sequence, action))

    def next_due(self, now: datetime) -> Due | None:
        """Take the earliest action off the agenda that is due, None when nothing is."""
        if self._agenda and self._agenda[0].at <= now:
            return heapq.heappop(self._agenda)
        return None


def fresh_seed() -> str:
    """Return a seed nobody knows beforehand."""
    return f"{SystemRandom().getrandbits(32):08x}"
