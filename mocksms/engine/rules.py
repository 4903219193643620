"""Rules in force on an account: what a tester ordered, for which messages or calls, how often. The first one wins."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from random import Random
from typing import Final, NamedTuple, TypeVar

from mocksms.engine.patterns import Patience
from mocksms.errors import PatternTooSlow, RequestRefused
from mocksms.sms.outcomes import Fault, FaultKind, Outcome

log = logging.getLogger("mocksms")

SECOND: Final = timedelta(seconds=1)
PAST: Final = 100
"""Rules that are remembered after they were taken out: how often they were used may still be asked."""


class CallKind(StrEnum):
    """The calls of the emulated API."""

    SEND = "send"
    INFO = "info"
    SEARCH = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A message as rules look at it, before or after it is kept.

    `nth` counts the messages to its number that the account holds, up to and with this one. `patience` is shared by
    the messages of a send, for all regular expressions of all rules.
    """

    mobile_number: str
    digits: str
    content: str
    sender: str
    tags: tuple[str, ...]
    charset: str
    wants_async: bool
    nth: int
    count_segments: Callable[[], int]
    patience: Patience = field(default_factory=Patience)


Test = Callable[[Subject], bool]
"""One wish of a rule about a message.

Raises:
    PatternTooSlow: a regular expression takes too long on its content.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """So many calls in any window of that length; a call beyond it is refused."""

    most: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A fault as a rule orders it.

    It lasts `fault.duration`, or up to `longest` if that is longer; `only_beyond` a rate, if there is one.
    """

    fault: Fault
    longest: timedelta = timedelta()
    only_beyond: RateLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is ordered for what meets all the tests: the first `times`, every so many, with a probability."""

    label: str
    orders: Outcome | Order
    tests: tuple[Test, ...] = ()
    call: CallKind = CallKind.SEND
    times: int | None = None
    every: int = 1
    probability: float = 1.0


class Faulted(NamedTuple):
    """A fault that was ordered for a call: what, in whose words, and the number it was ordered for, if any.

    `nth` is the place of that message among those to its number, 0 where a magic number ordered it.
    """

    fault: Fault
    decided_by: str
    mobile_number: str = ""
    nth: int = 0

    @property
    def is_magic(self) -> bool:
        """Whether a magic number ordered it: that has no place."""
        return bool(self.mobile_number) and not self.nth


class FaultOrdered(RequestRefused):
    """Nothing was accepted because a fault was `triggered`."""

    def __init__(self, triggered: Faulted) -> None:
        self.triggered = triggered
        super().__init__(f"{triggered.decided_by}: {triggered.fault}")


class Live:
    """A rule in force on one account, with how often it matched and how often it was used."""

    def __init__(self, rule: Rule, seed: str, until: datetime | None = None, name: int = 0) -> None:
        self.rule = rule
        self.until = until
        self.name = name
        self.matched = 0
        self.used = 0
        self.is_too_slow = False
        self._seed = seed
        self._random: Random | None = None
        self._passed: deque[datetime] = deque()

    @property
    def left(self) -> int | None:
        """How many uses are left, None without limit."""
        return None if self.rule.times is None else self.rule.times - self.used

    def is_over(self, now: datetime) -> bool:
        """Return whether its time is over."""
        return self.until is not None and now >= self.until

    def takes(self, subject: Subject) -> bool:
        """Return whether a message meets every wish of it; once a pattern took too long, none does any more.

        A pattern that finds no time left, since another took it all, is in none of this send; its rule stays.
        """
        had = subject.patience.left
        try:
            return not self.is_too_slow and all(test(subject) for test in self.rule.tests)
        except PatternTooSlow as error:
            if had > 0:
                log.warning("%s matches nothing from now on: %s", self.rule.label, error)
                self.is_too_slow = True
            return False

    def fires(self) -> bool:
        """Note that it matched, and return whether it is used for that."""
        self.matched += 1
        rule = self.rule
        if self.matched % rule.every or (rule.probability < 1 and self._chance.random() >= rule.probability):
            return False
        self.used += 1
        return True

    def fault(self, order: Order, now: datetime) -> Fault | None:
        """Return the fault of a rule that was matched, None when this call is spared."""
        if order.only_beyond is None:
            return self._lasting(order) if self.fires() else None
        wait = self._wait(order.only_beyond, now)
        if wait is None:
            self.matched += 1
            return None
        return order.fault.lasting(timedelta(seconds=ceil(wait / SECOND))) if self.fires() else None

    def _lasting(self, order: Order) -> Fault:
        shortest = order.fault.duration
        if order.longest <= shortest:
            return order.fault
        return order.fault.lasting(shortest + (order.longest - shortest) * self._chance.random())

    def _wait(self, limit: RateLimit, now: datetime) -> timedelta | None:
        """Return how long until a call is let through again; None lets this one through, and counts it."""
        while self._passed and self._passed[0] + limit.per <= now:
            self._passed.popleft()
        if len(self._passed) < limit.most:
            self._passed.append(now)
            return None
        return self._passed[0] + limit.per - now

    @property
    def _chance(self) -> Random:
        if self._random is None:
            self._random = Random(self._seed)
        return self._random


Orders = TypeVar("Orders", Outcome, Order)


class Rulebook:
    """The rules in force on one account, in order. What is left to chance depends on nothing but the seed.

    `past` are the latest of those that were taken out.
    """

    def __init__(self, rules: Iterable[Rule] = (), seed: str = "") -> None:
        self._seed = seed
        self._added = 0
        self.past: list[Live] = []
        self.rules = [Live(rule, f"{seed}\n{place}") for place, rule in enumerate(rules)]

    def __bool__(self) -> bool:
        return bool(self.rules)

    def add(self, rule: Rule, until: datetime, name: int) -> None:
        """Put a rule before all others, until an instant, under a name."""
        self.rules.insert(0, Live(rule, f"{self._seed}\nadded {self._added}", until, name))
        self._added += 1

    def forget_over(self, now: datetime) -> None:
        """Take out what is over."""
        self._take_out(lambda live: live.is_over(now))

    def remove(self, name: int | None = None) -> set[int]:
        """Take the rule with a name out, or all; return the names of those that went."""
        return self._take_out(lambda live: name in (None, live.name))

    def _take_out(self, goes: Callable[[Live], bool]) -> set[int]:
        gone = [live for live in self.rules if goes(live)]
        self.rules = [live for live in self.rules if not goes(live)]
        self.past = [*gone, *self.past][:PAST]
        return {live.name for live in gone}

    def outcome_of(self, subject: Subject, now: datetime) -> Outcome | None:
        """Return what the first rule with uses left orders for a message, None when none does."""
        for live, orders in self._alive(Outcome, CallKind.SEND, now):
            if live.takes(subject) and live.fires():
                return orders
        return None

    def fault_of(self, call: CallKind, subjects: Sequence[Subject], now: datetime) -> Faulted | None:
        """Return what the first rule with uses left does to a call, None when none does.

        A call is met by a rule that one of its messages meets; one without messages, by a rule for its kind of call.
        """
        for live, order in self._alive(Order, call, now):
            met = next(filter(live.takes, subjects), None)
            if met is None and (subjects or live.rule.tests):
                continue
            fault = live.fault(order, now)
            if fault is not None:
                return Faulted(fault, live.rule.label, met.mobile_number if met else "", met.nth if met else 0)
        return None

    def _alive(self, kind: type[Orders], call: CallKind, now: datetime) -> Iterator[tuple[Live, Orders]]:
        for live in self.rules:
            orders = live.rule.orders
            if isinstance(orders, kind) and live.rule.call is call and live.left != 0 and not live.is_over(now):
                yield live, orders


def beyond(limit: RateLimit) -> Order:
    """Return the order of a rate limit: 429, and when to come back."""
    return Order(fault=Fault(kind=FaultKind.STATUS, status=429), only_beyond=limit)
