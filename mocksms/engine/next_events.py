"""What can happen next to a message: what is planned, what it waits for, and what a tester can do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from heapq import heapify, heappop, heappush
from itertools import chain, count, takewhile
from typing import Final, NamedTuple

from mocksms.engine.account import Account
from mocksms.engine.agenda import DecideAction, DueAction, StepAction
from mocksms.engine.engine import Engine
from mocksms.engine.message_query import MessageQuery
from mocksms.sms import lifecycle
from mocksms.sms.message import AnyState, Message, ReplyReaction, State, Status, is_on_phone
from mocksms.sms.text import content_of, links_in

REPLY: Final = "Thank you"
"""A reply that neither opts out nor in, as long as no option makes it a word that does."""


class NextKind(StrEnum):
    """What happens to a message."""

    STEP = "step"
    DECISION = "decision"
    REPLY = "reply"
    CLICK = "click"
    CREDIT = "credit"
    CANCEL = "cancel"
    SEND = "send"
    BOUNCE = "bounce"
    UNSUBSCRIBE = "unsubscribe"


CONTROLS: Final = {NextKind.CANCEL: State.CANCELLED, NextKind.SEND: State.SENT, NextKind.BOUNCE: State.BOUNCED}
"""The states to which a tester can bring a message."""


class NextEvent(NamedTuple):
    """Something that can happen to a message.

    `state` is the state of the message after it, None where rules decide at that time. `at` is when it happens by
    itself, None for what only a tester does. `text` is the text of a reply, the link of a click or the cause of a step.
    `credit` is what the account needs, None for no limit.
    """

    kind: NextKind
    state: AnyState | None
    at: datetime | None = None
    text: str = ""
    credit: int | None = None


def next_events(engine: Engine, account: Account, message: Message) -> Iterator[NextEvent]:
    """Iterate over what can happen next to a message: what is planned in the order of time, then what a tester can do.

    What is planned is what happens if no tester and no application does anything.
    """
    yield from _planned(engine, account, message)
    if message.sequence in account.waiting_for_credit:
        yield _with_credit(engine, account, message)
    for kind, state in CONTROLS.items():
        if lifecycle.allows(message.state, state):
            yield NextEvent(kind, state)
    if message.digits not in account.unsubscribed:
        yield NextEvent(NextKind.UNSUBSCRIBE, message.state)
    if message.is_on_phone:
        yield from (NextEvent(NextKind.CLICK, message.state, text=link) for link in _counted_links(engine, message))
        answered = message_for_reply(account, message.digits)
        if answered is not None and answered.sequence == message.sequence:
            yield from (NextEvent(NextKind.REPLY, message.state, text=text) for text in _replies(engine, message))


def message_for_reply(account: Account, digits: str) -> Message | None:
    """Return the message to which an SMS from a phone is a reply, None if the phone got none.

    It is the latest one that the phone shows, or the latest of any status if it shows none.
    """
    messages, query = account.messages, MessageQuery(digits=digits)
    readable = (message for message in messages.newest_first(query) if message.is_on_phone)
    return next(chain(readable, messages.newest_first(query)), None)


def _planned(engine: Engine, account: Account, message: Message) -> Iterator[NextEvent]:
    """Iterate over what is planned, up to a decision: what follows one is not known."""
    due = account.agenda.planned_for(message.sequence)
    heapify(due)
    order = count(max((each.order for each in due), default=-1) + 1)
    states = [step.state for step in message.timeline]
    has_been_sent = lifecycle.first_sent(message.timeline) is not None
    while due:
        at, _, _, action = heappop(due)
        match action:
            case DecideAction():
                if len(states) == 1:
                    yield NextEvent(NextKind.DECISION, None, at)
                    return
            case StepAction(state=state, decided_by=decided_by):
                if not lifecycle.allows(states[-1], state):
                    continue
                states.append(state)
                yield NextEvent(NextKind.STEP, state, at, decided_by)
                if state.status == Status.SENT and not has_been_sent:
                    has_been_sent = True
                    for reaction in message.reactions:
                        heappush(due, DueAction(at + reaction.after, next(order), message.sequence, reaction))
            case _ if not is_on_phone(states):
                continue
            case ReplyReaction(text=text):
                yield NextEvent(NextKind.REPLY, states[-1], at, text)
            case _:
                links = _counted_links(engine, message)
                yield from (NextEvent(NextKind.CLICK, states[-1], at, link) for link in links[:1])


def _with_credit(engine: Engine, account: Account, message: Message) -> NextEvent:
    """Return what happens once there is credit for a message and for those that have waited longer."""
    number = engine.settings.parse_number(message.mobile_number)
    decisions = engine.decisions
    outcome = decisions.decide_by_default(account, number, message.segments, decisions.rules_without_credit)
    credit = account.credit
    if credit is not None:
        before = takewhile(lambda sequence: sequence != message.sequence, account.waiting_for_credit)
        first = filter(None, map(account.messages.at, before))
        credit = max(credit, message.segments + sum(each.segments for each in first))
    return NextEvent(NextKind.CREDIT, outcome.steps[0].state, text=outcome.decided_by, credit=credit)


def _counted_links(engine: Engine, message: Message) -> list[str]:
    """Return the links of a message on which a click counts, each once."""
    if not engine.recipients.counts_clicks(message):
        return []
    shown = len(links_in(engine.text_of(message)))
    return [*dict.fromkeys(links_in(content_of(message))[:shown])]


def _replies(engine: Engine, message: Message) -> Iterator[str]:
    """Iterate over replies with different effects."""
    yield REPLY
    if message.submission.unsubscribe_reply:
        words = engine.recipients.words
        yield from (each[0] for each in (words.out, words.into) if each)
