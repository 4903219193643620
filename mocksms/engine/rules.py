"""Rules of an account: outcomes and faults for matching messages and requests. The first rule that matches is used."""

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

from mocksms.engine.patterns import TEXT_TIMEOUT, RegexBudget
from mocksms.errors import PatternTooSlow, RequestRefused, escape
from mocksms.sms.outcomes import Fault, FaultKind, Outcome

log = logging.getLogger("mocksms")

SECOND: Final = timedelta(seconds=1)
MAX_REMOVED_RULES: Final = 100
"""Maximum of removed rules in a rulebook; tests may still read their counters."""


class ApiOperation(StrEnum):
    """The operations of the emulated API."""

    SEND = "send"
    INFO = "info"
    SEARCH = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """The properties of a message that rules match on.

    `nth` counts the messages to its number in the account, including this one. `budget` is for the regular
    expressions of all rules; the messages of one send share it.
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
    budget: RegexBudget = field(default_factory=lambda: RegexBudget(TEXT_TIMEOUT))


Condition = Callable[[MessageFacts], bool]
"""One condition of a rule on a message.

Raises:
    PatternTooSlow: a regular expression takes too long.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `limit` requests within `per`; more are refused."""

    limit: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """The fault of a rule, with what varies from request to request.

    Its duration is random between `fault.duration` and `max_duration` if that is longer. With a `rate_limit`, only
    requests above the limit get the fault.
    """

    fault: Fault
    max_duration: timedelta = timedelta()
    rate_limit: RateLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An effect for what matches all conditions: the first `times`, only every nth match, with a probability."""

    label: str
    effect: Outcome | FaultSpec
    conditions: tuple[Condition, ...] = ()
    operation: ApiOperation = ApiOperation.SEND
    times: int | None = None
    every: int = 1
    probability: float = 1.0


class TriggeredFault(NamedTuple):
    """A fault of a request, the text that says what triggered it, and the number of the message that matched, if any.

    `nth` counts the messages to that number, including this one; it is 0 for the fault of a magic number.
    """

    fault: Fault
    decided_by: str
    mobile_number: str = ""
    nth: int = 0

    @property
    def is_magic(self) -> bool:
        """Whether a magic number triggered it."""
        return bool(self.mobile_number) and not self.nth

    def __str__(self) -> str:
        return f"{self.decided_by}: {self.fault}"


class RefusedByFault(RequestRefused):
    """A fault was `triggered` that accepts nothing."""

    code = "fault"

    def __init__(self, triggered: TriggeredFault) -> None:
        self.triggered = triggered
        super().__init__(str(triggered))


class CountedRule:
    """A rule of an account with its counters; `until` is when a manual fault expires."""

    def __init__(self, rule: Rule, seed: str, until: datetime | None = None, fault_id: int = 0) -> None:
        self.rule = rule
        self.until = until
        self.fault_id = fault_id
        self.matched = 0
        self.applied = 0
        self.timed_out = False
        self._seed = seed
        self._generator: Random | None = None
        self._request_times: deque[datetime] = deque()

    @property
    def left(self) -> int | None:
        """Uses left, None without limit."""
        return None if self.rule.times is None else self.rule.times - self.applied

    def is_expired(self, now: datetime) -> bool:
        """Whether it has expired."""
        return self.until is not None and now >= self.until

    def matches(self, facts: MessageFacts) -> bool:
        """Whether a message matches all conditions; after a timeout of a regular expression, none does.

        A regular expression that has no time left because of another one does not match, but its rule stays active.
        """
        seconds_left = facts.budget.left
        try:
            return not self.timed_out and all(condition(facts) for condition in self.rule.conditions)
        except PatternTooSlow as error:
            if seconds_left > 0:
                log.warning("%s is switched off: %s", escape(self.rule.label), error)
                self.timed_out = True
            return False

    def count_match(self) -> bool:
        """Count a match, and return whether the rule is applied."""
        self.matched += 1
        rule = self.rule
        if self.matched % rule.every or (rule.probability < 1 and self._random().random() >= rule.probability):
            return False
        self.applied += 1
        return True

    def take_fault(self, spec: FaultSpec, now: datetime) -> Fault | None:
        """Count a match, and return the fault of the request, None if it gets none."""
        if spec.rate_limit is None:
            return self._with_random_duration(spec) if self.count_match() else None
        wait = self._wait(spec.rate_limit, now)
        if not wait:
            self._request_times.append(now)
            self.matched += 1
            return None
        return spec.fault.lasting(timedelta(seconds=ceil(wait / SECOND))) if self.count_match() else None

    def _with_random_duration(self, spec: FaultSpec) -> Fault:
        shortest = spec.fault.duration
        if spec.max_duration <= shortest:
            return spec.fault
        return spec.fault.lasting(shortest + (spec.max_duration - shortest) * self._random().random())

    def _wait(self, limit: RateLimit, now: datetime) -> timedelta:
        """Return how long until a request is accepted again; zero if it is now.

        Requests later than now do not count: they came before the clock was set back.
        """
        times = self._request_times
        while times and not times[0] <= now < times[0] + limit.per:
            times.popleft()
        return timedelta() if len(times) < limit.limit else times[0] + limit.per - now

    def _random(self) -> Random:
        if self._generator is None:
            self._generator = Random(self._seed)
        return self._generator


