"""What a mock keeps is bounded in bytes: every kind of record counts, and the oldest are evicted."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.account import ACCOUNT_SIZE, RULE_COUNTERS_SIZE, Account
from mocksms.engine.callbacks import Attempt
from mocksms.engine.controls import AccountUpdate
from mocksms.engine.logs import BoundedLog
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.rules import NO_SCENARIO
from mocksms.engine.steps import finish
from mocksms.inspection.events import EventLog
from mocksms.sms.message import Recipient, Submission
from mocksms.sms.webhook import Webhook
from tests.engine.support import SECOND, World, a_request, a_rule, a_scenario
from tests.support import NOON, NUMBER

KIB = 1_024
HOOK = Webhook("http://app.test/")


def limited(kib: int, **options: Any) -> World:
    """Return a world whose mock keeps so many KiB; options allow no limit that small."""
    world = World(**options)
    world.engine.accounts.budget.limit = kib * KIB
    return world


def send(world: World, key: str, content: str = "Hello http://a.test", *to: str, **more: Any) -> None:
    account = world.engine.account(key)
    recipients = [Recipient(number) for number in to or (NUMBER,)]
    world.engine.submit(account, Submission(content, unsubscribe_link=False, track_clicks=True, **more), recipients)


def contents(account: Account) -> list[str]:
    return [message.submission.content for message in account.messages.newest_first(MessageQuery())]


def size_of_records(account: Account) -> int:
    """Return the bytes of the records of an account, added up again."""
    messages, requests = account.messages.newest_first(MessageQuery()), account.journal.newest_first()
    sizes = [each.size for each in messages] + [each.size for each in requests]
    logs: list[BoundedLog[Any]] = [account.replies, account.consents, account.callbacks]
    for log in logs:
        sizes += map(log._size_of, log.newest_first())
    return sum(sizes)


def check_sums(world: World) -> None:
    accounts = world.engine.accounts
    unattributed = sum(request.size for request in accounts.unattributed.newest_first())
    assert accounts.budget.used == sum(account.share.used for account in accounts) + unattributed
    for account in accounts:
        assert account.share.used == ACCOUNT_SIZE + account._settings_size + size_of_records(account)


def test_oldest_messages_are_evicted_and_counted() -> None:
    world = limited(100)
    for place in range(20):
        send(world, "a", f"{place} {'x' * 10_000}")
    account = world.engine.account("a")
    kept = [int(content.split()[0]) for content in contents(account)]
    assert kept == [*range(19, 19 - len(kept), -1)]
    assert 5 <= len(kept) < 10
    assert account.messages.evicted == 20 - len(kept)
    assert world.engine.accounts.evicted().messages == 20 - len(kept)
    assert account.messages.evicted_up_to + 1 == account.messages.first
    check_sums(world)


def test_busy_account_does_not_evict_the_messages_of_a_quiet_one() -> None:
    world = limited(200)
    send(world, "quiet", "important")
    for _ in range(500):
        send(world, "busy", "x" * 1_000)
    assert contents(world.engine.account("quiet")) == ["important"]
    assert world.engine.account("quiet").messages.evicted == 0
    assert world.engine.account("busy").messages.evicted > 300


def fill_requests(world: World, account: Account | None) -> None:
    number = world.engine.accounts.numbering.take()
    world.engine.record_request(account, a_request(number)._replace(size=1_000))


def reply(world: World, account: Account) -> None:
    world.controls.reply(account, NUMBER, "x" * 1_000)


def consent(world: World, account: Account) -> None:
    for numbers in ({"1"}, set[str]()):
        world.controls.update_account(account, AccountUpdate(unsubscribed=numbers))


def click(world: World, account: Account) -> None:
    message = next(account.messages.newest_first(MessageQuery()), None)
    if message is None:
        send(world, account.key or "")
    else:
        world.controls.click(account, message.transaction_id)


def call_back(world: World, account: Account) -> None:
    if not account.webhooks:
        world.controls.update_account(account, AccountUpdate(webhooks=(HOOK,)))
    send(world, account.key or "")
    for pending in world.engine.outbox.take_due():
        world.engine.outbox.record_result(pending, Attempt(NOON, 500, b"x" * 4_000, 0.1, "HTTP 500"))


FILLS: dict[str, Callable[[World, Account], None]] = {
    "messages": lambda world, account: send(world, account.key or ""),
    "tags": lambda world, account: send(world, account.key or "", tags=tuple(map(str, range(50)))),
    "requests": fill_requests,
    "replies": reply,
    "opt-outs": consent,
    "clicks": click,
    "callbacks": call_back,
}


@pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
def test_every_kind_of_record_counts(fill: Callable[[World, Account], None]) -> None:
    world = limited(60)
    for _ in range(500):
        fill(world, world.engine.account("a"))
    assert world.engine.accounts.budget.used <= 60 * KIB
    check_sums(world)


def test_requests_without_an_account_count() -> None:
    world = limited(60)
    for _ in range(100):
        fill_requests(world, None)
    unattributed = world.engine.accounts.unattributed
    assert unattributed.evicted == 100 - len(unattributed) > 30
    assert world.engine.accounts.evicted().requests == unattributed.evicted


def test_account_with_large_settings_and_no_records_is_evicted() -> None:
    world = limited(60)
    send(world, "small")
    account = world.engine.account("large")
    world.controls.update_account(account, AccountUpdate(bounced=set(map(str, range(1_000)))))
    accounts = world.engine.accounts
    assert not accounts.holds(account)
    assert (len(accounts), accounts.evicted().accounts) == (1, 1)
    assert accounts.evicted_up_to == accounts.numbering.latest
    check_sums(world)


def test_accounts_without_records_take_a_quarter_at_most() -> None:
    accounts = World(max_memory=2**24).engine.accounts
    assert accounts.limit == 2**22 // ACCOUNT_SIZE
    for place in range(accounts.limit + 3):
        accounts.get(f"key {place}")
    assert (len(accounts), accounts.evicted().accounts) == (accounts.limit, 3)
    assert accounts.by_key("key 2") is None


def test_own_scenario_and_faults_of_an_account_count() -> None:
    world = World()
    account = world.account
    before = account.share.used
    world.controls.activate_scenario(account, a_scenario(a_rule()))
    with_rule = account.share.used
    assert with_rule > before
    fault = world.controls.set_fault(account, a_rule(), SECOND)
    with_fault = account.share.used
    assert with_fault > with_rule
    world.controls.clear_faults(account, fault)
    world.controls.activate_scenario(None, a_scenario(unsubscribed=set(map(str, range(1_000)))))
    assert account.share.used < with_fault + 1_000 * 1_000
    check_sums(world)


def test_scenario_in_front_counts_until_it_is_replaced() -> None:
    world = World()
    account = world.account
    finish(world.controls.activate_in_front(account, a_scenario()))
    before = account.share.used
    front = replace(a_scenario(a_rule()), size=1_000)
    for _ in range(2):
        finish(world.controls.activate_in_front(account, front))
        world.controls.activate_scenario(account, replace(a_scenario(a_rule()), size=100))
    assert account.share.used == before + 2 * RULE_COUNTERS_SIZE + 1_100
    finish(world.controls.activate_in_front(account, NO_SCENARIO))
    assert account.share.used == before + RULE_COUNTERS_SIZE + 100
    world.controls.activate_scenario(account, NO_SCENARIO)
    assert account.share.used == before
    check_sums(world)


def test_lists_of_the_options_count_for_no_account() -> None:
    plain, listed = World(), World(bounced=tuple(f"97254{place:07d}" for place in range(1_000)))
    assert plain.account.share.used == listed.account.share.used
    listed.account.opt_out("1")
    assert listed.account.share.used < plain.account.share.used + 1_000


def test_deleted_records_and_accounts_count_no_more() -> None:
    world = World()
    send(world, "a", "Hello", "1", "2", "3")
    send(world, "b")
    first, second = world.engine.account("a"), world.engine.account("b")
    finish(world.controls.delete(first, finish(first.messages.search(MessageQuery(), 2))))
    check_sums(world)
    world.controls.delete_all(first)
    assert first.share.used == ACCOUNT_SIZE
    world.controls.reset(second)
    assert world.engine.accounts.budget.used == first.share.used
    send(world, "b")
    world.controls.reset(None)
    assert world.engine.accounts.budget.used == 0
    send(world, "b")
    check_sums(world)


def test_account_that_only_exists_for_a_look_counts_nothing() -> None:
    world = World()
    world.engine.accounts.peek("nobody")
    assert world.engine.accounts.budget.used == 0


def test_send_whose_first_messages_are_evicted_meanwhile_is_complete() -> None:
    world = limited(60)
    account = world.account
    submission = Submission("Hello", unsubscribe_link=False, wants_async=True)
    accepted = world.engine.submit(account, submission, [Recipient(f"97254{place:07d}") for place in range(500)])
    assert len(accepted.messages) == 500
    assert 10 < len(account.messages) < 50
    check_sums(world)


def test_evicted_records_and_accounts_leave_memory() -> None:
    """The garbage collector may never see them: a long-lived mock hides old objects from it."""
    world = World(max_accounts=1)
    log = EventLog("epoch", world.engine.accounts.budget)
    world.engine.listeners.append(log.add)
    gc.disable()
    try:
        account = world.engine.account("a")
        send(world, "a")
        fill_requests(world, account)
        watched = weakref.ref(account)
        del account
        send(world, "b")
        assert watched() is None
    finally:
        gc.enable()


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from([*FILLS, "delete", "reset", "advance"])),
        min_size=20,
        max_size=40,
    )
)
def test_sums_hold_in_any_order(moves: list[tuple[str, str]]) -> None:
    world = limited(40)
    for key, move in moves:
        account = world.engine.account(key)
        if move == "delete":
            finish(world.controls.delete(account, finish(account.messages.search(MessageQuery(), 1))))
        elif move == "reset":
            world.controls.reset(account)
        elif move == "advance":
            world.controls.advance_by(None, SECOND)
        else:
            FILLS[move](world, account)
        assert world.engine.accounts.budget.used <= 40 * KIB
    check_sums(world)
