"""Rulebook: the rules of one account with their counters. The first rule that matches is used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final

from mocksms.engine.counted_rule import UNUSED, CountedRule, ManualFault, ManualFaults, RuleState
from mocksms.engine.facts import MessageFacts
from mocksms.engine.rule_index import NO_TERM, RuleIndex, Term, UsableRules, is_out_of_time
from mocksms.engine.rules import ApiOperation, FaultSpec, Rule, TriggeredFault, index_of
from mocksms.engine.steps import STEP_SIZE, Steps, finish, select
from mocksms.sms.outcomes import Outcome

MAX_REMOVED_RULES: Final = 100
"""Maximum of removed rules in a rulebook; tests may still read their counters."""


class Rulebook:
    """The rules of an account, in order; the seed alone determines what is random. `removed` are the latest removed.

    The `index` of the rules is made on first use, unless it is passed. What is random in a rule does not depend on the
    first `front` rules.
    """

    def __init__(
        self, rules: Iterable[Rule] = (), seed: str = "", index: RuleIndex | None = None, front: int = 0
    ) -> None:
        self._seed = seed
        self._front = front
        self._added = 0
        self.removed: list[CountedRule] = []
        self._rules = tuple(rules)
        self.is_empty = not self._rules
        # Counters are made when needed: a scenario may have thousands of rules, and every account has them.
        self._counted: list[CountedRule | None] = [None] * len(self._rules)
        self._index = index
        self._groups: dict[tuple[type, ApiOperation], UsableRules] = {}

    def __len__(self) -> int:
        return len(self._rules)

    @property
    def texts_size(self) -> int:
        """The bytes of the texts of faults, also of those that were removed."""
        effects = (counted.rule.effect for counted in (*self.rules, *self.removed))
        return sum(effect.fault.size for effect in effects if isinstance(effect, FaultSpec))

    @property
    def applied(self) -> int:
        """How often the rules were applied, all together."""
        return sum(each.applied for each in self._counted if each is not None)

    @property
    def rules(self) -> list[CountedRule]:
        """The rules with their counters."""
        return [self.at(position) for position in range(len(self))]

    def at(self, position: int) -> CountedRule:
        """Return the rule at a position with its counters."""
        counted = self._counted[position]
        if counted is None:
            rule = self._rules[position]
            counted = self._counted[position] = CountedRule(rule, f"{self._seed}\n{position - self._front}")
        return counted

    def add(self, rule: Rule, until: datetime, fault_id: int) -> None:
        """Add a rule before all others, with an id, until an instant."""
        added = self._manual(rule, until, fault_id, self._added)
        self._added += 1
        self._set_rules([added, *self.rules])

    def _manual(self, rule: Rule, until: datetime, fault_id: int, added: int) -> CountedRule:
        return CountedRule(rule, f"{self._seed}\nadded {added}", until, fault_id, added)

    def counters(self) -> dict[int, RuleState]:
        """Return the counters of the rules by position, without those that are as at the start."""
        counted = ((position, each.state) for position, each in enumerate(self._counted) if each is not None)
        return {position: state for position, state in counted if state != UNUSED}

    def restore_counters(self, counters: Mapping[int, RuleState]) -> None:
        """Set the counters of the rules by position."""
        for position, state in counters.items():
            self.at(position).restore(state)

    def manual_faults(self) -> ManualFaults:
        """Return the rules that were added, and those that were removed."""
        active, removed = ([each.manual_fault for each in rules] for rules in (self.rules, self.removed))
        return ManualFaults(tuple(active), tuple(removed), self._added)

    def restore_manual_faults(self, faults: ManualFaults) -> None:
        """Have these rules instead of the present ones."""
        self.removed = [self._restored(fault) for fault in faults.removed]
        self._set_rules([self._restored(fault) for fault in faults.active])
        self._added = faults.added

    def _restored(self, fault: ManualFault) -> CountedRule:
        counted = self._manual(fault.rule, fault.until, fault.fault_id, fault.added)
        counted.restore(fault.state)
        return counted

    def remove_expired(self, now: datetime) -> None:
        """Remove the rules that have expired."""
        self._remove(lambda counted: counted.is_expired(now))

    def remove(self, fault_id: int | None = None) -> set[int]:
        """Remove the rule with an id, or all; return the ids of those removed."""
        return self._remove(lambda counted: fault_id in (None, counted.fault_id))

    def has_faults(self, operation: ApiOperation) -> bool:
        """Whether a rule has a fault for an operation."""
        return bool(self._group(FaultSpec, operation))

    def take_outcome(self, facts: MessageFacts, now: datetime) -> Outcome | None:
        """Return the outcome of the first matching rule with uses left, None if there is none; counts the match."""
        group = self._group(Outcome, ApiOperation.SEND)
        for position, term in group.candidates(facts):
            counted = self.at(position)
            if not counted.is_usable(now):
                continue
            if not counted.matches(facts):
                if not counted.rule.is_per_recipient:
                    group.exclude(position, term)
            elif counted.count_match():
                if counted.left == 0:
                    group.use_up(position, term)
                assert isinstance(counted.rule.effect, Outcome)
                return counted.rule.effect
        return None

    def take_fault(
        self, operation: ApiOperation, messages: Sequence[MessageFacts], now: datetime
    ) -> TriggeredFault | None:
        """Return the fault of a request without a pause; see `take_fault_in_steps`."""
        return finish(self.take_fault_in_steps(operation, messages, now))

    def take_fault_in_steps(
        self, operation: ApiOperation, messages: Sequence[MessageFacts], now: datetime
    ) -> Steps[TriggeredFault | None]:
        """Return the fault of the first matching rule with uses left for a request, None if there is none.

        A rule matches a request if it matches one of its messages; a request without messages, if it has no conditions.
        If the rules change during a pause, all are tried again.
        """
        group = self._group(FaultSpec, operation)
        by_term = (yield from _by_term(group, messages)) if group else {}
        if self._groups.get((FaultSpec, operation)) is not group:
            return (yield from self.take_fault_in_steps(operation, messages, now))
        # A copy, since another request may use up a rule during a pause.
        for position, term in [*group.positions(by_term)]:
            counted = self.at(position)
            if not counted.is_usable(now) or is_out_of_time(term, messages):
                continue
            match = yield from by_term[term].first_match(counted)
            if self._groups.get((FaultSpec, operation)) is not group:
                return (yield from self.take_fault_in_steps(operation, messages, now))
            if counted.left == 0 or (match is None and (messages or counted.rule.conditions)):
                continue
            assert isinstance(counted.rule.effect, FaultSpec)
            fault = counted.take_fault(counted.rule.effect, now)
            if fault is not None:
                if counted.left == 0:
                    group.use_up(position, term)
                number, nth = (match.mobile_number, match.nth) if match else ("", 0)
                label = counted.rule.label
                decided_by = messages[0].with_remarks(label) if messages else label
                return TriggeredFault(fault, decided_by, number, nth, counted.fault_id)
        return None

    def _remove(self, selects: Callable[[CountedRule], bool]) -> set[int]:
        rules = self.rules
        removed = list(filter(selects, rules))
        if removed:
            self._set_rules([counted for counted in rules if not selects(counted)])
            self.removed = [*removed, *self.removed][:MAX_REMOVED_RULES]
        return {counted.fault_id for counted in removed}

    def _set_rules(self, rules: list[CountedRule]) -> None:
        self._rules = tuple(counted.rule for counted in rules)
        self.is_empty = not rules
        self._counted = [*rules]
        self._index = None
        self._groups = {}

    def _group(self, effect: type[Outcome | FaultSpec], operation: ApiOperation) -> UsableRules:
        """Return the rules with a kind of effect on an operation."""
        group = self._groups.get((effect, operation))
        if group is None:
            self._index = self._index or index_of(self._rules)
            group = self._groups[effect, operation] = UsableRules(self._index.group((effect, operation)))
        return group


class _Messages:
    """Messages of a request, in order, that a rule is tried on."""

    def __init__(self, messages: Sequence[MessageFacts]) -> None:
        self._messages = messages

    def first_match(self, counted: CountedRule) -> Steps[MessageFacts | None]:
        """Return the first message that matches a rule."""
        if not counted.rule.conditions:
            return self._messages[0] if self._messages else None
        tried = self._messages if counted.rule.is_per_recipient else self._of_each_content
        found = yield from select(tried, counted.matches, 1)
        yield
        return found[0] if found else None

    @cached_property
    def _of_each_content(self) -> list[MessageFacts]:
        """The first message of each content; the messages of one send share equal values."""
        first: dict[tuple[int, ...], MessageFacts] = {}
        for facts in self._messages:
            first.setdefault(tuple(map(id, facts.send)), facts)
        return [*first.values()]


def _by_term(group: UsableRules, messages: Sequence[MessageFacts]) -> Steps[dict[Term, _Messages]]:
    """Return the messages of a request by the terms that rules of a group have."""
    if not messages or group.terms == {NO_TERM}:
        return {NO_TERM: _Messages(messages)}
    found: defaultdict[Term, list[MessageFacts]] = defaultdict(list)
    for place, facts in enumerate(messages, 1):
        if not place % STEP_SIZE:
            yield
        for term in group.terms_of(facts):
            found[term].append(facts)
    return {term: _Messages(each) for term, each in found.items()}
