from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mocksms.engine.account import Account, Reply
from mocksms.engine.controls import AccountUpdate, Controls
from mocksms.engine.engine import EngineEvent, ManualChange
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.messages import token_of
from mocksms.engine.rules import NO_SCENARIO, RefusedByFault
from mocksms.engine.steps import finish
from mocksms.errors import IllegalStep, MessageNotFound, NoLink
from mocksms.sms.lifecycle import NEXT
from mocksms.sms.message import Message, Recipient, State, Submission
from mocksms.sms.outcomes import Outcome, Step
from mocksms.sms.times import MAX_INSTANT
from tests.engine.support import DOWN, LOST, SECOND, World, a_message, a_rule, a_scenario, timeline
from tests.support import KEY, NOON, NUMBER

CONTROLS: list[tuple[Callable[[Controls, Account, str], Message], State]] = [
    (Controls.cancel, State.CANCELLED),
    (Controls.send, State.SENT),
    (Controls.bounce, State.BOUNCED),
]
OTHER = "972-54-2222222"


def changes(world: World) -> list[tuple[str | None, EngineEvent]]:
    """Return a list to which the world adds each manual change, with the key of its account."""
    events: list[tuple[str | None, EngineEvent]] = []

    def listen(account: Account | None, event: EngineEvent) -> None:
        if isinstance(event, ManualChange):
            events.append((account.key if account else None, event))

    world.engine.listeners.append(listen)
    return events


def in_state(world: World, state: State) -> Message:
    """Keep a message that is in a state, and return it."""
    message = a_message(world.account.numbering.take(), state=state)
    world.account.messages.add(message)
    return message


@pytest.mark.parametrize(("control", "target"), CONTROLS, ids=["cancel", "send", "bounce"])
def test_manual_step_follows_the_allowed_steps(
    control: Callable[[Controls, Account, str], Message], target: State
) -> None:
    for state in State:
        world = World()
        message = in_state(world, state)
        if target in NEXT[state]:
            changed = control(world.controls, world.account, message.transaction_id)
            assert changed.state is target
            assert changed.decided_by == changed.history[-1].cause
            assert "manually" in changed.history[-1].cause
            assert world.again(message) == changed
        else:
            with pytest.raises(IllegalStep) as refused:
                control(world.controls, world.account, message.transaction_id)
            assert refused.value.allowed == NEXT[state]
            assert world.again(message) == message


@pytest.mark.parametrize("control", [control for control, _ in CONTROLS], ids=["cancel", "send", "bounce"])
def test_manual_step_finds_only_messages_of_the_account(control: Callable[[Controls, Account, str], Message]) -> None:
    world = World()
    message = world.send(send_at=NOON + SECOND)
    with pytest.raises(MessageNotFound):
        control(world.controls, world.engine.account("other"), message.transaction_id)


def test_message_sent_manually_is_charged_once() -> None:
    world = World(credit=10)
    message = world.send(send_at=NOON + 60 * SECOND)
    world.controls.send(world.account, message.transaction_id)
    assert world.account.credit == 9
    assert timeline(world.after(3_600, message)) == [(State.QUEUED, 0), (State.SENT, 0)]
    assert world.account.credit == 9


def test_manual_step_first_applies_what_is_due() -> None:
    world = World()
    message = world.send(send_at=NOON + SECOND)
    world.clock.advance(1)
    with pytest.raises(IllegalStep):
        world.controls.cancel(world.engine.accounts.get(KEY), message.transaction_id)


@pytest.mark.ledger("click.untracked")
def test_click_opens_the_first_link_or_the_given_one() -> None:
    world = World()
    message = world.send(content="https://a.example and https://b.example", track_clicks=True)
    world.controls.click(world.account, message.transaction_id)
    clicked = world.controls.click(world.account, message.transaction_id, "https://b.example")
    assert [click.url for click in clicked.clicks] == ["https://a.example", "https://b.example"]


@pytest.mark.ledger("click.untracked")
def test_click_is_refused_without_track_clicks_unless_an_option_counts_it() -> None:
    world = World()
    message = world.send(content="https://a.example")
    with pytest.raises(NoLink, match="send it with track_clicks, or set the option untracked_clicks"):
        world.controls.click(world.account, message.transaction_id)
    assert world.again(message) == message
    counting = World(untracked_clicks=True)
    message = counting.send(content="https://a.example")
    assert len(counting.controls.click(counting.account, message.transaction_id).clicks) == 1