Effect = TypeVar("Effect", Outcome, FaultSpec)


class Rulebook:
    """The rules of an account, in order; the seed alone determines what is random. `removed` are the latest removed."""

    def __init__(self, rules: Iterable[Rule] = (), seed: str = "") -> None:
        self._seed = seed
        self._added = 0
        self.removed: list[CountedRule] = []
        self.rules = [CountedRule(rule, f"{seed}\n{place}") for place, rule in enumerate(rules)]

    def __bool__(self) -> bool:
        return bool(self.rules)

    def add(self, rule: Rule, until: datetime, fault_id: int) -> None:
        """Add a rule before all others, with an id, until an instant."""
        self.rules.insert(0, CountedRule(rule, f"{self._seed}\nadded {self._added}", until, fault_id))
        self._added += 1

    def remove_expired(self, now: datetime) -> None:
        """Remove the rules that have expired."""
        self._remove(lambda counted: counted.is_expired(now))

    def remove(self, fault_id: int | None = None) -> set[int]:
        """Remove the rule with an id, or all; return the ids of those removed."""
        return self._remove(lambda counted: fault_id in (None, counted.fault_id))

    def _remove(self, selects: Callable[[CountedRule], bool]) -> set[int]:
        removed = list(filter(selects, self.rules))
        self.rules = [counted for counted in self.rules if not selects(counted)]
        self.removed = [*removed, *self.removed][:MAX_REMOVED_RULES]
        return {counted.fault_id for counted in removed}

    def take_outcome(self, facts: MessageFacts, now: datetime) -> Outcome | None:
        """Return the outcome of the first matching rule with uses left, None if there is none; counts the match."""
        for counted, effect in self._usable(Outcome, ApiOperation.SEND, now):
            if counted.matches(facts) and counted.count_match():
                return effect
        return None

    def take_fault(
        self, operation: ApiOperation, messages: Sequence[MessageFacts], now: datetime
    ) -> TriggeredFault | None:
        """Return the fault of the first matching rule with uses left for a request, None if there is none.

        A rule matches a request if it matches one of its messages; a request without messages, if it has no conditions.
        """
        for counted, spec in self._usable(FaultSpec, operation, now):
            match = next(filter(counted.matches, messages), None)
            if match is None and (messages or counted.rule.conditions):
                continue
            fault = counted.take_fault(spec, now)
            if fault is not None:
                number, nth = (match.mobile_number, match.nth) if match else ("", 0)
                return TriggeredFault(fault, counted.rule.label, number, nth)
        return None

    def _usable(
        self, kind: type[Effect], operation: ApiOperation, now: datetime
    ) -> Iterator[tuple[CountedRule, Effect]]:
        for counted in self.rules:
            rule, effect = counted.rule, counted.rule.effect
            usable = rule.operation is operation and counted.left != 0 and not counted.is_expired(now)
            if usable and isinstance(effect, kind):
                yield counted, effect


def rate_limit_spec(limit: RateLimit) -> FaultSpec:
    """Return the fault of a rate limit: 429 with the time to wait."""
    return FaultSpec(fault=Fault(kind=FaultKind.STATUS, status=429), rate_limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveScenario:
    """The scenarios of an account as one.

    `account_values` are new values of attributes of Account, number lists as sets of digits; other attributes stay.
    """

    names: tuple[str, ...] = ()
    account_values: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


NO_SCENARIO = ActiveScenario()


def combine(scenarios: Iterable[ActiveScenario]) -> ActiveScenario:
    """Combine scenarios: rules in order, account values of the first take precedence, number lists are united."""
    names: tuple[str, ...] = ()
    account_values: dict[str, Any] = {}
    rules: tuple[Rule, ...] = ()
    for scenario in scenarios:
        names += scenario.names
        rules += scenario.rules
        for name, value in scenario.account_values.items():
            if isinstance(value, set):
                value = account_values.get(name, set()) | value
            account_values[name] = value if isinstance(value, set) else account_values.get(name, value)
    return ActiveScenario(names=names, account_values=account_values, rules=rules)
