from __future__ import annotations

from datetime import timedelta

import pytest

from mocksms.engine.scheduling import SCHEDULED
from mocksms.errors import CreditRequired, InvalidRequest
from mocksms.sms.message import FreeState, State
from tests.engine.support import World
from tests.support import NOON, NUMBER

YEAR = timedelta(days=365)


@pytest.mark.ledger("send.sync-limit")
def test_sync_send_to_more_recipients_than_the_limit_is_async() -> None:
    world = World(sync_limit=2, async_delay=timedelta(seconds=5))
    assert {message.state for message in world.submit(NUMBER, "972").messages} == {State.SENT, State.INVALID}
    messages = world.submit(NUMBER, NUMBER, "972").messages
    assert {message.state for message in messages} == {State.QUEUED}
    assert messages[0].history[0].cause == "accepted as async: 3 recipients, 2 can be sync"
    assert world.after(4, messages[2]).state is State.QUEUED
    assert world.after(1, messages[2]).state is State.INVALID


@pytest.mark.ledger("send.sync-limit", "send.sync")
def test_sync_send_to_many_recipients_is_sync_by_default() -> None:
    assert {message.state for message in World().submit(*[NUMBER] * 11).messages} == {State.SENT}


@pytest.mark.parametrize("more", [{"wants_async": True}, {"send_at": NOON + YEAR}], ids=["async", "scheduled"])
def test_send_that_is_queued_anyway_names_no_limit(more: dict[str, object]) -> None:
    assert World(sync_limit=1).send(NUMBER, NUMBER, **more).history[0].cause == "accepted"


@pytest.mark.ledger("send.scheduled")
def test_message_that_waits_for_its_time_is_scheduled_if_set() -> None:
    world = World(scheduled_status="scheduled", async_delay=timedelta(minutes=2))
    assert SCHEDULED in world.engine.free_states(None)
    first, second = (world.send(send_at=NOON + timedelta(minutes=1)) for _ in range(2))
    assert (first.state, first.history[0].cause) == (FreeState("scheduled"), "accepted")
    assert world.controls.cancel(world.account, second.transaction_id).state is State.CANCELLED
    assert world.after(60, first).state is State.SENT
    assert world.again(second).state is State.CANCELLED
    assert world.send(send_at=NOON).state is State.SENT
    assert world.send(wants_async=True).state is State.QUEUED


@pytest.mark.ledger("send.schedule-limit")
def test_send_at_is_refused_beyond_the_limit() -> None:
    world = World(schedule_limit=YEAR)
    assert world.send(send_at=NOON + YEAR).state is State.QUEUED
    with pytest.raises(InvalidRequest) as refused:
        world.send(send_at=NOON + YEAR + timedelta(seconds=1))
    issue = "The field send_at must not be later than 2027-03-01 12:00:00+00:00."
    assert refused.value.issues == {"send_at": (issue,)}
    assert len(world.account.messages) == 1
    world.clock.advance(1)
    assert world.send(send_at=NOON + YEAR + timedelta(seconds=1)).state is State.QUEUED


@pytest.mark.ledger("credit.scheduled")
def test_account_without_credit_schedules_by_default_and_credit_counts_when_the_time_comes() -> None:
    world = World(credit=0)
    message = world.send(send_at=NOON + timedelta(minutes=1))
    assert message.state is State.QUEUED
    assert world.after(60, message).state is State.NO_CREDIT


@pytest.mark.ledger("credit.scheduled")
def test_scheduling_requires_credit_if_set() -> None:
    world = World(credit=1, schedule_without_credit=False, schedule_limit=YEAR)
    later = NOON + timedelta(minutes=1)
    assert world.send(send_at=later, content="a" * 200).state is State.QUEUED
    world.controls.set_credit(world.account, 0)
    with pytest.raises(CreditRequired):
        world.send(send_at=later)
    assert world.send(send_at=NOON).state is State.NO_CREDIT
    assert world.send(wants_async=True).state is State.NO_CREDIT
    world.controls.set_credit(world.account, None)
    assert world.send(send_at=later).state is State.QUEUED