def test_click_on_a_tracked_link_opens_its_target() -> None:
    world = World()
    message = world.send(content="https://a.example and https://b.example", track_clicks=True)
    shown = world.engine.text_of(message)
    tracked = shown.split()[2]
    assert "b.example" not in shown
    clicked = world.controls.click(world.account, message.transaction_id, tracked)
    assert clicked.clicks[0].url == "https://b.example"


@pytest.mark.parametrize(
    ("content", "url"),
    [("Hello", None), ("https://a.example", "https://b.example"), ("https://a.example", "")],
    ids=["none", "another", "empty"],
)
def test_click_on_an_unknown_link_is_refused(content: str, url: str | None) -> None:
    world = World()
    message = world.send(content=content)
    with pytest.raises(NoLink):
        world.controls.click(world.account, message.transaction_id, url)
    assert world.again(message).clicks == ()


def test_click_on_the_unsubscribe_link_is_refused() -> None:
    world = World()
    message = world.send(content="https://a.example", unsubscribe_link=True)
    link = world.engine.text_of(message).split()[-1]
    with pytest.raises(NoLink):
        world.controls.click(world.account, message.transaction_id, link)


def test_click_on_a_message_that_is_not_sent_is_refused() -> None:
    world = World()
    message = world.send(content="https://a.example", send_at=NOON + SECOND)
    with pytest.raises(NoLink, match="which is queued"):
        world.controls.click(world.account, message.transaction_id)


@pytest.mark.ledger("unsubscribe.opt-out")
def test_messages_to_an_unsubscribed_recipient_are_rejected() -> None:
    world = World()
    events = changes(world)
    message = world.send()
    assert world.controls.unsubscribe(world.account, message.transaction_id) == message
    assert world.send().state is State.UNSUBSCRIBED
    assert events == [(KEY, ManualChange.ACCOUNT)]


@pytest.mark.ledger("reply.latest")
@pytest.mark.parametrize(
    ("allows", "text", "effect", "reason"),
    [
        (True, "STOP", "opted out", ""),
        (True, "הסר", "opted out", ""),
        (True, "Thanks", "", "it is not a word that opts out (STOP, הסר) or in (START)"),
        (False, "STOP", "", "the latest message to the phone did not offer it (add_unsubscribe_sms_reply)"),
        (True, "START", "", "the phone is already opted in"),
    ],
    ids=["stop", "Hebrew", "words", "not allowed", "opted in"],
)
def test_reply_opts_out_if_the_latest_message_allows_it(allows: bool, text: str, effect: str, reason: str) -> None:
    world = World()
    world.send(unsubscribe_reply=not allows)
    message = world.send(unsubscribe_reply=allows)
    sms = world.controls.reply(world.account, NUMBER, text)
    assert sms == Reply(sms.number, NOON, message.digits, text, effect, reason, message.transaction_id)
    assert (message.digits in world.account.unsubscribed) is (effect == "opted out")
    assert list(world.account.replies.newest_first()) == [sms]


def test_reply_opts_in_again() -> None:
    world = World(unsubscribed=("972541111111",))
    world.send(unsubscribe_reply=True)
    assert world.controls.reply(world.account, NUMBER, "START").effect == "opted in"
    assert world.send().state is State.SENT


def test_second_reply_that_opts_out_has_no_effect() -> None:
    world = World()
    world.send(unsubscribe_reply=True)
    replies = [world.controls.reply(world.account, NUMBER, "STOP") for _ in range(2)]
    assert [(each.effect, each.reason) for each in replies] == [
        ("opted out", ""),
        ("", "the phone is already opted out"),
    ]


def test_reply_from_an_unknown_number_is_stored() -> None:
    world = World()
    reply = world.controls.reply(world.account, OTHER, "STOP")
    assert (reply.effect, reply.reason) == ("", "this account has no message to the phone")
    assert world.account.unsubscribed == set()


def test_account_update_keeps_other_values() -> None:
    world = World(sender="Shop", unsubscribed=("1",))
    events = changes(world)
    world.controls.update_account(world.account, AccountUpdate(gateway=False, bounced={"2"}))
    account = world.account
    assert (account.gateway, account.bounced) == (False, {"2"})
    assert (account.sender, account.rest_right, account.unsubscribed) == ("Shop", True, {"1"})
    assert events == [(KEY, ManualChange.ACCOUNT)]


