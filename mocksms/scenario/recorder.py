"""What an account lived through, as a scenario: sent the same again, the same becomes of it, at the same times."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final, cast

from mocksms.engine.account import Account
from mocksms.engine.account import Reply as ReceivedReply
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.messages import MessageQuery
from mocksms.engine.rules import TriggeredFault
from mocksms.scenario.schema import (
    MAX_RULES,
    MAX_STEPS,
    AccountModel,
    ClickModel,
    FaultModel,
    FaultName,
    Match,
    ReplyModel,
    RuleModel,
    Scenario,
    StepModel,
    sent_for,
)
from mocksms.scenario.values import REGEX
from mocksms.schemas.types import MAX_CREDIT
from mocksms.settings import MAX_DURATION_SECONDS, Settings
from mocksms.sms import numbers
from mocksms.sms import outcomes as outcome
from mocksms.sms.message import Message, State
from mocksms.sms.text import filled, links_in

NOW: Final = timedelta()
LONGEST: Final = timedelta(seconds=MAX_DURATION_SECONDS)

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def recorded(account: Account, settings: Settings) -> Scenario:
    """Return what an account that was brought up to date has lived through; what was evicted or deleted is left out.

    Its rules tell messages apart by their number and their place among those to it, so a fresh account replays it.
    """
    messages = [*account.messages.newest_first(MessageQuery())][::-1]
    rules = [*_faults(account, settings), *_outcomes(account, messages)]
    kept = rules[-(MAX_RULES - 1) :]
    left_out = len(rules) - len(kept)
    if any(message.state is State.SENT for message in messages):
        kept.append(RuleModel(name="all others", outcome=State.SENT))
    about = f"What an account lived through until {account.clock.now():%Y-%m-%d %H:%M:%S} UTC: {len(messages)} SMS."
    if left_out:
        about += f" The first {left_out} rules found no room."
    about += "".join(_untold(account, messages, kept))
    return Scenario(about=about, account=_beginning(account, messages, settings), rule=kept)


def _untold(account: Account, messages: Iterable[Message], rules: Iterable[RuleModel]) -> Iterator[str]:
    """Iterate over what an account lived through and its rules do not tell."""
    sent, said = [*messages], [*rules]
    replies = len(account.replies) - sum(len(rule.reply) for rule in said if isinstance(rule.reply, list))
    clicks = sum(len(message.clicks) for message in sent) - sum(rule.click is not None for rule in said)
    made = (sequence for exchange in account.journal.newest_first() for sequence in exchange.messages)
    gone = max(account.messages.evicted, sum(account.messages.at(sequence) is None for sequence in made))
    early = sum(bool(message.history[1:]) and message.history[-1].at < message.due_at for message in sent)
    for count, words in (
        (replies, "Replies that found no place"),
        (clicks, "Clicks that found no place"),
        (gone, "SMS that were deleted or evicted"),
        (early, "SMS that ended before their time, and here do when it has come"),
    ):
        if count > 0:
            yield f" {words}: {count}."


def _beginning(account: Account, messages: Iterable[Message], settings: Settings) -> AccountModel | None:
    """Return what the account must have begun with, as far as it is not as the options say.

    One that has sent had the right to, whatever became of that.
    """
    sent = [*messages]
    names = ("sender", "gateway") if sent else ("sender", "gateway", "rest_right")
    found: dict[str, Any] = {
        name: getattr(account, name) for name in names if getattr(account, name) != getattr(settings, name)
    }
    if account.credit is not None:
        spent = sum(message.segments for message in sent if _sent_at(message))
        found["credit"] = min(account.credit + spent, MAX_CREDIT)
    return AccountModel(**found) if found else None


def _outcomes(account: Account, messages: Iterable[Message]) -> Iterator[RuleModel]:
    """Iterate over the rules of the messages that were not just sent."""
    places: Counter[str] = Counter()
    replies = _replies(account, messages)
    now = account.clock.now()
    for message in messages:
        places[message.digits] += 1
        if message.due_at > now and message.state is State.QUEUED:
            continue
        rule = _rule(message, places[message.digits], replies[message.sequence])
        if rule is not None:
            yield rule


def _rule(message: Message, nth: int, replies: list[ReplyModel]) -> RuleModel | None:
    steps = _steps(message)
    lasts = sent_for(steps)
    replies = [reply for reply in replies if lasts is None or reply.after < lasts][:MAX_STEPS]
    click = _click(message, lasts)
    if steps == [StepModel(outcome=State.SENT)] and not replies and not click:
        return None
    at_once = len(steps) == 1 and not steps[0].after
    return RuleModel(
        match=Match(to=_to(message.mobile_number), nth=nth),
        outcome=steps[0].outcome if at_once else None if steps else State.QUEUED,
        steps=None if at_once else steps or None,
        reply=replies or None,
        click=click,
    )


def _to(mobile_number: str) -> str:
    """Return a number as a rule names this one and no other."""
    is_plain = 0 < len(mobile_number) <= numbers.MAX_NUMBER_LENGTH and "*" not in mobile_number
    if is_plain and not mobile_number.startswith(REGEX) and not _SURROGATE.search(mobile_number):
        return mobile_number
    # No scenario can hold a lone surrogate.
    return f"{REGEX}^{_SURROGATE.sub('.', re.escape(numbers.digits_of(mobile_number)))}$"


def _steps(message: Message) -> list[StepModel]:
    """Return the steps of a message, each by the time since the one before; what came early comes at once."""
    steps, before = [], message.due_at
    for event in message.history[1:]:
        steps.append(StepModel(outcome=event.state, after=_after(event.at - before)))
        before = max(event.at, before)
    return steps


def _sent_at(message: Message) -> datetime | None:
    return next((max(event.at, message.due_at) for event in message.history if event.state is State.SENT), None)


def _click(message: Message, lasts: timedelta | None) -> ClickModel | None:
    sent_at = _sent_at(message)
    if sent_at is None or not message.clicks or message.clicks[0].url not in links_in(filled(message))[:1]:
        return None
    after = _after(message.clicks[0].at - sent_at)
    return ClickModel(after=after) if lasts is None or after < lasts else None


def _replies(account: Account, messages: Iterable[Message]) -> dict[int, list[ReplyModel]]:
    """Return the replies by the message they followed: the latest that was sent to their number before."""
    sent: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for message in messages:
        if at := _sent_at(message):
            sent[message.digits].append((at, message.sequence))
    replies: dict[int, list[ReplyModel]] = defaultdict(list)
    for sms in reversed([*account.replies.newest_first()]):
        before = [each for each in sent[sms.digits] if each[0] <= sms.at and each[1] < sms.number]
        if before:
            at, sequence = max(before)
            replies[sequence].append(_reply(sms, at))
    return replies


def _reply(sms: ReceivedReply, sent_at: datetime) -> ReplyModel:
    return ReplyModel(text=sms.text, after=_after(sms.at - sent_at))


def _after(length: timedelta) -> timedelta:
    """Return a length of time as a scenario can say it."""
    return min(max(length, NOW), LONGEST)


def _faults(account: Account, settings: Settings) -> Iterator[RuleModel]:
    """Iterate over the rules of the faults that rules ordered; magic numbers order theirs again by themselves.

    Where both did, the refusals of magic numbers are told too: else a rule's would come a send too early.
    """
    exchanges = reversed([*account.journal.newest_first()])
    ordered = [(exchange, fault) for exchange in exchanges if (fault := exchange.fault)]
    if all(fault.is_magic for _, fault in ordered):
        return
    singles = [
        (_met(account, settings, exchange, fault), _fault(fault.fault))
        for exchange, fault in ordered
        if not fault.is_magic or not fault.fault.accepts
    ]
    for (match, spec), alike in groupby(singles):
        yield RuleModel(match=match, times=len([*alike]), fault=spec)


def _met(account: Account, settings: Settings, exchange: RecordedRequest, fault: TriggeredFault) -> Match:
    """Return what tells the call of an exchange: the message that met the fault, or the kind of read."""
    if not fault.mobile_number and not fault.nth:
        return Match(operation=exchange.operation)
    number = numbers.parse(fault.mobile_number, accept_local=settings.accept_local_numbers)
    nth = fault.nth or account.messages.nth(number.digits, exchange.number)
    return Match(to=_to(fault.mobile_number), nth=nth)


def _fault(fault: outcome.Fault) -> FaultModel:
    if fault.kind is not outcome.FaultKind.STATUS:
        lasts = fault.kind in (outcome.FaultKind.DELAY, outcome.FaultKind.DRIBBLE)
        return FaultModel(kind=cast("FaultName", fault.kind.value), duration=fault.duration if lasts else None)
    return FaultModel(
        kind="status",
        status=fault.status,
        body=fault.body,
        content_type=fault.media_type,
        retry_after=fault.duration or None,
    )
