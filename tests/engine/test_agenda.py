from __future__ import annotations

from datetime import timedelta

import pytest

from mocksms.engine.agenda import MAX_ACTIONS_PER_MESSAGE, Agenda, DecideAction, DueAction, StepAction
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.messages import MessageStore
from mocksms.engine.steps import finish
from mocksms.sms.message import State
from tests.engine.support import SECOND, World, a_message
from tests.support import NOON


def test_actions_are_due_in_time_order() -> None:
    agenda = Agenda(MessageStore(10))
    agenda.plan(NOON + 2 * SECOND, 1, DecideAction())
    agenda.plan(NOON + SECOND, 2, StepAction(State.SENT, "the rule"))
    agenda.plan(NOON + 3 * SECOND, 3, DecideAction())
    assert not agenda.is_empty
    now = NOON + 2 * SECOND
    assert agenda.next_due(now) == DueAction(NOON + SECOND, 1, 2, StepAction(State.SENT, "the rule"))
    assert agenda.next_due(now) == DueAction(NOON + 2 * SECOND, 0, 1, DecideAction())
    assert agenda.next_due(now) is None
    assert not agenda.is_empty


def test_actions_at_one_instant_keep_the_order_of_planning() -> None:
    agenda = Agenda(MessageStore(10))
    for sequence in (3, 1, 2):
        agenda.plan(NOON, sequence, DecideAction())
    due = [agenda.next_due(NOON) for _ in range(3)]
    assert [each and each.sequence for each in due] == [3, 1, 2]
    assert agenda.is_empty
    assert agenda.next_due(NOON + timedelta(days=1)) is None


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("mocksms.engine.agenda.MAX_STALE_ACTIONS", 10)
    return 10


def test_actions_of_evicted_messages_are_removed(slack: int) -> None:
    world = World(max_messages=2)
    longest = 0
    for _ in range(100):
        world.submit(send_at=NOON + 60 * SECOND)
        longest = max(longest, len(world.account.agenda.actions))
    assert longest == slack + 2 * MAX_ACTIONS_PER_MESSAGE + 1
    world.clock.advance(60)
    assert [message.state for message in finish(world.account.messages.search(MessageQuery(), 10))] == [State.SENT] * 2
    assert world.account.agenda.is_empty


def test_actions_keep_their_order_when_others_are_removed(slack: int) -> None:
    messages = MessageStore(4)
    agenda = Agenda(messages)
    for sequence in range(1, 50):
        messages.add(a_message(sequence))
        agenda.plan(NOON - (sequence % 2) * SECOND, sequence, DecideAction())
    agenda.plan(NOON, 49, StepAction(State.SENT, "the rule"))
    due = list(iter(lambda: agenda.next_due(NOON), None))
    assert due == sorted(due)
    assert len(due) <= slack + 4 * MAX_ACTIONS_PER_MESSAGE + 1
    assert [each.sequence for each in due if each.sequence >= 46] == [47, 49, 46, 48, 49]


def test_actions_of_stored_messages_are_never_removed(slack: int) -> None:
    messages = MessageStore(1)
    agenda = Agenda(messages)
    messages.add(a_message(1))
    for _ in range(5 * slack):
        agenda.plan(NOON, 1, DecideAction())
    assert len(agenda.actions) == 5 * slack


def test_agenda_says_when_the_next_action_is_due() -> None:
    agenda = Agenda(MessageStore(10))
    assert (agenda.next_at, agenda.next_step_at(1)) == (None, None)
    agenda.plan(NOON + 2 * SECOND, 1, DecideAction())
    agenda.plan(NOON + SECOND, 2, DecideAction())
    agenda.plan(NOON + 3 * SECOND, 1, DecideAction())
    assert agenda.next_at == NOON + SECOND
    assert agenda.next_step_at(1) == NOON + 2 * SECOND
