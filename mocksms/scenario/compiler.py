"""From what a scenario says to what the engine works with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from itertools import accumulate
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from mocksms.engine import rules
from mocksms.engine.account import digits_of
from mocksms.engine.patterns import Pattern, RegexBudget
from mocksms.engine.rules import ActiveScenario, ApiOperation, Condition, FaultSpec, RateLimit, rate_limit_spec
from mocksms.scenario.schema import (
    AccountModel,
    CallbackModel,
    FaultModel,
    Limits,
    Match,
    ReplyModel,
    RuleModel,
    Scenario,
)
from mocksms.scenario.values import REGEX
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms import outcomes as outcome
from mocksms.sms.message import DEFAULT_POLICY, CallbackPolicy, State

_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {"": eq, ">=": ge, "<=": le, ">": gt, "<": lt}

TextTest = Callable[[str, RegexBudget], bool]
"""Whether a text is as wished, with patience for the regular expressions of all that is wished."""

_LISTS: Final = ("unsubscribed", "bounced", "kosher")


def compile_scenario(scenario: Scenario, name: str, settings: Settings) -> ActiveScenario:
    """Return what accounts begin with and the rules they live by."""
    return ActiveScenario(
        names=(name,),
        state={} if scenario.account is None else _state(scenario.account, settings),
        rules=tuple(_rule(rule, _label(place, rule, name), settings) for place, rule in enumerate(scenario.rule, 1)),
    )


def fault_rule(fault: FaultModel, limits: Limits, label: str, settings: Settings) -> rules.Rule:
    """Return the rule of a fault that is set while the mock runs."""
    return _limited(limits, label, _order(fault), settings)


def _state(account: AccountModel, settings: Settings) -> dict[str, Any]:
    state: dict[str, Any] = account.model_dump(exclude_none=True)
    if account.webhooks is not None:
        state["webhooks"] = tuple(receiver.webhook() for receiver in account.webhooks)
    for name in _LISTS:
        if name in state:
            state[name] = digits_of(state[name], settings)
    if state.get("credit") == "unlimited":
        state["credit"] = None
    return state


def _label(place: int, rule: RuleModel, name: str) -> str:
    return f"rule {place}{f' ({rule.name})' if rule.name else ''} of {name}"


def _rule(rule: RuleModel, label: str, settings: Settings) -> rules.Rule:
    return _limited(rule, label, _order(rule.fault) if rule.fault else _outcome(rule, label), settings)


def _limited(limits: Limits, label: str, effect: outcome.Outcome | FaultSpec, settings: Settings) -> rules.Rule:
    return rules.Rule(
        label=label,
        effect=effect,
        conditions=tuple(_tests(limits.match, settings)),
        operation=limits.match.operation or ApiOperation.SEND,
        times=limits.times,
        every=limits.every,
        probability=limits.probability,
    )


def _outcome(rule: RuleModel, label: str) -> outcome.Outcome:
    delay = rule.delay or outcome.AT_ONCE
    if rule.steps is not None:
        times = accumulate(step.after for step in rule.steps)
        steps = tuple(outcome.Step(step.outcome, at) for step, at in zip(rule.steps, times, strict=True))
    elif rule.outcome in (None, State.QUEUED):
        steps = ()
    else:
        steps = (outcome.Step(rule.outcome, delay),)
    is_decided = rule.steps is not None or rule.outcome is not None
    sent_at = next((step.after for step in steps if step.state is State.SENT), outcome.AT_ONCE)
    return outcome.Outcome(
        steps=steps,
        decided_by=label,
        reactions=tuple(_reactions(rule, sent_at)),
        release_after=None if is_decided else delay,
        callback_policy=_telling(rule.callback),
    )


def _telling(callback: CallbackModel | None) -> CallbackPolicy:
    return (
        DEFAULT_POLICY if callback is None else CallbackPolicy(callback.delay, 0 if callback.drop else callback.times)
    )


def _reactions(rule: RuleModel, sent_at: timedelta) -> Iterator[outcome.Reaction]:
    replies = [rule.reply] if isinstance(rule.reply, ReplyModel) else rule.reply or []
    yield from (outcome.ReplyReaction(reply.text, sent_at + reply.after) for reply in replies)
    if rule.click:
        yield outcome.ClickReaction(sent_at + rule.click.after)


def _order(fault: FaultModel) -> FaultSpec:
    if fault.kind == "rate_limit":
        assert fault.limit is not None
        assert fault.per is not None
        return rate_limit_spec(RateLimit(limit=fault.limit, per=fault.per))
    if fault.kind == "unauthorized":
        return FaultSpec(fault=outcome.Fault(kind=outcome.FaultKind.STATUS, status=401))
    lasting = fault.duration if isinstance(fault.duration, list) else [fault.duration or fault.retry_after]
    return FaultSpec(
        fault=outcome.Fault(
            kind=outcome.FaultKind(fault.kind),
            status=fault.status,
            duration=lasting[0] or outcome.AT_ONCE,
            body=fault.body,
            media_type=fault.content_type,
        ),
        max_duration=lasting[-1] or outcome.AT_ONCE,
    )


def _tests(match: Match, settings: Settings) -> Iterator[Condition]:
    """Iterate over the wishes of a match, the cheapest first."""
    if match.is_async is not None:
        wanted = match.is_async
        yield lambda subject: subject.wants_async is wanted
    if match.to is not None:
        fits = _wild(match.to, partial(_digits, settings))
        yield lambda subject: fits(subject.digits, subject.budget)
    for name in ("sender", "charset"):
        if (pattern := getattr(match, name)) is not None:
            yield _reads(name, _wild(pattern))
    if match.tag is not None:
        tagged = _wild(match.tag)
        yield lambda subject: any(tagged(tag, subject.budget) for tag in subject.tags)
    if match.nth is not None:
        nth = match.nth
        yield lambda subject: subject.nth == nth
    if match.content is not None:
        words = match.content
        says: TextTest = _wild(words) if words.startswith(REGEX) or "*" in words else lambda text, _: words in text
        yield lambda subject: says(subject.content, subject.budget)
    if match.segments is not None:
        yield _counts(str(match.segments))


def _digits(settings: Settings, number: str) -> str:
    """Return a number, or a part of one with `*`, as it is compared."""
    if "*" not in number:
        return numbers.parse(number, accept_local=settings.accept_local_numbers).digits
    digits = numbers.digits_of(number)
    is_local = settings.accept_local_numbers and digits.startswith("05")
    return f"972{digits[1:]}" if is_local else digits


def _reads(name: str, fits: TextTest) -> Condition:
    return lambda subject: fits(getattr(subject, name), subject.budget)


def _counts(wanted: str) -> Condition:
    sign = wanted.rstrip("0123456789 ").strip()
    compare, number = _COMPARE[sign], int(wanted.strip().removeprefix(sign))
    return lambda subject: compare(subject.count_segments(), number)


def _wild(pattern: str, normal: Callable[[str], str] = str) -> TextTest:
    """Return whether a text is as written: `*` stands for any characters, `regex:` begins a regular expression."""
    if pattern.startswith(REGEX):
        return Pattern(pattern.removeprefix(REGEX)).matches
    first, *others = normal(pattern).split("*")
    if not others:
        return lambda text, _: text == first
    *middle, last = others
    return lambda text, _: globbed(text, first, middle, last)


def globbed(text: str, first: str, middle: Iterable[str], last: str) -> bool:
    """Return whether a text has some pieces in their order, the first at its beginning and the last at its end."""
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    place, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, place, end)
        if found < 0:
            return False
        place = found + len(piece)
    return True
