"""Rules: outcomes and faults for matching messages and requests, and the active scenario, which has some."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from mocksms.engine.facts import MessageFacts
from mocksms.engine.rule_index import RuleIndex, Term
from mocksms.errors import RequestRefused
from mocksms.sms.message import FreeState
from mocksms.sms.outcomes import Fault, FaultKind, Outcome


class ApiOperation(StrEnum):
    """The operations of the emulated API."""

    SEND = "send"
    INFO = "info"
    SEARCH = "search"


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
    """An effect for what matches all conditions: the first `times`, only every nth match, with a probability.

    Every message that matches has all `terms`. Unless `is_per_recipient`, the rule matches all or none of the messages
    of one send with the same content. `source` is what the rule was compiled from, for snapshots and descriptions.
    """

    label: str
    effect: Outcome | FaultSpec
    conditions: tuple[Condition, ...] = ()
    terms: tuple[Term, ...] = ()
    is_per_recipient: bool = True
    operation: ApiOperation = ApiOperation.SEND
    times: int | None = None
    every: int = 1
    probability: float = 1.0
    source: Any = field(default=None, compare=False, repr=False)


class TriggeredFault(NamedTuple):
    """A fault of a request, the text that says what triggered it, and the number of the message that matched, if any.

    `nth` counts the messages to that number, including this one; it is 0 for the fault of a magic number. `fault_id` is
    the id of a manual fault, 0 for others.
    """

    fault: Fault
    decided_by: str
    mobile_number: str = ""
    nth: int = 0
    fault_id: int = 0

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


def index_of(rules: Iterable[Rule]) -> RuleIndex:
    """Return the index of some rules, grouped by the kind of their effect and by operation."""
    return RuleIndex([((type(rule.effect), rule.operation), rule.terms) for rule in rules])


def rate_limit_spec(limit: RateLimit) -> FaultSpec:
    """Return the fault of a rate limit: 429 with the time to wait."""
    return FaultSpec(fault=Fault(kind=FaultKind.STATUS, status=429), rate_limit=limit)


class ScenarioSource(NamedTuple):
    """What an active scenario was compiled from: its name and its model, which only the compiler can read."""

    name: str
    scenario: Any


@dataclass(frozen=True, kw_only=True)
class ActiveScenario:
    """The scenarios of an account as one.

    `account_values` are new values of attributes of Account, number lists as sets of digits; other attributes stay.
    `free_states` are those of its rules. `size` are the bytes that it takes, about. `sources` are what it was compiled
    from, for snapshots: rules are functions, which no file can hold. `layers` are the two that it consists of, where
    one is in front of the other.
    """

    names: tuple[str, ...] = ()
    account_values: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    free_states: frozenset[FreeState] = frozenset()
    size: int = 0
    sources: tuple[ScenarioSource, ...] = field(default=(), repr=False)
    layers: tuple[ActiveScenario, ActiveScenario] | None = field(default=None, repr=False)

    @property
    def front(self) -> ActiveScenario:
        """The scenario in front, which stays when another one is activated."""
        return NO_SCENARIO if self.layers is None else self.layers[0]

    @property
    def behind(self) -> ActiveScenario:
        """The scenario without the one in front."""
        return self if self.layers is None else self.layers[1]

    @cached_property
    def index(self) -> RuleIndex:
        """The index of the rules, which all accounts with this scenario share."""
        return index_of(self.rules)


NO_SCENARIO = ActiveScenario()


def layered(front: ActiveScenario, behind: ActiveScenario) -> ActiveScenario:
    """Return a scenario with another one in front of it."""
    if front is NO_SCENARIO:
        return behind
    return replace(combine((front, behind)), layers=(front, behind))


def combine(scenarios: Iterable[ActiveScenario]) -> ActiveScenario:
    """Combine scenarios: rules in order, account values of the first take precedence, number lists are united."""
    names: tuple[str, ...] = ()
    account_values: dict[str, Any] = {}
    rules: tuple[Rule, ...] = ()
    free_states: frozenset[FreeState] = frozenset()
    size = 0
    sources: tuple[ScenarioSource, ...] = ()
    for scenario in scenarios:
        size += scenario.size
        sources += scenario.sources
        names += scenario.names
        rules += scenario.rules
        free_states |= scenario.free_states
        for name, value in scenario.account_values.items():
            if isinstance(value, Set):
                value = account_values.get(name, frozenset()) | value
            account_values[name] = value if isinstance(value, Set) else account_values.get(name, value)
    return ActiveScenario(
        names=names,
        account_values=account_values,
        rules=rules,
        free_states=free_states,
        size=size,
        sources=sources,
    )
