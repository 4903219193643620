from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any, Final

import pytest

from mocksms.engine.callbacks import Attempt
from mocksms.engine.engine import Engine
from mocksms.engine.keys import account_id
from mocksms.engine.steps import finish
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings
from mocksms.sms.message import Recipient, State, Submission
from mocksms.sms.webhook import Webhook
from mocksms.state.archive import TABLES
from mocksms.state.capture import capture
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import Restored, load, restore
from tests.engine.support import World, a_request
from tests.state.archives import packed
from tests.state.rich import OPTIONS as RICH
from tests.state.rich import entries_of, rich_snapshot
from tests.support import KEY, NOON, NUMBER, ManualClock

HOOK: Final = "http://127.0.0.1:9/hooks"


def saved(engine: Engine, *, with_keys: bool = True, account: str | None = None, since: int | None = None) -> BytesIO:
    """Return a snapshot of everything, or of one account and of the requests without one after a cursor."""
    accounts = None if account is None else [engine.account(account)]
    return BytesIO(packed(engine, accounts, with_keys=with_keys, unattributed_since=since))


def restored(world: World, file: BytesIO, account: str | None = None) -> Restored:
    return restore(world.engine, load(file, world.engine.settings), account=account)


def test_everything_is_restored_into_another_mock() -> None:
    world, other = World(), World()
    scheduled = world.send("972-50-0002300", content="x\ud800", tags=("\udc00",))
    result = restored(other, saved(world.engine))
    assert result == Restored((world.account.id,), 1, 0, ())
    assert other.again(scheduled) == scheduled
    other.clock.now = world.clock.now
    assert other.after(5, scheduled).state is State.BOUNCED


def test_duration_of_a_request_is_restored() -> None:
    world, other = World(), World()
    request = a_request(world.engine.accounts.numbering.take())._replace(duration=0.25)
    world.engine.record_request(world.account, request)
    restored(other, saved(world.engine))
    assert other.account.journal.records == [request]


def test_request_that_was_recorded_after_later_ones_is_restored() -> None:
    world, other = World(), World()
    slow, fast = (a_request(world.engine.accounts.numbering.take()) for _ in range(2))
    for request in (fast, slow):
        world.engine.record_request(world.account, request)
    restored(other, saved(world.engine))
    assert other.account.journal.records == [slow, fast]


def test_one_account_gets_higher_numbers_in_a_mock_with_records() -> None:
    world, other = World(), World()
    first, second = world.submit(NUMBER, NUMBER, content="Hello #name#").messages
    other.engine.account("another key")
    other.engine.accounts.numbering.take()
    result = restored(other, saved(world.engine, account=KEY))
    assert result.shifted_by == 1
    assert [other.again(message).sequence for message in (first, second)] == [first.sequence + 1, second.sequence + 1]
    assert other.again(first).submission is other.again(second).submission


def test_account_that_a_snapshot_does_not_have_is_an_error() -> None:
    with pytest.raises(
        InvalidSnapshot, match=r"no account 0{12}; it has none\. Each API key has its own account: use the key of"
    ):
        restored(World(), saved(World().engine), "000000000000")


def test_account_without_its_key_gets_it_when_the_key_is_used() -> None:
    world, other = World(), World()
    message = world.send()
    restored(other, saved(world.engine, with_keys=False))
    (account,) = other.engine.accounts
    assert account.key is None
    assert other.again(message) == message
    assert [each.key for each in other.engine.accounts] == [KEY]


def test_requests_without_an_account_are_in_a_snapshot_of_accounts_where_asked_for() -> None:
    world, other = World(), World()
    world.engine.record_malformed_request(b"before", "not HTTP")
    cursor = world.engine.cursor
    world.engine.record_malformed_request(b"after", "not HTTP")
    world.send()
    for since, targets in ((None, []), (cursor, ["after"]), (0, ["before", "after"])):
        other = World()
        restored(other, saved(world.engine, account=KEY, since=since))
        assert [request.method for request in other.engine.accounts.unattributed.records] == targets
    restored(other, saved(world.engine, account=KEY, since=cursor))
    assert [request.number for request in other.engine.accounts.unattributed.records] == [1, 2, 2 + world.engine.cursor]


