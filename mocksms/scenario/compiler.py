"""Scenario compiler: turns a scenario into rules of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from mocksms.engine import rules
from mocksms.engine.account import LISTED_NUMBER_SIZE, digits_of
from mocksms.engine.patterns import Pattern, RegexBudget
from mocksms.engine.rule_index import NUMBER_REGEX, TEXT_REGEX, Term, TermKind, content_terms, number_terms
from mocksms.engine.rules import (
    ActiveScenario,
    ApiOperation,
    Condition,
    FaultSpec,
    RateLimit,
    ScenarioSource,
    rate_limit_spec,
)
from mocksms.scenario.schema import (
    AccountModel,
    FaultBody,
    FaultModel,
    Limits,
    Match,
    RuleModel,
    Scenario,
)
from mocksms.scenario.values import REGEX, is_regex
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms.message import ClickReaction, FreeState, Reaction, ReplyReaction, State
from mocksms.sms.outcomes import AT_ONCE, HOLD_DURATION, Fault, FaultKind, Outcome, Step

_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {"": eq, ">=": ge, "<=": le, ">": gt, "<": lt}

TextTest = Callable[[str, RegexBudget], bool]
"""Whether a text matches; the budget limits the time of regular expressions."""

_LISTS: Final = ("unsubscribed", "bounced", "kosher")

MANUAL_FAULT: Final = "a fault set manually"
"""Label of the rule of a manual fault."""

RULE_SIZE: Final = 2_500
"""Bytes of a rule and of its model, without their texts."""


def compile_scenario(scenario: Scenario, name: str, settings: Settings) -> ActiveScenario:
    """Return the initial values of accounts and the rules of a scenario."""
    account_values = {} if scenario.account is None else _account_values(scenario.account, settings)
    return ActiveScenario(
        names=(name,),
        account_values=account_values,
        rules=tuple(
            _rule(rule, _label(position, rule, name), settings) for position, rule in enumerate(scenario.rule, 1)
        ),
        free_states=frozenset(state for rule in scenario.rule for state in rule.free_states),
        size=_size(scenario, account_values),
        sources=(ScenarioSource(name, scenario),),
    )


def fault_rule(body: FaultBody, settings: Settings) -> rules.Rule:
    """Return the rule of a fault that a tester sets."""
    return _rule_of(body, MANUAL_FAULT, _fault_spec(body.fault), settings)


def _size(scenario: Scenario, account_values: Mapping[str, Any]) -> int:
    """Return the bytes that a scenario takes, about."""
    listed = sum(len(account_values.get(name, ())) for name in _LISTS)
    texts = len(scenario.model_dump_json(exclude_unset=True))
    return texts + RULE_SIZE * len(scenario.rule) + LISTED_NUMBER_SIZE * listed


def _account_values(account: AccountModel, settings: Settings) -> dict[str, Any]:
    values: dict[str, Any] = account.model_dump(exclude_none=True, exclude={"callback"})
    if account.async_delay is not None:
        values["async_delay"] = account.async_delay
    if account.callback is not None:
        values["callback_policy"] = account.callback.policy()
    if account.webhooks is not None:
        values["webhooks"] = tuple(webhook.webhook() for webhook in account.webhooks)
    for name in _LISTS:
        if name in values:
            values[name] = digits_of(values[name], settings)
    if values.get("credit") == "unlimited":
        values["credit"] = None
    return values


def _label(position: int, rule: RuleModel, name: str) -> str:
    return f"rule {position}{f' ({rule.name})' if rule.name else ''} of {name}"


def _rule(rule: RuleModel, label: str, settings: Settings) -> rules.Rule:
    return _rule_of(rule, label, _fault_spec(rule.fault) if rule.fault else _outcome(rule, label), settings)


def _rule_of(limits: Limits, label: str, effect: Outcome | FaultSpec, settings: Settings) -> rules.Rule:
    return rules.Rule(
        label=label,
        effect=effect,
        conditions=tuple(_conditions(limits.match, settings)),
        terms=tuple(_terms(limits.match, settings)),
        is_per_recipient=limits.match.to is not None or limits.match.nth is not None,
        operation=limits.match.operation or ApiOperation.SEND,
        times=limits.times,
        every=limits.every,
        probability=limits.probability,
        source=limits,
    )


def _outcome(rule: RuleModel, label: str) -> Outcome:
    delay = rule.delay or AT_ONCE
    if rule.steps is not None:
        times = accumulate(step.after for step in rule.steps)
        steps = tuple(Step(step.outcome, at) for step, at in zip(rule.steps, times, strict=True))
    elif rule.outcome in (None, State.QUEUED):
        steps = ()
    else:
        steps = (Step(rule.outcome, delay),)
    is_decided = rule.steps is not None or rule.outcome is not None
    return Outcome(
        steps=steps,
        decided_by=f"{label}{_about_free(rule.free_states)}",
        reactions=tuple(_reactions(rule)),
        pass_through_after=None if is_decided else delay,
        callback_policy=None if rule.callback is None else rule.callback.policy(),
    )


def _about_free(states: Iterable[FreeState]) -> str:
    """Return that some states are no claim about the vendor, empty if there are none (own, status.free)."""
    names = ", ".join(map(str, states))
    return f"; own outcome, the vendor's guide has no {names}" if names else ""


def _reactions(rule: RuleModel) -> Iterator[Reaction]:
    yield from (ReplyReaction(reply.text, reply.after) for reply in rule.replies)
    if rule.click:
        yield ClickReaction(rule.click.after)


def _fault_spec(fault: FaultModel) -> FaultSpec:
    if fault.kind == "rate_limit":
        assert fault.limit is not None
        assert fault.per is not None
        return rate_limit_spec(RateLimit(limit=fault.limit, per=fault.per))
    if fault.kind == "unauthorized":
        return FaultSpec(fault=Fault(kind=FaultKind.STATUS, status=401))
    headers = dict(fault.headers or {})
    declared = next((headers.pop(name) for name in [*headers] if name.lower() == "content-type"), None)
    otherwise = HOLD_DURATION if fault.kind == "hold" else fault.retry_after
    durations = (
        fault.duration
        if isinstance(fault.duration, list)
        else [otherwise if fault.duration is None else fault.duration]
    )
    return FaultSpec(
        fault=Fault(
            kind=FaultKind(fault.kind),
            status=fault.status,
            duration=durations[0] or AT_ONCE,
            body=fault.body_text,
            media_type=fault.content_type or declared,
            headers=tuple(headers.items()),
            is_accepted=fault.accept is not None,
        ),
        max_duration=durations[-1] or AT_ONCE,
    )


def _conditions(match: Match, settings: Settings) -> Iterator[Condition]:
    """Iterate over the conditions of a match, the cheapest first."""
    if match.is_async is not None:
        yield _equals("wants_async", match.is_async)
    if match.to is not None:
        yield _text_condition("digits", _number_test(match.to, settings))
    for name in ("sender", "charset"):
        if (pattern := getattr(match, name)) is not None:
            yield _text_condition(name, _text_test(pattern))
    if match.tag is not None:
        matches_tag = _text_test(match.tag)
        yield lambda facts: any(matches_tag(tag, facts.budget) for tag in facts.tags)
    if match.nth is not None:
        yield _equals("nth", match.nth)
    if match.content is not None:
        part = match.content
        yield _text_condition("content", _text_test(part) if is_regex(part) else lambda text, _: part in text)
    if match.segments is not None:
        yield _segments_condition(str(match.segments))


def _terms(match: Match, settings: Settings) -> list[Term]:
    """Return what a match names."""
    terms = _number_terms(match, settings)
    if match.is_async is not None:
        terms.append(Term(TermKind.ASYNC, match.is_async))
    named = ((TermKind.SENDER, match.sender), (TermKind.CHARSET, match.charset), (TermKind.TAG, match.tag))
    terms += [Term(kind, text) for kind, text in named if text is not None and not is_regex(text)]
    if match.content is not None and not is_regex(match.content):
        terms += content_terms(match.content)
    if terms:
        return terms
    if match.to is not None:
        return [NUMBER_REGEX] if is_regex(match.to) else []
    texts = (match.content, match.sender, match.charset, match.tag)
    return [TEXT_REGEX] if any(text is not None and is_regex(text) for text in texts) else []


def _number_terms(match: Match, settings: Settings) -> list[Term]:
    terms = [] if match.nth is None else [Term(TermKind.NTH, match.nth)]
    if match.to is None or is_regex(match.to):
        return terms
    if pattern := numbers.parse_pattern(match.to, accept_local=settings.accept_local_numbers):
        return [*terms, *number_terms(pattern.pieces)]
    digits = settings.parse_number(match.to).digits
    return [
        *terms,
        Term(TermKind.NUMBER, digits),
        *(Term(TermKind.NTH_TO_NUMBER, (digits, term.value)) for term in terms),
    ]


def _number_test(number: str, settings: Settings) -> TextTest:
    if is_regex(number):
        return _text_test(number)
    if pattern := numbers.parse_pattern(number, accept_local=settings.accept_local_numbers):
        return lambda digits, _: pattern.matches(digits)
    return _text_test(settings.parse_number(number).digits)


def _equals(name: str, value: object) -> Condition:
    return lambda facts: bool(getattr(facts, name) == value)


def _text_condition(name: str, matches: TextTest) -> Condition:
    return lambda facts: matches(getattr(facts, name), facts.budget)


def _segments_condition(comparison: str) -> Condition:
    sign = comparison.rstrip("0123456789 ").strip()
    compare, number = _COMPARE[sign], int(comparison.strip().removeprefix(sign))
    return lambda facts: compare(facts.count_segments(), number)


def _text_test(pattern: str) -> TextTest:
    """Return the test of a text: it is equal, or contains what the regular expression after `regex:` describes."""
    if is_regex(pattern):
        return Pattern(pattern.removeprefix(REGEX)).matches
    return lambda text, _: text == pattern
