"""Scenario recorder: writes the history of an account as a scenario, and a scenario as TOML."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, cast

from pydantic import JsonValue

from mocksms.engine.account import Account
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.rules import ApiOperation, TriggeredFault
from mocksms.scenario.schema import (
    MAX_RULES,
    MAX_STEPS,
    AccountModel,
    CallbackModel,
    ClickModel,
    FaultModel,
    Match,
    ReplyModel,
    RuleModel,
    Scenario,
    StepModel,
    sent_for,
)
from mocksms.scenario.values import REGEX, is_regex
from mocksms.schemas.types import MAX_CREDIT
from mocksms.settings import Settings
from mocksms.sms import numbers
from mocksms.sms.durations import MAX_DURATION
from mocksms.sms.message import DEFAULT_POLICY, Message, State
from mocksms.sms.outcomes import Fault, FaultKind, ManualFaultName
from mocksms.sms.surrogates import well_formed
from mocksms.sms.text import content_of, links_in


def to_toml(scenario: Scenario) -> str:
    """Return a scenario as TOML, without default values."""
    data = to_data(scenario)
    rules = data.pop("rule", [])
    account = data.pop("account", None)
    for rule, model in zip(rules, scenario.rule, strict=bool(rules)):
        if model.fault is not None and _has_null(model.fault.body):
            rule["fault"]["body"] = model.fault.body_text
    blocks = ["".join(_lines(data))]
    if account is not None:
        blocks.append("[account]\n" + "".join(_lines(account)))
    blocks += ["[[rule]]\n" + "".join(_lines(rule)) for rule in rules]
    return "\n".join(block for block in blocks if block)


def _has_null(value: JsonValue) -> bool:
    """Whether a body has a null within, which TOML cannot write."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(each is None or _has_null(each) for each in inner)