def test_account_in_a_mock_is_replaced() -> None:
    world = World()
    message = world.send()
    file = saved(world.engine, account=KEY)
    world.send(content="later")
    assert restored(world, file).shifted_by == 2
    assert [each.transaction_id for each in world.account.messages.log.records] == [message.transaction_id]
    assert world.engine.accounts.totals().accounts == 1


def test_callbacks_held_back_until_a_response_is_sent_are_scheduled() -> None:
    world, other = World(webhook=(Webhook(HOOK),)), World(webhook=(Webhook(HOOK),))
    world.engine.outbox.hold(7)
    world.submit(request=7)
    assert world.engine.outbox.take_due() == []
    restored(other, saved(world.engine))
    assert [pending.callback.event for pending in other.engine.outbox.take_due()] == ["send"]


def test_callback_in_flight_is_scheduled_again() -> None:
    world, other = World(webhook=(Webhook(HOOK),)), World(webhook=(Webhook(HOOK),))
    world.submit()
    (pending,) = world.engine.outbox.take_due()
    restored(other, saved(world.engine))
    assert [again.callback for again in other.engine.outbox.take_due()] == [pending.callback]


def test_callback_that_waited_for_the_one_before_keeps_its_time() -> None:
    world, other = World(webhook=(Webhook(HOOK),)), World(webhook=(Webhook(HOOK),))
    world.submit("972-50-0002300")
    world.clock.advance(5)
    world.engine.tick()
    (pending,) = world.engine.outbox.take_due()
    world.engine.outbox.record_result(pending, Attempt(NOON + timedelta(seconds=9), 200, b"", 0.0))
    restored(other, saved(world.engine))
    assert other.account.callbacks.next_at == world.account.callbacks.next_at == NOON + timedelta(seconds=9)


def test_callbacks_due_at_one_instant_stay_in_order() -> None:
    world, other = World(webhook=(Webhook(HOOK),)), World(webhook=(Webhook(HOOK),))
    world.engine.outbox.hold(7)
    world.submit(request=7)
    world.submit(request=8)
    world.engine.outbox.release(7)
    restored(other, saved(world.engine))
    assert [pending.callback.details.request for pending in other.engine.outbox.take_due()] == [8, 7]


def test_clocks_can_be_frozen_at_the_time_of_the_capture() -> None:
    world, other = World(), World()
    account = world.account
    account.clock.move_to(NOON + timedelta(hours=1))
    file = saved(world.engine)
    other.clock.advance(60)
    restore(other.engine, load(file, other.engine.settings), frozen=True)
    assert other.engine.accounts.clock.reading()[0::2] == (NOON, True)
    assert other.account.clock.reading()[0::2] == (NOON + timedelta(hours=1), True)


SOURCE = Scenario.model_validate({"rule": [{"outcome": "rejected/bounced", "times": 2}]})


def world_with(model: Scenario) -> World:
    """Return a mock whose option `scenario` names a file with this scenario."""
    return World(compile_scenario(model, "start.toml", Settings()))


def test_scenario_of_the_options_stays_the_one_that_is_reloaded() -> None:
    world, other = world_with(SOURCE), world_with(SOURCE)
    world.send()
    restored(other, saved(world.engine))
    assert other.account.scenario is other.engine.accounts.scenario is other.engine.accounts.initial_scenario
    assert other.account.rules.rules[0].left == 1


def test_scenario_file_that_changed_since_the_capture_is_active_with_counters_at_zero() -> None:
    world, other = world_with(SOURCE), world_with(Scenario.model_validate({"rule": [{"outcome": "sent"}]}))
    world.send()
    restored(other, saved(world.engine))
    assert other.account.scenario is other.engine.accounts.initial_scenario
    assert other.account.rules.rules[0].matched == 0