def test_top_up_sends_waiting_messages_until_one_costs_too_much() -> None:
    world = World(credit=0)
    first, long, last = (world.send(content=text) for text in ("a", "b" * 200, "c"))
    world.controls.set_credit(world.account, 2)
    assert [world.again(message).state for message in (first, long, last)] == [
        State.SENT,
        State.NO_CREDIT,
        State.NO_CREDIT,
    ]
    world.controls.set_credit(world.account, None)
    assert world.again(last).state is State.SENT
    assert world.account.waiting_for_credit == {}


def test_top_up_skips_deleted_messages() -> None:
    world = World(credit=0)
    deleted, kept = world.send(), world.send()
    finish(world.controls.delete(world.account, [deleted]))
    world.controls.set_credit(world.account, 1)
    assert world.again(kept).state is State.SENT
    assert world.account.waiting_for_credit == {}


def test_deleted_messages_have_no_later_steps() -> None:
    world = World()
    events = changes(world)
    deleted, kept = world.send(send_at=NOON + SECOND), world.send()
    finish(world.controls.delete(world.account, [deleted]))
    world.clock.advance(2)
    world.engine.tick()
    assert finish(world.account.messages.search(MessageQuery(), 10)) == [kept]
    world.controls.delete_all(world.account)
    assert finish(world.account.messages.search(MessageQuery(), 10)) == []
    assert events == [(KEY, ManualChange.DELETED)] * 2


def test_reset_account_starts_empty_with_new_ids() -> None:
    world = World(credit=5)
    events = changes(world)
    before, other = world.send(), world.engine.account("other")
    cursor = world.engine.cursor
    world.controls.reset(world.account)
    after = world.send()
    assert world.account.credit == 4
    assert after.transaction_id != before.transaction_id
    assert after.sequence > cursor
    assert world.engine.accounts.holds(other)
    assert events == [(KEY, ManualChange.RESET)]


def test_reset_of_everything_keeps_only_the_numbering() -> None:
    world = World()
    events = changes(world)
    before = world.send(send_at=NOON + SECOND)
    world.engine.accounts.clock.freeze()
    world.controls.reset(None)
    assert len(world.engine.accounts) == 0
    world.clock.advance(5)
    world.engine.tick()
    after = world.send()
    assert after.created_at == NOON + 5 * SECOND
    assert after.transaction_id != before.transaction_id
    assert after.sequence > before.sequence
    assert events == [(None, ManualChange.RESET)]


def test_reset_of_a_deleted_account_has_no_effect() -> None:
    world = World()
    account = world.account
    world.controls.reset(account)
    again = world.account
    world.controls.reset(account)
    assert world.engine.accounts.holds(again)


def fired(account: Account) -> list[tuple[str, int]]:
    return [(live.rule.label, live.applied) for live in account.rules.rules]


def test_scenario_of_one_account_does_not_affect_others() -> None:
    world = World(a_scenario(a_rule("first")))
    events, other = changes(world), world.engine.account("other")
    world.controls.activate_scenario(world.account, a_scenario(a_rule("second"), sender="Shop"))
    assert (fired(world.account), world.account.sender) == ([("second", 0)], "Shop")
    assert (fired(other), other.sender) == ([("first", 0)], "SenderID")
    assert fired(world.engine.account("to come")) == [("first", 0)]
    assert events == [(KEY, ManualChange.SCENARIO)]


def test_scenario_of_all_applies_to_current_and_future_accounts() -> None:
    world = World()
    events = changes(world)
    there = [world.account, world.engine.account("other")]
    world.controls.activate_scenario(None, a_scenario(a_rule("rule")))
    for account in (*there, world.engine.account("to come")):
        assert fired(account) == [("rule", 0)]
    assert events == [(None, ManualChange.SCENARIO)]


def test_reset_of_everything_restores_the_initial_scenario() -> None:
    first = a_scenario(a_rule("first"), credit=5)
    world = World(first)
    world.controls.activate_scenario(None, a_scenario(a_rule("second"), credit=9))
    world.controls.reset(None)
    assert world.account.scenario is first
    assert world.account.credit == 5


