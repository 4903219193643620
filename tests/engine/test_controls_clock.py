from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mocksms.engine.controls import Controls
from mocksms.engine.engine import EngineEvent, ManualChange
from mocksms.errors import ClockMovedBack, ClockOutOfRange
from mocksms.sms.message import State
from mocksms.sms.times import MAX_INSTANT
from tests.engine.support import SECOND, World, emitted_messages, finish, timeline
from tests.support import KEY, NOON

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)


def test_advance_of_a_year_sends_a_message_at_its_scheduled_time() -> None:
    world = World()
    message = world.send(send_at=NOON + YEAR)
    finish(Controls(world.engine).advance_by(world.account, YEAR + HOUR))
    assert world.account.clock.now() == NOON + YEAR + HOUR
    sent = world.again(message)
    assert sent.state is State.SENT
    assert sent.history[-1].at == NOON + YEAR


def test_advance_applies_what_is_due_in_time_order_with_its_consequences() -> None:
    world = World()
    late = world.send("972-50-0002300", send_at=NOON + 10 * SECOND)
    soon = world.send("972-50-0000100", send_at=NOON + 2 * SECOND)
    messages = emitted_messages(world.engine)
    finish(Controls(world.engine).advance_by(world.account, HOUR))
    assert [message.transaction_id for _, message in messages] == [
        *2 * [soon.transaction_id],
        *2 * [late.transaction_id],
    ]
    assert timeline(world.again(soon)) == [(State.QUEUED, 0), (State.SENT, 7)]
    assert timeline(world.again(late)) == [(State.QUEUED, 0), (State.SENT, 10), (State.BOUNCED, 15)]


def test_advance_applies_nothing_that_is_not_due() -> None:
    world = World()
    message = world.send(send_at=NOON + 10 * SECOND)
    keeper = Controls(world.engine)
    finish(keeper.advance_by(world.account, 10 * SECOND - timedelta(microseconds=1)))
    assert world.again(message).state is State.QUEUED
    finish(keeper.advance_to(world.account, NOON + 10 * SECOND))
    assert world.again(message).state is State.SENT


def test_nothing_becomes_due_while_time_is_frozen() -> None:
    world = World()
    message = world.send("972-50-0000100")
    keeper = Controls(world.engine)
    keeper.freeze(world.account)
    world.clock.advance(86_400)
    world.engine.tick()
    assert world.again(message).state is State.QUEUED
    assert world.account.clock.now() == NOON
    keeper.resume(world.account)
    world.clock.advance(5)
    world.engine.tick()
    assert world.again(message).history[-1].at == NOON + 5 * SECOND


def test_freeze_first_applies_what_is_due() -> None:
    world = World()
    message = world.send("972-50-0000100")
    world.clock.advance(5)
    Controls(world.engine).freeze(world.account)
    assert world.engine.find(world.account, message.transaction_id).state is State.SENT


def test_running_clock_continues_after_an_advance() -> None:
    world = World()
    finish(Controls(world.engine).advance_by(world.account, HOUR))
    world.clock.advance(1)
    assert world.account.clock.now() == NOON + HOUR + SECOND
    assert not world.account.clock.frozen


def test_clock_of_one_account_moves_alone() -> None:
    world = World()
    other = world.engine.account("other")
    keeper = Controls(world.engine)
    keeper.freeze(world.account)
    finish(keeper.advance_by(world.account, HOUR))
    world.clock.advance(1)
    assert (world.account.clock.now(), other.clock.now()) == (NOON + HOUR, NOON + SECOND)
    assert world.engine.account("new").clock.now() == NOON + SECOND


def test_clocks_of_all_accounts_move_together_also_for_new_ones() -> None:
    world = World()
    message = world.send(send_at=NOON + HOUR)
    keeper = Controls(world.engine)
    keeper.freeze(None)
    finish(keeper.advance_by(None, HOUR))
    assert world.again(message).state is State.SENT
    new = world.engine.account("new")
    assert (new.clock.now(), new.clock.frozen) == (NOON + HOUR, True)
    keeper.resume(None)
    assert not any(account.clock.frozen for account in world.engine.accounts)


def test_all_clocks_freeze_at_one_real_instant() -> None:
    world = World()
    first, second = world.account, world.engine.account("second")
    keeper = Controls(world.engine)
    finish(keeper.advance_by(second, HOUR))
    keeper.freeze(first)
    world.clock.advance(1)
    keeper.freeze(None)
    assert (first.clock.now(), second.clock.now()) == (NOON, NOON + HOUR + SECOND)


@pytest.mark.parametrize("whose", [KEY, None], ids=["one", "all"])
def test_clock_cannot_go_back(whose: str | None) -> None:
    world = World()
    keeper = Controls(world.engine)
    account = world.engine.account(whose) if whose else None
    finish(keeper.advance_to(account, NOON))
    with pytest.raises(ClockMovedBack) as refused:
        finish(keeper.advance_to(account, NOON - SECOND))
    assert (refused.value.now, refused.value.requested) == (NOON, NOON - SECOND)
    assert world.account.clock.now() == NOON


def test_refused_advance_of_all_moves_no_clock() -> None:
    world = World()
    keeper = Controls(world.engine)
    finish(keeper.advance_by(world.account, HOUR))
    other = world.engine.account("other")
    with pytest.raises(ClockMovedBack):
        finish(keeper.advance_to(None, NOON + SECOND))
    assert other.clock.now() == NOON


def test_clock_has_a_latest_time() -> None:
    world = World()
    keeper = Controls(world.engine)
    for duration in (timedelta.max, MAX_INSTANT - NOON + SECOND):
        with pytest.raises(ClockOutOfRange):
            finish(keeper.advance_by(None, duration))
    with pytest.raises(ClockOutOfRange):
        finish(keeper.advance_to(None, datetime(9999, 1, 1, tzinfo=UTC)))
    assert world.account.clock.now() == NOON
    finish(keeper.advance_to(None, MAX_INSTANT))
    assert world.account.clock.now() == MAX_INSTANT
    assert world.send("972-50-0000100").state is State.QUEUED


def test_change_of_time_is_an_event() -> None:
    world = World()
    events: list[tuple[str | None, EngineEvent]] = []
    world.engine.listeners.append(lambda account, event: events.append((account.key if account else None, event)))
    keeper = Controls(world.engine)
    keeper.freeze(None)
    finish(keeper.advance_by(world.account, SECOND))
    keeper.resume(world.account)
    assert events == [(None, ManualChange.CLOCK), (KEY, ManualChange.CLOCK), (KEY, ManualChange.CLOCK)]