def to_data(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as JSON data, without default values."""
    return scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def record(account: Account, settings: Settings) -> Scenario:
    """Return the history of an account as a scenario, without evicted and deleted messages. Apply due steps before.

    Rules identify a message by its recipient and its position among the messages to that recipient. So a new account
    that gets the same sends replays the history.
    """
    messages = [*account.messages.newest_first(MessageQuery())][::-1]
    rules = [*_fault_rules(account, settings), *_message_rules(account, messages)]
    used = rules[-(MAX_RULES - 1) :]
    omitted = len(rules) - len(used)
    if any(message.state is State.SENT for message in messages):
        used.append(RuleModel(name="all others", outcome=State.SENT))
    whose = f"the account {account.label!r}" if account.label else "an account"
    about = f"History of {whose} until {account.clock.now():%Y-%m-%d %H:%M:%S} UTC: {len(messages)} SMS."
    if omitted:
        about += f" Limit of rules: the first {omitted} are left out."
    about += "".join(_omissions(account, messages, used))
    return Scenario(about=about, account=_account(account, messages, settings), rule=used)


def _omissions(account: Account, messages: Sequence[Message], rules: Sequence[RuleModel]) -> Iterator[str]:
    """Return sentences about the parts of the history that the rules do not replay."""
    replies = len(account.replies) - sum(len(rule.reply) for rule in rules if isinstance(rule.reply, list))
    clicks = sum(len(message.clicks) for message in messages) - sum(rule.click is not None for rule in rules)
    created = (sequence for request in account.journal.newest_first() for sequence in request.messages)
    removed = max(account.messages.evicted, sum(account.messages.at(sequence) is None for sequence in created))
    early = sum(bool(message.timeline[1:]) and message.changed_at < message.due_at for message in messages)
    for count, text in (
        (replies, "Replies left out"),
        (clicks, "Clicks left out"),
        (removed, "SMS deleted or evicted"),
        (early, "SMS that ended before their scheduled time, and here end at that time"),
        (_late_read_faults(account), "Faults of reads that followed successful reads, and here come first"),
    ):
        if count > 0:
            yield f" {text}: {count}."


def _late_read_faults(account: Account) -> int:
    """Count the faults of reads that come earlier in a replay: a rule cannot say which reads it applies to."""
    successful = set[ApiOperation | None]()
    count = 0
    for request in reversed([*account.journal.newest_first()]):
        if _fault_of(request) is None:
            successful.add(request.operation)
        elif request.operation is not ApiOperation.SEND and request.operation in successful:
            count += 1
    return count


def _account(account: Account, messages: Sequence[Message], settings: Settings) -> AccountModel | None:
    """Return how the account started, as far as it differs from the options.

    An account with messages had the REST right, even if it has it no longer.
    """
    names = ("sender", "gateway", "async_delay", *(() if messages else ("rest_right",)))
    found: dict[str, Any] = {
        name: getattr(account, name) for name in names if getattr(account, name) != getattr(settings, name)
    }
    if account.callback_policy != DEFAULT_POLICY:
        found["callback"] = CallbackModel.of(account.callback_policy)
    if account.credit is not None:
        spent = sum(message.segments for message in messages if _sent_at(message))
        found["credit"] = min(account.credit + spent, MAX_CREDIT)
    return AccountModel(**found) if found else None


def _message_rules(account: Account, messages: Sequence[Message]) -> Iterator[RuleModel]:
    """Return the rules for messages that were not simply sent at once."""
    positions: Counter[str] = Counter()
    replies = _replies(account, messages)
    now = account.clock.now()
    for message in messages:
        positions[message.digits] += 1
        if message.due_at > now and len(message.timeline) == 1:
            continue
        rule = _message_rule(message, positions[message.digits], replies[message.sequence])
        if rule is not None:
            yield rule


def _message_rule(message: Message, nth: int, replies: list[ReplyModel]) -> RuleModel | None:
    steps = _steps(message)
    sent_duration = sent_for(steps)
    replies = [reply for reply in replies if sent_duration is None or reply.after < sent_duration][:MAX_STEPS]
    click = _click(message, sent_duration)
    if steps == [StepModel(outcome=State.SENT)] and not replies and not click:
        return None
    is_immediate = len(steps) == 1 and not steps[0].after
    return RuleModel(
        match=Match(to=_to(message.mobile_number), nth=nth),
        outcome=steps[0].outcome if is_immediate else None if steps else State.QUEUED,
        steps=None if is_immediate else steps or None,
        reply=replies or None,
        click=click,
    )


def _to(mobile_number: str) -> str:
    """Return a pattern that matches this recipient and no other."""
    is_short = 0 < len(mobile_number) <= numbers.MAX_NUMBER_LENGTH
    if is_short and numbers.WILDCARD not in mobile_number and not is_regex(mobile_number):
        return well_formed(mobile_number)
    return f"{REGEX}^{re.escape(numbers.digits_of(mobile_number))}$"


def _steps(message: Message) -> list[StepModel]:
    """Return the steps of a message, each with its delay after the one before; a step before its time has none."""
    steps, before = [], message.due_at
    for step in message.history[1:]:
        steps.append(StepModel(outcome=step.state, after=_delay(step.at - before)))
        before = max(step.at, before)
    return steps


def _sent_at(message: Message) -> datetime | None:
    return next((max(step.at, message.due_at) for step in message.history if step.state is State.SENT), None)


def _click(message: Message, sent_duration: timedelta | None) -> ClickModel | None:
    sent_at = _sent_at(message)
    if sent_at is None or not message.clicks or message.clicks[0].url not in links_in(content_of(message))[:1]:
        return None
    after = _delay(message.clicks[0].at - sent_at)
    return ClickModel(after=after) if sent_duration is None or after < sent_duration else None


def _replies(account: Account, messages: Iterable[Message]) -> dict[int, list[ReplyModel]]:
    """Return the replies by the message they followed: the latest sent to the same number before."""
    sent: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for message in messages:
        if at := _sent_at(message):
            sent[message.digits].append((at, message.sequence))
    replies: dict[int, list[ReplyModel]] = defaultdict(list)
    for reply in reversed([*account.replies.newest_first()]):
        before = [each for each in sent[reply.digits] if each[0] <= reply.at and each[1] < reply.number]
        if before:
            sent_at, sequence = max(before)
            replies[sequence].append(ReplyModel(text=reply.text, after=_delay(reply.at - sent_at)))
    return replies


def _delay(length: timedelta) -> timedelta:
    """Return a length of time within the limits of a scenario."""
    return min(max(length, timedelta()), MAX_DURATION)


def _fault_rules(account: Account, settings: Settings) -> Iterator[RuleModel]:
    """Return rules for the faults of rules. Magic numbers cause theirs again without one.

    If both occurred, refusals by magic numbers get rules too: otherwise the next rule would apply one send too early.
    """
    requests = reversed([*account.journal.newest_first()])
    faulty = [(request, triggered) for request in requests if (triggered := _fault_of(request))]
    if all(triggered.is_magic for _, triggered in faulty):
        return
    single = [
        (_match(account, settings, request, triggered), fault_model(triggered.fault))
        for request, triggered in faulty
        if not triggered.is_magic or not triggered.fault.accepts
    ]
    for (match, spec), equal in groupby(single):
        yield RuleModel(match=match, times=len([*equal]), fault=spec)


def _fault_of(request: RecordedRequest) -> TriggeredFault | None:
    """Return the fault of a request, None for one that was only held: no rule can hold a request."""
    fault = request.fault
    return None if fault is None or fault.fault.kind is FaultKind.HOLD else fault


def _match(account: Account, settings: Settings, request: RecordedRequest, triggered: TriggeredFault) -> Match:
    """Return what identifies a request: the message that triggered the fault, or the operation of a read."""
    if not triggered.mobile_number and not triggered.nth:
        return Match(operation=request.operation)
    number = settings.parse_number(triggered.mobile_number)
    nth = triggered.nth or account.messages.nth(number.digits, request.number)
    return Match(to=_to(triggered.mobile_number), nth=nth)


def fault_model(fault: Fault) -> FaultModel:
    """Return a fault as in a scenario."""
    if fault.kind is not FaultKind.STATUS:
        has_duration = fault.kind in (FaultKind.DELAY, FaultKind.DRIBBLE, FaultKind.HOLD)
        return FaultModel(
            kind=cast("ManualFaultName", fault.kind.value), duration=fault.duration if has_duration else None
        )
    return FaultModel(
        kind="status",
        status=fault.status,
        body=fault.body,
        content_type=fault.media_type,
        headers=dict(fault.headers) or None,
        accept=fault.is_accepted or None,
        retry_after=fault.duration or None,
    )


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if key == "match":
            yield from (f"match.{name} = {_value(condition)}\n" for name, condition in value.items())
        elif key == "steps":
            steps = "".join(f"  {_value(step)},\n" for step in value)
            yield f"steps = [\n{steps}]\n"
        else:
            yield f"{key} = {_value(value)}\n"


def _value(value: object) -> str:
    match value:
        case str():
            return "".join(map(_escape, json.dumps(value, ensure_ascii=False)))
        case Mapping():
            if not value:
                return "{}"
            return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
        case list():
            return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _escape(character: str) -> str:
    """Return a character as in a text of TOML: those that a terminal acts on, or that are not allowed, as escapes."""
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