def test_change_of_scenario_keeps_messages() -> None:
    hold = Outcome(steps=(), decided_by="hold", pass_through_after=10 * SECOND)
    late = Outcome(steps=(Step(State.SENT), Step(State.BOUNCED, 10 * SECOND)), decided_by="late")
    world = World(a_scenario(a_rule("hold", hold, times=1), a_rule("late", late)))
    held, bouncing = world.send(), world.send()
    scheduled = world.send(send_at=NOON + 5 * SECOND)
    world.controls.activate_scenario(
        None, a_scenario(a_rule("second", Outcome(steps=(Step(State.EXCEPTION),), decided_by="second")))
    )
    world.clock.advance(10)
    assert [world.again(message).state for message in (held, bouncing, scheduled)] == [
        State.SENT,
        State.BOUNCED,
        State.EXCEPTION,
    ]


def test_activation_first_applies_what_is_due_with_the_old_scenario() -> None:
    world = World(a_scenario(a_rule("first")))
    message = world.send(send_at=NOON + SECOND)
    world.clock.advance(1)
    world.controls.activate_scenario(None, NO_SCENARIO)
    assert world.again(message).state is State.BOUNCED


@pytest.mark.parametrize("state", [{"credit": None}, {"credit": 5}], ids=["unlimited", "enough"])
def test_scenario_with_credit_sends_waiting_messages(state: dict[str, int | None]) -> None:
    world = World(credit=0)
    message = world.send()
    world.controls.activate_scenario(None, a_scenario())
    assert world.again(message).state is State.NO_CREDIT
    world.controls.activate_scenario(None, a_scenario(**state))
    assert world.again(message).state is State.SENT


def test_changed_file_replaces_its_scenario_wherever_it_is_active() -> None:
    before, after, own = (
        a_scenario(a_rule("before"), credit=5),
        a_scenario(a_rule("after"), credit=9),
        a_scenario(a_rule("own")),
    )
    world = World(before)
    events = changes(world)
    world.account.charge(2)
    other = world.engine.account("other")
    world.controls.activate_scenario(other, own)
    world.controls.replace_scenario(before, after)
    assert (fired(world.account), world.account.credit) == ([("after", 0)], 3)
    assert other.scenario is own
    come = world.engine.account("to come")
    assert (come.scenario, come.credit) == (after, 9)
    world.controls.reset(None)
    assert world.account.scenario is after
    assert events == [("other", ManualChange.SCENARIO), (None, ManualChange.SCENARIO), (None, ManualChange.RESET)]


def test_changed_file_does_not_replace_another_scenario() -> None:
    before, after, played = a_scenario(a_rule("before")), a_scenario(a_rule("after")), a_scenario(a_rule("played"))
    world = World(before)
    world.controls.activate_scenario(None, played)
    world.controls.replace_scenario(before, after)
    assert world.account.scenario is played
    assert world.engine.account("to come").scenario is played
    world.controls.reset(None)
    assert world.account.scenario is after


def test_changed_file_is_reloaded_behind_a_scenario_in_front() -> None:
    before, after, front = (
        a_scenario(a_rule("before")),
        a_scenario(a_rule("after")),
        a_scenario(a_rule("front", times=1)),
    )
    world = World(before)
    finish(world.controls.activate_in_front(world.account, front))
    assert world.send().decided_by == "front"
    assert (world.send().decided_by, fired(world.account)) == ("before", [("front", 1), ("before", 1)])
    world.controls.replace_scenario(before, after)
    assert (world.send().decided_by, fired(world.account)) == ("after", [("front", 1), ("after", 1)])
    assert world.account.scenario.behind is after
    assert fired(world.engine.account("to come")) == [("after", 0)]


def test_scenario_in_front_does_not_change_what_is_random_behind_it() -> None:
    def drawn(*fronts: int) -> list[str | None]:
        world = World(a_scenario(a_rule("random", probability=0.5)))
        decided: list[str | None] = []
        for rules in fronts:
            front = a_scenario(*(a_rule(f"front {place}", None, lambda _: False) for place in range(rules)))
            finish(world.controls.activate_in_front(world.account, front))
            decided += [world.send().decided_by for _ in range(10)]
        return decided

    assert drawn(0, 0, 0) == drawn(1, 3, 2)
    assert len({*drawn(0)}) == 2


