"""Descriptions of rules in plain words: what a rule matches, and what it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from mocksms.engine.rules import ApiOperation
from mocksms.scenario.schema import CallbackModel, FaultModel, Limits, Match, RuleModel
from mocksms.scenario.values import REGEX, is_regex
from mocksms.sms.durations import format_duration

MAX_TEXT_LENGTH = 80
"""Characters of a text in a description."""


def describe_match(rule: Limits) -> str:
    """Return which messages or requests a rule matches."""
    conditions = ", ".join(_conditions(rule.match))
    if rule.match.operation not in (None, ApiOperation.SEND):
        conditions = f"requests of {rule.match.operation}"
    limits = [
        f"the first {rule.times}" if rule.times else "",
        f"one in {rule.every}" if rule.every > 1 else "",
        f"with a probability of {rule.probability:.2g}" if rule.probability < 1 else "",
    ]
    return ", ".join(filter(None, [conditions or "all", *limits]))


def describe_effect(rule: RuleModel) -> str:
    """Return what a rule does to the messages or requests that it is applied to."""
    return ", ".join(_effects(rule))


def describe_fault(fault: FaultModel) -> str:
    """Return how a fault breaks a request."""
    name = f"HTTP {fault.status}" if fault.status else fault.kind.replace("_", " ")
    durations = fault.duration if isinstance(fault.duration, list) else [fault.duration]
    details = [
        f"{fault.limit} requests per {format_duration(fault.per)}" if fault.limit and fault.per else "",
        " to ".join(format_duration(each) for each in durations if each is not None),
        f"Retry-After {format_duration(fault.retry_after)}" if fault.retry_after is not None else "",
        "own body" if fault.body is not None else "",
        "the send is accepted" if fault.accept else "",
    ]
    return _joined([name, *details])


def _conditions(match: Match) -> Iterator[str]:
    texts = (("to", match.to), ("tag", match.tag), ("sender", match.sender), ("charset", match.charset))
    yield from (f"{name} {_pattern(text)}" for name, text in texts if text is not None)
    if match.content is not None:
        yield f"content with {_pattern(match.content)}"
    if match.is_async is not None:
        yield "async sends" if match.is_async else "sync sends"
    if match.segments is not None:
        yield f"segments {match.segments}"
    if match.nth is not None:
        yield f"message {match.nth} to its number"


def _pattern(text: str) -> str:
    return f"/{_short(text.removeprefix(REGEX))}/" if is_regex(text) else f'"{_short(text)}"'


def _effects(rule: RuleModel) -> Iterator[str]:
    if rule.fault:
        yield describe_fault(rule.fault)
    if rule.steps is not None:
        yield ", then ".join(f"{step.outcome}{_after(step.after)}" for step in rule.steps)
    elif rule.outcome is not None:
        yield f"{rule.outcome}{_after(rule.delay)}"
    elif not rule.fault:
        yield f"default rules{_after(rule.delay)}"
    for reply in rule.replies:
        yield f'the phone replies "{_short(reply.text)}"{_after(reply.after)}'
    if rule.click:
        yield f"the phone opens the first link{_after(rule.click.after)}"
    if rule.callback:
        yield _callbacks(rule.callback)


def _callbacks(callback: CallbackModel) -> str:
    details = [
        "none" if callback.drop else "",
        f"{format_duration(callback.delay)} late" if callback.delay else "",
        f"{callback.times} times" if callback.times > 1 else "",
        "in another order" if callback.reversed else "",
    ]
    return f"callbacks: {_joined(details) or 'as usual'}"


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(filter(None, parts))


def _after(delay: timedelta | None) -> str:
    return f" after {format_duration(delay)}" if delay else ""


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[: MAX_TEXT_LENGTH - 1]}…"
