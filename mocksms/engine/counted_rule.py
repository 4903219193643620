"""A rule in an account: its counters, and what is random in it."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from random import Random
from typing import Any, Final, NamedTuple

from mocksms.engine.facts import MessageFacts
from mocksms.engine.patterns import RegexBudget
from mocksms.engine.rules import FaultSpec, RateLimit, Rule
from mocksms.errors import PatternTooSlow, escape
from mocksms.sms.outcomes import Fault

log = logging.getLogger("mocksms")

SECOND: Final = timedelta(seconds=1)
NO_TIME: Final = RegexBudget(0)

RandomState = tuple[Any, ...]
"""The state of a random generator, as `Random.getstate` returns it."""


class RuleState(NamedTuple):
    """The counters of a rule. `random` is None if the rule has used no random number."""

    matched: int = 0
    applied: int = 0
    timed_out: bool = False
    random: RandomState | None = None
    request_times: tuple[datetime, ...] = ()


UNUSED: Final = RuleState()


class ManualFault(NamedTuple):
    """A rule that was added by hand, its id and end, how many were added before it, and its counters."""

    rule: Rule
    fault_id: int
    until: datetime
    added: int
    state: RuleState


class ManualFaults(NamedTuple):
    """The rules that were added by hand, in order, the latest that were removed, and how many were added."""

    active: tuple[ManualFault, ...] = ()
    removed: tuple[ManualFault, ...] = ()
    added: int = 0


class CountedRule:
    """A rule of an account with its counters.

    `until` is when a manual fault expires, `added` how many were added to its account before it.
    """

    # Without a dictionary, since every account has one for each rule of its scenario.
    __slots__ = (
        "_generator",
        "_request_times",
        "_seed",
        "added",
        "applied",
        "fault_id",
        "matched",
        "rule",
        "timed_out",
        "until",
    )

    def __init__(self, rule: Rule, seed: str, until: datetime | None = None, fault_id: int = 0, added: int = 0) -> None:
        self.rule = rule
        self.until = until
        self.fault_id = fault_id
        self.added = added
        self.matched = 0
        self.applied = 0
        self.timed_out = False
        self._seed = seed
        self._generator: Random | None = None
        self._request_times: deque[datetime] | None = None

    @property
    def state(self) -> RuleState:
        """The counters as they are."""
        return RuleState(
            self.matched,
            self.applied,
            self.timed_out,
            None if self._generator is None else self._generator.getstate(),
            tuple(self._request_times or ()),
        )

    @property
    def manual_fault(self) -> ManualFault:
        """The rule, which was added by hand, with its counters as they are."""
        assert self.until is not None
        return ManualFault(self.rule, self.fault_id, self.until, self.added, self.state)

    def restore(self, state: RuleState) -> None:
        """Set the counters."""
        self.matched, self.applied, self.timed_out, random, times = state
        if random is not None:
            self._random().setstate(random)
        self._request_times = deque(times) if times else None

    @property
    def left(self) -> int | None:
        """Uses left, None without limit."""
        return None if self.rule.times is None else self.rule.times - self.applied

    def is_expired(self, now: datetime) -> bool:
        """Whether it has expired."""
        return self.until is not None and now >= self.until

    def is_usable(self, now: datetime) -> bool:
        """Whether it has uses left and has not expired."""
        return self.left != 0 and not self.is_expired(now)

    def matches(self, facts: MessageFacts) -> bool:
        """Whether a message matches all conditions; after a timeout of a regular expression, none does.

        A regular expression that has no time left because of others does not match, but its rule stays active. A remark
        in the facts says what could not be tried.
        """
        seconds_left = facts.budget.left
        tried = replace(facts, budget=NO_TIME) if self.timed_out else facts
        try:
            return all(condition(tried) for condition in self.rule.conditions) and not self.timed_out
        except PatternTooSlow as error:
            if not self.timed_out and seconds_left < facts.budget.seconds / 2:
                facts.remark_on_time(self.rule.label)
                return False
            if not self.timed_out:
                log.warning("%s is switched off: %s", escape(self.rule.label), error)
                self.timed_out = True
            facts.remarks[f"{self.rule.label} is switched off: its regular expression takes too long"] = None
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
        if self._request_times is None:
            self._request_times = deque()
        wait = _wait(self._request_times, spec.rate_limit, now)
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

    def _random(self) -> Random:
        if self._generator is None:
            self._generator = Random(self._seed)
        return self._generator


def _wait(times: deque[datetime], limit: RateLimit, now: datetime) -> timedelta:
    """Return how long until a request is accepted again; zero if it is now. Drop the times that do not count.

    Requests later than now do not count: they came before the clock was set back.
    """
    while times and not times[0] <= now < times[0] + limit.per:
        times.popleft()
    return timedelta() if len(times) < limit.limit else times[0] + limit.per - now