def test_reload_first_applies_what_is_due_with_the_old_scenario() -> None:
    before = a_scenario(a_rule("before"))
    world = World(before)
    message = world.send(send_at=NOON + SECOND)
    world.clock.advance(1)
    world.controls.replace_scenario(before, NO_SCENARIO)
    assert world.again(message).state is State.BOUNCED


def triggered(world: World, key: str) -> str:
    """Return which fault a send of an account meets."""
    try:
        accepted = world.engine.submit(world.engine.account(key), Submission("Hello"), [Recipient(NUMBER)])
    except RefusedByFault as refused:
        return refused.triggered.decided_by
    return accepted.triggered.decided_by if accepted.triggered else ""


def test_fault_of_one_account_does_not_affect_others() -> None:
    world = World()
    events = changes(world)
    world.controls.set_fault(world.account, a_rule("down", DOWN), SECOND)
    assert [triggered(world, key) for key in (KEY, "other")] == ["down", ""]
    assert events == [(KEY, ManualChange.FAULTS)]


def test_fault_of_all_applies_to_current_and_future_accounts_until_it_expires() -> None:
    world = World()
    events = changes(world)
    assert triggered(world, KEY) == ""
    world.controls.set_fault(None, a_rule("down", DOWN), 10 * SECOND)
    assert [triggered(world, key) for key in (KEY, "to come")] == ["down"] * 2
    world.clock.advance(9.9)
    assert [triggered(world, key) for key in (KEY, "late")] == ["down"] * 2
    world.clock.advance(0.1)
    assert [triggered(world, key) for key in (KEY, "to come", "late", "later")] == [""] * 4
    assert events == [(None, ManualChange.FAULTS)]


def test_fault_expires_on_the_clock_of_each_account() -> None:
    world = World()
    world.account.clock.move_to(NOON + 3_600 * SECOND)
    world.engine.account("frozen").clock.freeze()
    world.controls.set_fault(None, a_rule("down", DOWN), 10 * SECOND)
    world.clock.advance(9)
    assert [triggered(world, key) for key in (KEY, "frozen")] == ["down", "down"]
    world.clock.advance(1)
    assert [triggered(world, key) for key in (KEY, "frozen")] == ["", "down"]


def test_fault_expires_at_the_latest_time_of_clocks() -> None:
    world = World()
    world.controls.set_fault(None, a_rule("down", DOWN), timedelta.max)
    assert triggered(world, KEY) == "down"
    assert world.account.faults.rules[0].until == MAX_INSTANT


def test_latest_fault_takes_precedence_over_earlier_ones_and_rules() -> None:
    world = World(a_scenario(a_rule("rule", DOWN)))
    world.controls.set_fault(world.account, a_rule("earlier", LOST, times=1), SECOND)
    world.controls.set_fault(None, a_rule("latest", LOST, times=1), SECOND)
    assert [triggered(world, KEY) for _ in range(3)] == ["latest", "earlier", "rule"]


def test_fault_stays_when_the_scenario_changes() -> None:
    world = World()
    world.controls.set_fault(world.account, a_rule("down", DOWN), SECOND)
    world.controls.activate_scenario(None, a_scenario(a_rule("rule", LOST)))
    assert triggered(world, KEY) == "down"


def test_fault_is_cleared_by_its_id_on_one_account_or_on_all() -> None:
    world = World()
    events = changes(world)
    other = world.engine.account("other")
    first, second = (world.controls.set_fault(None, a_rule(label, LOST), SECOND) for label in ("first", "second"))
    assert first != second
    assert world.controls.clear_faults(other, second) == 1
    assert [triggered(world, key) for key in (KEY, "other")] == ["second", "first"]
    assert world.controls.clear_faults(other, second) == 0
    assert world.controls.clear_faults(None, second) == 1
    assert [triggered(world, key) for key in (KEY, "to come")] == ["first", "first"]
    assert world.controls.clear_faults(None, second) == 0
    assert events[2:] == [("other", ManualChange.FAULTS)] * 2 + [(None, ManualChange.FAULTS)] * 2


