from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from mocksms.engine import restoring
from mocksms.engine.account import Account
from mocksms.engine.accounts import MockState, Totals
from mocksms.engine.agenda import StepAction
from mocksms.engine.callbacks import Callback, OrderingKey
from mocksms.engine.clock import Clock
from mocksms.engine.engine import EngineEvent, ManualChange
from mocksms.engine.keys import AccountKey
from mocksms.engine.logs import Numbering
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.outbox import details_of
from mocksms.engine.rules import NO_SCENARIO
from mocksms.settings import Settings
from mocksms.sms.message import AnyState, State
from mocksms.sms.webhook import Webhook, WebhookTrigger
from tests.engine.support import SECOND, World, a_message, a_request, a_rule, a_scenario
from tests.support import KEY, NOON

HOOK = Webhook("http://app.test/")


def detached(key: str, first: int = 1) -> Account:
    """Return an account that was made apart: its message bounces a second after noon, and a callback is due."""
    account = Account(AccountKey.of(key)._replace(value=None), Settings(), Clock(), "tests", Numbering())
    message = a_message(first)
    account.messages.add(message)
    account.agenda.plan(NOON + SECOND, first, StepAction(State.BOUNCED, "a test"))
    details = details_of(message, WebhookTrigger.SENT, NOON)
    ordering_key = OrderingKey(HOOK.url, message.transaction_id)
    account.callbacks.store(Callback(first + 1, HOOK, 0, "sent", details, ordering_key, NOON, NOON))
    account.callbacks.schedule(ordering_key, NOON)
    account.used_at = first
    return account


def events_of(world: World) -> list[tuple[Account | None, EngineEvent]]:
    events: list[tuple[Account | None, EngineEvent]] = []
    world.engine.listeners.append(lambda account, event: events.append((account, event)))
    return events


def states(accounts: Iterable[Account]) -> list[AnyState]:
    return [message.state for account in accounts for message in account.messages.newest_first(MessageQuery())]


def saved(**changes: Any) -> MockState:
    """Return the state of another mock with a request, a fault and a label, frozen at noon."""
    other = World(a_scenario(a_rule()))
    other.controls.freeze(None)
    other.engine.record_request(None, a_request(other.engine.accounts.numbering.take()))
    other.controls.set_fault(None, a_rule("down"), 10 * SECOND)
    other.engine.accounts.labels["0123456789ab"] = "a test"
    return other.engine.accounts.state()._replace(seed="other", **changes)


def test_installed_accounts_go_on() -> None:
    world = World()
    woken: list[None] = []
    world.engine.outbox.on_due = lambda: woken.append(None)
    before, events = world.account, events_of(world)
    accounts = [detached("other"), detached(KEY, first=3)]
    restoring.install(world.engine, accounts, latest=4)
    assert events == [(account, ManualChange.RESET) for account in accounts]
    assert ([*world.engine.accounts], world.account) == (accounts, accounts[1])
    assert not world.engine.accounts.holds(before)
    assert woken
    assert [pending.account for pending in world.engine.outbox.take_due()] == accounts
    assert world.engine.accounts_with_due == accounts
    world.clock.advance(1)
    world.engine.tick()
    assert states(accounts) == [State.BOUNCED, State.BOUNCED]
    assert world.engine.accounts_with_due == []


def test_everything_is_replaced_by_a_state_and_accounts() -> None:
    world = World()
    world.send()
    world.engine.record_request(None, a_request(world.engine.accounts.numbering.take()))
    world.engine.accounts.labels["ba9876543210"] = "another test"
    events, accounts = events_of(world), [detached("a"), detached("b", first=3)]
    state = saved(latest=40, generation=5, evicted=Totals(2, 9, 8), evicted_up_to=7)
    restoring.replace_all(world.engine, accounts, state)
    assert events == [(None, ManualChange.RESET)]
    assert [*world.engine.accounts] == accounts
    assert world.engine.accounts.state() == state
    assert world.engine.seed == "other"
    assert world.engine.accounts.evicted() == Totals(2, 9, 8)
    assert world.engine.accounts.totals() == Totals(2, 2, 1)
    assert world.engine.accounts.budget.used == sum(
        share.used for share in (*(account.share for account in accounts), state.unattributed.share)
    )
    world.clock.advance(1)
    world.engine.tick()
    assert states(accounts) == [State.BOUNCED, State.BOUNCED]
    later = world.engine.account("later")
    assert (later.generation, later.seed, later.clock.now(), later.scenario) == (5, "other", NOON, state.scenario)
    assert [fault.rule.label for fault in later.faults.rules] == ["down"]


def test_accounts_are_looked_at_in_the_saved_orders() -> None:
    world = World()
    first, second, third = accounts = [detached(key) for key in "abc"]
    idle = Account(AccountKey.of("idle"), Settings(), Clock(), "tests", Numbering())
    restoring.replace_all(world.engine, [*accounts, idle], saved(), due=[third, first], with_callbacks=[second])
    assert world.engine.accounts_with_due == [third, first, second]
    assert world.engine.outbox.accounts_with_callbacks == [second, first, third]


@pytest.mark.parametrize(("is_in_use", "cursor"), [(True, 6), (False, 5)])
def test_next_account_gets_a_later_cursor_if_the_latest_used_one_exists(is_in_use: bool, cursor: int) -> None:
    world = World()
    account = detached("a")
    account.used_at = 5
    restoring.replace_all(world.engine, [account], saved(latest=5, is_in_use=is_in_use))
    assert world.engine.account("b").used_at == cursor


def test_limits_hold_for_restored_accounts() -> None:
    world = World(max_accounts=2)
    accounts = [detached(key) for key in "abc"]
    restoring.replace_all(world.engine, accounts, saved())
    assert [*world.engine.accounts] == accounts[1:]
    assert world.engine.accounts_with_due == accounts[1:]


def test_reset_after_restoring_activates_the_saved_initial_scenario() -> None:
    world = World()
    state = saved(scenario=NO_SCENARIO)
    restoring.replace_all(world.engine, [], state)
    assert world.account.scenario is NO_SCENARIO
    world.controls.reset(None)
    assert world.account.scenario is state.initial_scenario
    assert state.initial_scenario.rules
