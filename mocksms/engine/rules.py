"""Rules in force on an account: what a tester ordered, for which messages or calls, how often. The first one wins."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from random import Random
from typing import Any, Final, NamedTuple, TypeVar

from mocksms.engine.patterns import RegexBudget
from mocksms.errors import PatternTooSlow, RequestRefused
from mocksms.sms.outcomes import Fault, FaultKind, Outcome

log = logging.getLogger("mocksms")

SECOND: Final = timedelta(seconds=1)
MAX_REMOVED_RULES: Final = 100
"""Rules that are remembered after they were taken out: how often they were used may still be asked."""


class ApiOperation(StrEnum):
    """The calls of the emulated API."""

    SEND = "send"
    INFO = "info"
    SEARCH = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A message as rules look at it, before or after it is kept.

    `nth` counts the messages to its number that the account holds, up to and with this one. `budget` is shared by
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
    budget: RegexBudget = field(default_factory=RegexBudget)


Condition = Callable[[Subject], bool]
"""One wish of a rule about a message.

Raises:
    PatternTooSlow: a regular expression takes too long on its content.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """So many calls in any window of that length; a call beyond it is refused."""

    limit: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """A fault as a rule orders it.

    It lasts `fault.duration`, or up to `longest` if that is longer; `rate_limit` a rate, if there is one.
    """

    fault: Fault
    longest: timedelta = timedelta()
    rate_limit: RateLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is ordered for what meets all the tests: the first `times`, every so many, with a probability."""

    label: str
    effect: Outcome | FaultSpec
    conditions: tuple[Condition, ...] = ()
    operation: ApiOperation = ApiOperation.SEND
    times: int | None = None
    every: int = 1
    probability: float = 1.0


class TriggeredFault(NamedTuple):
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


class FaultTriggered(RequestRefused):
    """Nothing was accepted because a fault was `triggered`."""

    code = "fault"

    def __init__(self, triggered: TriggeredFault) -> None:
        self.triggered = triggered
        super().__init__(f"{triggered.decided_by}: {triggered.fault}")


class RuleState:
    """A rule in force on one account, with how often it matched and how often it was used."""

    def __init__(self, rule: Rule, seed: str, until: datetime | None = None, name: int = 0) -> None:
        self.rule = rule
        self.until = until
        self.name = name
        self.matched = 0
        self.applied = 0
        self.timed_out = False
        self._seed = seed
        self._random: Random | None = None
        self._request_times: deque[datetime] = deque()

    @property
    def left(self) -> int | None:
        """How many uses are left, None without limit."""
        return None if self.rule.times is None else self.rule.times - self.applied

    def is_expired(self, now: datetime) -> bool:
        """Return whether its time is over."""
        return self.until is not None and now >= self.until

    def matches(self, subject: Subject) -> bool:
        """Return whether a message meets every wish of it; once a pattern took too long, none does any more.

        A pattern that finds no time left, since another took it all, is in none of this send; its rule stays.
        """
        had = subject.budget.left
        try:
            return not self.timed_out and all(test(subject) for test in self.rule.conditions)
        except PatternTooSlow as error:
            if had > 0:
                log.warning("%s matches nothing from now on: %s", self.rule.label, error)
                self.timed_out = True
            return False

    def apply(self) -> bool:
        """Note that it matched, and return whether it is used for that."""
        self.matched += 1
        rule = self.rule
        if self.matched % rule.every or (rule.probability < 1 and self._chance.random() >= rule.probability):
            return False
        self.applied += 1
        return True

    def fault(self, order: FaultSpec, now: datetime) -> Fault | None:
        """Return the fault of a rule that was matched, None when this call is spared."""
        if order.rate_limit is None:
            return self._lasting(order) if self.apply() else None
        wait = self._wait(order.rate_limit, now)
        if wait is None:
            self.matched += 1
            return None
        return order.fault.lasting(timedelta(seconds=ceil(wait / SECOND))) if self.apply() else None

    def _lasting(self, order: FaultSpec) -> Fault:
        shortest = order.fault.duration
        if order.longest <= shortest:
            return order.fault
        return order.fault.lasting(shortest + (order.longest - shortest) * self._chance.random())

    def _wait(self, limit: RateLimit, now: datetime) -> timedelta | None:
        """Return how long until a call is let through again; None lets this one through, and counts it."""
        while self._request_times and self._request_times[0] + limit.per <= now:
            self._request_times.popleft()
        if len(self._request_times) < limit.limit:
            self._request_times.append(now)
            return None
        return self._request_times[0] + limit.per - now

    @property
    def _chance(self) -> Random:
        if self._random is None:
            self._random = Random(self._seed)
        return self._random


Effect = TypeVar("Effect", Outcome, FaultSpec)


class Rulebook:
    """The rules in force on one account, in order. What is left to chance depends on nothing but the seed.

    `removed` are the latest of those that were taken out.
    """

    def __init__(self, rules: Iterable[Rule] = (), seed: str = "") -> None:
        self._seed = seed
        self._added = 0
        self.removed: list[RuleState] = []
        self.rules = [RuleState(rule, f"{seed}\n{place}") for place, rule in enumerate(rules)]

    def __bool__(self) -> bool:
        return bool(self.rules)

    def add(self, rule: Rule, until: datetime, name: int) -> None:
        """Put a rule before all others, until an instant, under a name."""
        self.rules.insert(0, RuleState(rule, f"{self._seed}\nadded {self._added}", until, name))
        self._added += 1

    def remove_expired(self, now: datetime) -> None:
        """Take out what is over."""
        self._remove(lambda live: live.is_expired(now))

    def remove(self, name: int | None = None) -> set[int]:
        """Take the rule with a name out, or all; return the names of those that went."""
        return self._remove(lambda live: name in (None, live.name))

    def _remove(self, goes: Callable[[RuleState], bool]) -> set[int]:
        gone = [live for live in self.rules if goes(live)]
        self.rules = [live for live in self.rules if not goes(live)]
        self.removed = [*gone, *self.removed][:MAX_REMOVED_RULES]
        return {live.name for live in gone}

    def outcome_of(self, subject: Subject, now: datetime) -> Outcome | None:
        """Return what the first rule with uses left orders for a message, None when none does."""
        for live, effect in self._usable(Outcome, ApiOperation.SEND, now):
            if live.matches(subject) and live.apply():
                return effect
        return None

    def fault_of(self, operation: ApiOperation, subjects: Sequence[Subject], now: datetime) -> TriggeredFault | None:
        """Return what the first rule with uses left does to a call, None when none does.

        A call is met by a rule that one of its messages meets; one without messages, by a rule for its kind of call.
        """
        for live, order in self._usable(FaultSpec, operation, now):
            met = next(filter(live.matches, subjects), None)
            if met is None and (subjects or live.rule.conditions):
                continue
            fault = live.fault(order, now)
            if fault is not None:
                return TriggeredFault(fault, live.rule.label, met.mobile_number if met else "", met.nth if met else 0)
        return None

    def _usable(self, kind: type[Effect], operation: ApiOperation, now: datetime) -> Iterator[tuple[RuleState, Effect]]:
        for live in self.rules:
            effect = live.rule.effect
            if (
                isinstance(effect, kind)
                and live.rule.operation is operation
                and live.left != 0
                and not live.is_expired(now)
            ):
                yield live, effect


def rate_limit_spec(limit: RateLimit) -> FaultSpec:
    """Return the order of a rate limit: 429, and when to come back."""
    return FaultSpec(fault=Fault(kind=FaultKind.STATUS, status=429), rate_limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveScenario:
    """Some scenarios in force together.

    `state` has values of an account by their names there, lists as sets of digits; what is not named stays.
    """

    names: tuple[str, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


NO_SCENARIO = ActiveScenario()


def combine(scripts: Iterable[ActiveScenario]) -> ActiveScenario:
    """Return scripts as one: the rules of the first are looked at first, its account wins, and lists unite."""
    names: tuple[str, ...] = ()
    state: dict[str, Any] = {}
    rules: tuple[Rule, ...] = ()
    for scenario in scripts:
        names += scenario.names
        rules += scenario.rules
        for name, value in scenario.state.items():
            state[name] = state.get(name, set()) | value if isinstance(value, set) else state.get(name, value)
    return ActiveScenario(names=names, state=state, rules=rules)