def test_all_faults_are_cleared_and_each_counts_once() -> None:
    world = World()
    world.engine.account("other")
    world.controls.set_fault(None, a_rule("all", DOWN), SECOND)
    world.controls.set_fault(world.account, a_rule("own", DOWN), SECOND)
    assert world.controls.clear_faults(None) == 2
    assert [triggered(world, key) for key in (KEY, "other", "to come")] == [""] * 3
    assert world.controls.clear_faults(None) == 0


def test_faults_of_one_account_are_cleared_alone() -> None:
    world = World()
    world.controls.set_fault(None, a_rule("all", DOWN), SECOND)
    assert world.controls.clear_faults(world.account) == 1
    assert [triggered(world, key) for key in (KEY, "to come")] == ["", "all"]


def test_reset_of_everything_removes_the_faults() -> None:
    world = World()
    world.controls.set_fault(None, a_rule("down", DOWN), SECOND)
    world.controls.reset(None)
    assert triggered(world, KEY) == ""


def test_expired_faults_are_removed() -> None:
    world = World()
    of_all = world.controls.set_fault(None, a_rule("of_all", DOWN), SECOND)
    own = world.controls.set_fault(world.account, a_rule("own", DOWN), SECOND)
    world.clock.advance(1)
    assert world.controls.clear_faults(world.account, own) == 0
    assert world.controls.clear_faults(None, of_all) == 0
    assert (world.account.faults.rules, world.engine.accounts.faults) == ([], {})
    last = world.controls.set_fault(None, a_rule("last", DOWN), SECOND)
    assert [live.fault_id for live in world.account.faults.rules] == [last]
    assert [*world.engine.accounts.faults] == [last]


def test_opt_out_during_a_change_of_the_list_is_kept() -> None:
    world = World()
    message = world.send()
    change = world.controls.update_account_in_steps(world.account, AccountUpdate(unsubscribed={"972542222222"}))
    next(change)
    world.controls.unsubscribe(world.account, message.transaction_id)
    finish(change)
    assert world.account.unsubscribed == {"972542222222", message.digits}


def test_credit_that_changes_during_a_pause_is_not_exceeded() -> None:
    world = World(credit=0)
    first, second, third = (world.send() for _ in range(3))
    change = world.controls.set_credit_in_steps(world.account, 10)
    next(change)
    world.controls.cancel(world.account, second.transaction_id)
    world.account.credit = 0
    finish(change)
    states = [world.again(message).state for message in (first, second, third)]
    assert states == [State.SENT, State.CANCELLED, State.NO_CREDIT]


def test_message_that_is_cancelled_during_a_pause_is_not_sent() -> None:
    world = World(credit=0)
    first, second = world.send(), world.send()
    change = world.controls.set_credit_in_steps(world.account, None)
    next(change)
    world.controls.cancel(world.account, second.transaction_id)
    finish(change)
    assert [world.again(message).state for message in (first, second)] == [State.SENT, State.CANCELLED]


def test_scenario_that_is_replaced_during_a_pause_is_not_activated_further() -> None:
    world = World()
    others = [world.engine.account(key) for key in ("first", "second")]
    first, second = a_scenario(a_rule("first")), a_scenario(a_rule("second"))
    change = world.controls.activate_scenario_in_steps(None, first)
    next(change)
    world.controls.activate_scenario(None, second)
    finish(change)
    assert {account.scenario.rules[0].label for account in others} == {"second"}


def test_send_goes_on_in_an_account_that_is_deleted_during_a_pause() -> None:
    world = World()
    account = world.account
    send = world.engine.submit_in_steps(account, Submission("Hello"), [Recipient(NUMBER)] * 3)
    for _ in range(4):
        next(send)
    assert len(account.messages) == 2
    world.controls.reset(account)
    messages = finish(send).messages
    assert len(messages) == 3
    assert not len(world.account.messages)
    assert all(world.engine.accounts.by_token(token_of(message.transaction_id)) is None for message in messages)


def test_opt_out_during_the_activation_of_a_scenario_is_kept() -> None:
    world = World()
    message = world.send()
    scenario = a_scenario(unsubscribed=frozenset({"972542222222", "972543333333"}))
    change = world.controls.activate_scenario_in_steps(world.account, scenario)
    next(change)
    world.controls.unsubscribe(world.account, message.transaction_id)
    finish(change)
    assert world.account.unsubscribed == {"972542222222", "972543333333", message.digits}