@pytest.mark.parametrize("is_changed", [False, True])
def test_scenario_in_front_is_restored_before_that_of_the_options(is_changed: bool) -> None:
    world = world_with(SOURCE)
    other = world_with(Scenario.model_validate({"rule": [{"outcome": "sent"}]}) if is_changed else SOURCE)
    front = compile_scenario(Scenario.model_validate({"rule": [{"outcome": "queued", "times": 1}]}), "f", Settings())
    finish(world.controls.activate_in_front(world.account, front))
    world.send()
    world.send()
    restored(other, saved(world.engine))
    assert other.account.scenario.behind is other.engine.accounts.initial_scenario
    assert other.account.scenario.front.names == ("f",)
    matched = [rule.matched for rule in other.account.rules.rules]
    assert matched == ([1, 0] if is_changed else [1, *(rule.matched for rule in world.account.rules.rules[1:])])


def test_another_scenario_than_that_of_the_options_is_restored() -> None:
    world, other = world_with(SOURCE), World()
    world.send()
    restored(other, saved(world.engine))
    assert other.account.scenario.names == ("start.toml",)
    assert other.account.scenario is other.engine.accounts.scenario is not other.engine.accounts.initial_scenario


def test_what_records_share_is_shared_again() -> None:
    world, other = World(unsubscribed=("972-54-1111112",)), World(unsubscribed=("972-54-1111112",))
    sent = world.submit(NUMBER, NUMBER).messages
    world.engine.account("another key")
    for _ in range(2):
        request = a_request(world.engine.accounts.numbering.take())
        world.engine.record_request(world.account, request._replace(headers=bytes([65] * 50)))
    restored(other, saved(world.engine))
    first, second = (other.again(message) for message in sent)
    assert first.submission is second.submission
    assert first.timeline is second.timeline
    assert first.created_at is first.due_at
    requests = other.account.journal.records
    assert requests[0].headers is requests[1].headers
    one, another = other.engine.accounts
    assert one.unsubscribed is another.unsubscribed


def test_snapshot_can_be_restored_twice() -> None:
    world = World()
    message = world.send()
    snapshot = load(saved(world.engine), world.engine.settings)
    for other in (World(), World()):
        restore(other.engine, snapshot)
        assert other.again(message) == message


SHIFTED = {
    "record",
    "request",
    "messages",
    "replay_of",
    "submission_of",
    "message",
    "used_at",
    "waiting_for_credit",
    "fault_id",
    "reply",
}
"""The fields that are numbers of records, besides those of faults and evicted records."""


def shifted(value: Any, by: int, name: str = "") -> Any:
    """Return a row with higher numbers of records."""
    match value:
        case dict():
            numbers = {"id"} if "until" in value else {"up_to"} if "up_to" in value else SHIFTED
            return {key: shifted(inner, by, "record" if key in numbers else "") for key, inner in value.items()}
        case list():
            return [shifted(inner, by, name) for inner in value]
        case int() if name and value and not isinstance(value, bool):
            return value + by
    return value


def test_all_numbers_of_an_account_become_higher() -> None:
    empty, used = Engine(RICH, ManualClock()), Engine(RICH, ManualClock())
    used.record_malformed_request(b"x", "not HTTP")
    snapshot = load(BytesIO(rich_snapshot()), RICH)
    for engine in (empty, used):
        restore(engine, snapshot, account=account_id("shop"))
    rows, higher = (entries_of(saved(engine, account="shop").getvalue()) for engine in (empty, used))
    for entry in TABLES:
        assert higher[entry] == shifted(rows[entry], 1), entry


def test_account_that_is_deleted_during_a_capture_is_left_out() -> None:
    world = World()
    world.send()
    steps = capture(world.engine)
    deleted = world.engine.account("another key")
    next(steps)
    world.engine.accounts.delete(deleted)
    assert [account.key.shown for account in finish(steps).accounts] == [world.account.shown_key]


def test_accounts_are_looked_at_in_the_same_order() -> None:
    world, other = World(), World()
    for key in ("first", "second"):
        submission = Submission("Hello", send_at=NOON + timedelta(hours=1))
        world.engine.submit(world.engine.account(key), submission, [Recipient(NUMBER)])
    world.engine.account("first")  # used after the second
    restored(other, saved(world.engine))
    assert [account.key for account in other.engine.accounts] == ["second", "first"]
    assert [account.key for account in other.engine.accounts_with_due] == ["first", "second"]
