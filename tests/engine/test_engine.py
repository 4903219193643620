from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mocksms.engine.account import Reply
from mocksms.engine.agenda import StepAction
from mocksms.engine.engine import Engine
from mocksms.engine.facts import MessageFacts
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.rules import ApiOperation, Condition, FaultSpec, RefusedByFault, TriggeredFault
from mocksms.engine.steps import finish
from mocksms.errors import (
    IllegalStep,
    MessageNotFound,
    RequestRefused,
    SendTooLarge,
    TextTooLong,
    UnknownMagicCode,
)
from mocksms.settings import Settings
from mocksms.sms.message import (
    Click,
    ClickReaction,
    Reaction,
    Recipient,
    ReplyReaction,
    State,
    Status,
    Submission,
)
from mocksms.sms.outcomes import Fault, FaultKind, Outcome, Step
from mocksms.sms.text import MAX_SEND_LENGTH, MAX_TEXT_LENGTH
from mocksms.sms.webhook import Webhook
from tests.engine.support import DOWN, LOST, SECOND, World, a_rule, a_scenario, bounced, emitted_messages, timeline
from tests.support import KEY, NOON, NUMBER, ManualClock

FOREIGN = "+1 202 555 0123"
TOO_SHORT = "972-54-111111"
KOSHER = "972-58-32XXXXX"


def magic(code: str) -> str:
    return f"972-50-000{code}00"


@pytest.mark.ledger("send.sync")
def test_sync_send_returns_the_final_state() -> None:
    accepted = World().submit(NUMBER, TOO_SHORT, KOSHER, FOREIGN)
    assert [message.state for message in accepted.messages] == [
        State.SENT,
        State.INVALID,
        State.KOSHER,
        State.SENT,
    ]
    assert accepted.triggered is None


@pytest.mark.ledger("body.recipients")
def test_send_creates_one_message_per_recipient_in_order_with_duplicates() -> None:
    to = [NUMBER, "+972 54 111 1111", FOREIGN, NUMBER]
    messages = World().submit(*to).messages
    assert [message.mobile_number for message in messages] == to
    assert [message.sequence for message in messages] == [1, 2, 3, 4]
    assert len({message.transaction_id for message in messages}) == 4


def test_history_has_time_and_cause_of_each_step() -> None:
    message = World().send(TOO_SHORT)
    queued, invalid = message.history
    assert (queued.at, queued.state, queued.cause) == (NOON, State.QUEUED, "accepted")
    assert (invalid.at, invalid.state, invalid.cause) == (NOON, State.INVALID, message.decided_by)
    assert message.decided_by is not None
    assert message.decided_by.startswith("number form: ")


def test_message_has_the_number_of_its_request() -> None:
    world = World()
    accepted = world.engine.submit(world.account, Submission("Hello"), [Recipient(NUMBER)], request=5)
    assert accepted.messages[0].request == 5


@pytest.mark.ledger("send.async")
def test_async_send_returns_queued_messages_and_processes_them_at_once() -> None:
    world = World()
    accepted = world.submit(NUMBER, TOO_SHORT, KOSHER, wants_async=True)
    assert [message.state for message in accepted.messages] == [State.QUEUED] * 3
    assert [message.decided_by for message in accepted.messages] == [None] * 3
    ended = [world.again(message) for message in accepted.messages]
    assert [message.state for message in ended] == [State.SENT, State.INVALID, State.KOSHER]


@pytest.mark.ledger("send.async")
def test_async_send_stays_queued_for_the_delay() -> None:
    world = World(async_delay=timedelta(seconds=10))
    message = world.send(wants_async=True)
    assert message.state is State.QUEUED
    assert message.due_at == NOON + 10 * SECOND
    assert world.after(9.9, message).state is State.QUEUED
    assert timeline(world.after(60, message)) == [(State.QUEUED, 0), (State.SENT, 10)]


def test_async_send_without_delay_is_processed_before_the_send_returns() -> None:
    world = World()
    account = world.account
    (message,) = world.submit(wants_async=True).messages
    ended = account.messages.at(message.sequence)
    assert ended is not None
    assert ended.state is State.SENT


def test_async_send_uses_the_lists_at_the_time_of_processing() -> None:
    world = World(async_delay=timedelta(seconds=10))
    message = world.send(wants_async=True)
    world.account.bounced = {"972541111111"}
    assert world.after(10, message).state is State.BOUNCED


@pytest.mark.ledger("send.scheduled")
@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_scheduled_send_stays_queued_until_its_time(wants_async: bool) -> None:
    world = World(async_delay=timedelta(seconds=90))
    message = world.send(send_at=NOON + 60 * SECOND, wants_async=wants_async)
    assert message.state is State.QUEUED
    assert message.due_at == NOON + 60 * SECOND
    assert world.after(59.9, message).state is State.QUEUED
    assert timeline(world.after(60, message)) == [(State.QUEUED, 0), (State.SENT, 60)]


@pytest.mark.ledger("send.scheduled")
@pytest.mark.parametrize("ago", [timedelta(), 3600 * SECOND], ids=["this instant", "an hour ago"])
def test_send_scheduled_for_the_past_is_sent_at_once(ago: timedelta) -> None:
    message = World().submit(send_at=NOON - ago).messages[0]
    assert message.state is State.SENT
    assert message.due_at == NOON


def test_async_send_scheduled_for_the_past_has_only_the_delay() -> None:
    world = World(async_delay=timedelta(seconds=10))
    message = world.send(send_at=NOON - 3600 * SECOND, wants_async=True)
    assert message.due_at == NOON + 10 * SECOND
    assert world.after(10, message).state is State.SENT


@pytest.mark.parametrize(
    ("code", "lived"),
    [
        pytest.param("01", [(State.QUEUED, 0), (State.SENT, 5)], id="01"),
        pytest.param("02", [(State.QUEUED, 0)], id="02"),
        pytest.param("23", [(State.QUEUED, 0), (State.SENT, 0), (State.BOUNCED, 5)], id="23"),
        pytest.param(
            "24",
            [(State.QUEUED, 0), (State.CANCELLED, 5)],
            id="24",
            marks=pytest.mark.ledger("status.cancelled"),
        ),
        pytest.param(
            "40",
            [(State.QUEUED, 0), (State.EXCEPTION, 0)],
            id="40",
            marks=pytest.mark.ledger("status.exception"),
        ),
    ],
)
@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_steps_of_a_magic_number_follow_the_clock(
    code: str, lived: list[tuple[State, float]], wants_async: bool
) -> None:
    world = World()
    message = world.send(magic(code), wants_async=wants_async)
    assert timeline(message) == [entry for entry in lived if entry[1] == 0]
    assert timeline(world.after(4.9, message)) == [entry for entry in lived if entry[1] == 0]
    ended = world.after(3600, message)
    assert timeline(ended) == lived
    assert ended.decided_by is not None
    assert ended.decided_by.startswith(f"magic number {code} (")
    assert {step.cause for step in ended.history[1:]} <= {ended.decided_by}


def test_magic_delay_starts_with_processing() -> None:
    world = World(async_delay=timedelta(seconds=10), magic_delay=timedelta(seconds=3))
    message = world.send(magic("01"), wants_async=True)
    assert timeline(world.after(60, message)) == [(State.QUEUED, 0), (State.SENT, 13)]


def test_automatic_reply_comes_a_second_after_sending_without_opt_out() -> None:
    world = World()
    message = world.send(magic("03"))
    world.clock.advance(0.9)
    assert len(world.account.replies) == 0
    world.clock.advance(10)
    assert list(world.account.replies.newest_first()) == [
        Reply(
            2,
            NOON + SECOND,
            message.digits,
            "YES",
            reason="it is not a word that opts out (STOP, הסר) or in (START)",
            transaction_id=message.transaction_id,
        )
    ]
    assert world.account.unsubscribed == set()


@pytest.mark.ledger("status.unsubscribe")
def test_automatic_stop_opts_out_and_later_messages_are_rejected() -> None:
    world = World()
    first = world.send(magic("04"))
    assert first.state is State.SENT
    world.clock.advance(1)
    assert world.account.unsubscribed == {first.digits}
    (stop,) = world.account.replies.newest_first()
    assert stop == Reply(2, NOON + SECOND, first.digits, "STOP", "opted out", transaction_id=first.transaction_id)
    (consent,) = world.account.consents.newest_first()
    assert (consent.transaction_id, consent.reply) == (first.transaction_id, stop.number)
    second = world.send(magic("04"))
    assert second.state is State.UNSUBSCRIBED
    assert second.decided_by == "opt-out"
    world.clock.advance(10)
    assert len(world.account.replies) == 1
    assert world.again(first).state is State.SENT


def test_opt_out_of_one_account_does_not_affect_others() -> None:
    world = World()
    world.send(magic("04"))
    world.clock.advance(1)
    assert world.account.unsubscribed
    assert world.engine.account("another").unsubscribed == set()


def test_automatic_click_opens_the_first_link_a_second_after_sending() -> None:
    world = World()
    message = world.send(magic("05"), content="See https://a.test/1 or https://b.test/2.", track_clicks=True)
    assert message.clicks == ()
    clicked = world.after(60, message)
    assert clicked.clicks == (Click(NOON + SECOND, "https://a.test/1"),)
    assert clicked.history == message.history


def test_callback_of_an_automatic_click_has_the_number_of_the_link() -> None:
    world = World(webhook=(Webhook("http://app.test/hooks"),))
    world.after(60, world.send(magic("05"), content="See https://a.test/1 or https://b.test/2.", track_clicks=True))
    clicks = [each for each in world.account.callbacks.newest_first() if each.event == "click"]
    assert [(each.details.link, each.details.url) for each in clicks] == [(1, "https://a.test/1")]


@pytest.mark.ledger("click.untracked")
@pytest.mark.parametrize(
    ("content", "why"),
    [("https://a.test", "the send has no track_clicks"), ("Hello", "the content has no link")],
    ids=["untracked", "no link"],
)
def test_automatic_click_that_does_not_count_says_why_in_the_history(content: str, why: str) -> None:
    world = World(webhook=(Webhook("http://app.test/hooks", events=("click",)),))
    message = world.after(60, world.send(magic("05"), content=content))
    assert (message.clicks, message.state, len(message.history)) == ((), State.SENT, 2)
    assert message.history[-1].cause == f"{message.decided_by}; click not counted: {why}"
    assert len(world.account.callbacks) == 0


@pytest.mark.ledger("click.untracked")
def test_automatic_click_counts_without_track_clicks_if_set() -> None:
    world = World(untracked_clicks=True)
    assert len(world.after(60, world.send(magic("05"), content="https://a.test")).clicks) == 1


def test_automatic_click_opens_the_link_with_the_values_of_the_recipient() -> None:
    world = World()
    submission = Submission("Go to #link#", unsubscribe_link=False, track_clicks=True)
    recipient = Recipient(magic("05"), {"link": "https://a.test/1"})
    message = world.engine.submit(world.account, submission, [recipient]).messages[0]
    assert world.after(1, message).clicks == (Click(NOON + SECOND, "https://a.test/1"),)


@pytest.mark.parametrize("code", ["03", "04", "05"])
def test_bounced_message_causes_no_reaction(code: str) -> None:
    world = World()
    message = world.send(magic(code), content="https://a.test")
    world.account.agenda.plan(NOON + 0.5 * SECOND, message.sequence, StepAction(State.BOUNCED, "the rule"))
    bounced = world.after(10, message)
    assert bounced.state is State.BOUNCED
    assert bounced.clicks == ()
    assert len(world.account.replies) == 0
    assert world.account.unsubscribed == set()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("70", FaultKind.DELAY),
        ("71", FaultKind.RESET_AFTER_ACCEPT),
        ("73", FaultKind.TRUNCATED),
        ("74", FaultKind.MALFORMED),
        ("75", FaultKind.DRIBBLE),
    ],
)
def test_fault_that_accepts_keeps_the_whole_send(code: str, kind: FaultKind) -> None:
    world = World()
    accepted = world.submit(NUMBER, magic(code), TOO_SHORT)
    assert accepted.triggered is not None
    assert accepted.triggered.fault.kind is kind
    assert [message.state for message in accepted.messages] == [State.SENT, State.SENT, State.INVALID]
    assert len(world.account.messages) == 3


def test_first_of_several_accepting_faults_applies() -> None:
    accepted = World().submit(magic("73"), magic("70"))
    assert accepted.triggered == TriggeredFault(Fault(kind=FaultKind.TRUNCATED), "magic number 73", magic("73"))


@pytest.mark.parametrize("code", ["60", "61", "62", "63", "64", "72"])
def test_fault_that_does_not_accept_refuses_the_whole_send(code: str) -> None:
    world = World()
    with pytest.raises(RefusedByFault) as refused:
        world.submit(NUMBER, magic("73"), magic(code))
    assert refused.value.triggered.decided_by == f"magic number {code}"
    assert not refused.value.triggered.fault.accepts
    assert len(world.account.messages) == 0


@pytest.mark.ledger("magic.unknown-code")
def test_unknown_magic_code_refuses_the_whole_send_and_names_the_recipient() -> None:
    world = World()
    with pytest.raises(UnknownMagicCode) as refused:
        world.submit(NUMBER, magic("99"))
    error = refused.value
    assert (error.index, error.number, error.magic_code) == (1, magic("99"), "99")
    assert error.known == tuple(world.engine.decisions.catalogue.rows)


@pytest.mark.ledger("body.longest")
def test_text_longer_than_the_longest_sms_is_refused() -> None:
    world = World()
    assert world.submit(content="a" * MAX_TEXT_LENGTH).messages[0].segments == 255
    with pytest.raises(TextTooLong) as refused:
        world.submit(content="a" * (MAX_TEXT_LENGTH + 1))
    assert (refused.value.length, refused.value.limit) == (MAX_TEXT_LENGTH + 1, MAX_TEXT_LENGTH)


def test_texts_that_are_too_long_together_refuse_the_whole_send() -> None:
    world = World()
    recipients = [Recipient(NUMBER, {"x": ""}) for _ in range(MAX_SEND_LENGTH // 10_000 + 1)]
    with pytest.raises(SendTooLarge):
        world.engine.submit(world.account, Submission("#x#" + "a" * 9_997), recipients)
    assert len(world.account.messages) == 0


def test_text_that_is_too_long_for_one_recipient_refuses_the_whole_send() -> None:
    world = World()
    recipients = [Recipient(NUMBER), Recipient(FOREIGN, {"a": "x" * 9_999})]
    with pytest.raises(TextTooLong):
        world.engine.submit(world.account, Submission("#a#" * 4), recipients)
    assert len(world.account.messages) == 0


@pytest.mark.parametrize(
    ("to", "content"),
    [
        pytest.param([NUMBER, magic("99")], "Hello", id="unknown code"),
        pytest.param([NUMBER, magic("63")], "Hello", id="fault"),
        pytest.param([NUMBER], "a" * (MAX_TEXT_LENGTH + 1), id="too long"),
    ],
)
@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_refused_send_stores_nothing(to: list[str], content: str, wants_async: bool) -> None:
    world, untouched = World(credit=10), World(credit=10)
    messages = emitted_messages(world.engine)
    with pytest.raises(RequestRefused):
        world.submit(*to, content=content, wants_async=wants_async)
    assert messages == []
    assert world.account.credit == 10
    assert world.account.agenda.is_empty
    assert len(world.account.messages) == 0
    assert world.submit(NUMBER) == untouched.submit(NUMBER)


@pytest.mark.ledger("credit.segments")
def test_sending_subtracts_the_segments_from_the_credit() -> None:
    world = World(credit=10)
    world.submit(NUMBER, FOREIGN, TOO_SHORT, content="a" * 161)
    assert world.account.credit == 6


@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_message_that_is_sent_and_bounces_at_once_is_charged_once(
    monkeypatch: pytest.MonkeyPatch, wants_async: bool
) -> None:
    world = World(credit=10)
    rows = world.engine.decisions.catalogue.rows
    effect = Outcome(steps=(Step(State.SENT), Step(State.BOUNCED)), decided_by="the test")
    monkeypatch.setitem(rows, "00", rows["00"]._replace(effect=effect))
    message = world.send(magic("00"), content="a" * 161, wants_async=wants_async)
    assert timeline(message) == [(State.QUEUED, 0), (State.SENT, 0), (State.BOUNCED, 0)]
    assert world.account.credit == 8
    world.clock.advance(60)
    assert world.account.credit == 8


def test_message_that_bounces_later_is_charged_once() -> None:
    world = World(credit=10)
    message = world.send(magic("23"))
    assert world.account.credit == 9
    assert world.after(5, message).state is State.BOUNCED
    assert world.account.credit == 9


@pytest.mark.ledger("status.no-credit")
def test_message_above_the_credit_is_queued_but_a_shorter_one_is_sent() -> None:
    world = World(credit=2)
    long = world.send(content="a" * 400)
    assert long.state is State.NO_CREDIT
    assert long.decided_by == "credit 2, needed 3"
    assert world.send().state is State.SENT
    assert world.account.credit == 1


@pytest.mark.ledger("status.no-credit")
def test_top_up_sends_waiting_messages_oldest_first() -> None:
    world = World(credit=0)
    messages = [world.send(content="a" * length) for length in (161, 400, 1)]
    world.clock.advance(60)
    world.controls.set_credit(world.account, 3)
    assert [world.again(message).state for message in messages] == [State.SENT, State.NO_CREDIT, State.NO_CREDIT]
    assert world.account.credit == 1
    world.controls.set_credit(world.account, 4)
    assert [world.again(message).state for message in messages] == [State.SENT] * 3
    assert world.account.credit == 0
    assert not world.account.waiting_for_credit
    assert timeline(world.again(messages[0])) == [(State.QUEUED, 0), (State.NO_CREDIT, 0), (State.SENT, 60)]


def test_top_up_first_applies_what_is_due() -> None:
    world = World(credit=0, async_delay=timedelta(seconds=10))
    message = world.send(wants_async=True)
    account = world.account
    world.clock.advance(15)
    world.controls.set_credit(account, 1)
    assert timeline(world.again(message)) == [(State.QUEUED, 0), (State.NO_CREDIT, 10), (State.SENT, 15)]


def test_unlimited_credit_sends_all_waiting_messages() -> None:
    world = World(credit=0)
    messages = [world.send() for _ in range(3)]
    world.controls.set_credit(world.account, None)
    assert {world.again(message).state for message in messages} == {State.SENT}
    assert world.account.credit is None


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        pytest.param("unsubscribed", State.UNSUBSCRIBED, "opt-out", id="opted out"),
        pytest.param("bounced", State.BOUNCED, "bounce list", id="bounced"),
        pytest.param("kosher", State.KOSHER, "kosher list", id="kosher"),
    ],
)
def test_message_that_waited_for_credit_is_decided_again(change: str, state: State, words: str) -> None:
    world = World(credit=0)
    message = world.send()
    setattr(world.account, change, {message.digits})
    world.controls.set_credit(world.account, 5)
    judged = world.again(message)
    assert (judged.state, judged.decided_by) == (state, words)
    assert world.account.credit == 5


def test_message_that_waited_for_credit_needs_a_gateway() -> None:
    world = World(credit=0)
    message = world.send()
    world.account.gateway = False
    world.controls.set_credit(world.account, None)
    assert world.again(message).state is State.NO_GATEWAY


def test_magic_number_without_credit_is_sent_on_any_top_up() -> None:
    world = World()
    message = world.send(magic("30"))
    assert message.state is State.NO_CREDIT
    world.controls.set_credit(world.account, 1)
    assert world.again(message).state is State.SENT
    assert world.account.credit == 0


@pytest.mark.parametrize("prefix", ["9999", "97211111"], ids=["no country", "no mobile"])
def test_magic_number_without_credit_is_sent_on_top_up_with_any_prefix(prefix: str) -> None:
    world = World(magic_prefix=prefix)
    message = world.send(prefix + "3000")
    assert message.state is State.NO_CREDIT
    world.controls.set_credit(world.account, None)
    assert world.again(message).state is State.SENT


def test_sent_magic_number_is_charged_down_to_zero() -> None:
    world = World(credit=1)
    world.submit(magic("00"), content="a" * 400)
    assert world.account.credit == 0


def test_top_up_skips_evicted_messages() -> None:
    world = World(credit=0, max_messages=1)
    world.send()
    kept = world.send()
    world.controls.set_credit(world.account, 1)
    assert world.again(kept).state is State.SENT
    assert world.account.credit == 0
    assert not world.account.waiting_for_credit


@pytest.mark.ledger("status.cancelled")
@pytest.mark.parametrize("to", [magic("02"), magic("01")], ids=["forever", "for a while"])
def test_queued_message_can_be_cancelled(to: str) -> None:
    world = World()
    message = world.send(to)
    world.clock.advance(2)
    cancelled = world.controls.cancel(world.account, message.transaction_id)
    assert cancelled.state is State.CANCELLED
    assert cancelled.history[-1].cause == "cancelled manually"
    assert world.after(3600, message) == cancelled
    assert timeline(cancelled) == [(State.QUEUED, 0), (State.CANCELLED, 2)]


def test_message_sent_in_the_meantime_cannot_be_cancelled() -> None:
    world = World()
    message = world.send(magic("01"))
    account = world.account
    world.clock.advance(5)
    with pytest.raises(IllegalStep):
        world.controls.cancel(account, message.transaction_id)
    assert world.again(message).state is State.SENT


def test_cancelled_scheduled_message_is_not_processed() -> None:
    world = World()
    message = world.send(send_at=NOON + 60 * SECOND)
    cancelled = world.controls.cancel(world.account, message.transaction_id)
    assert world.after(60, message) == cancelled


def test_manually_cancelled_message_says_what_decided_it() -> None:
    world = World(credit=0)
    for message in (world.send(send_at=NOON + 60 * SECOND), world.send()):
        cancelled = world.controls.cancel(world.account, message.transaction_id)
        assert cancelled.decided_by == "cancelled manually"


def test_message_cancelled_while_it_waits_for_credit_is_not_sent_on_top_up() -> None:
    world = World(credit=0)
    message = world.send()
    world.controls.cancel(world.account, message.transaction_id)
    world.controls.set_credit(world.account, 5)
    assert world.again(message).state is State.CANCELLED
    assert world.account.credit == 5
    assert not world.account.waiting_for_credit


@pytest.mark.parametrize("to", [NUMBER, TOO_SHORT, magic("22")], ids=["sent", "invalid", "bounced"])
def test_message_that_is_not_queued_cannot_be_cancelled(to: str) -> None:
    world = World()
    message = world.send(to)
    with pytest.raises(IllegalStep):
        world.controls.cancel(world.account, message.transaction_id)
    assert world.again(message) == message


def test_message_is_found_in_its_own_account_only() -> None:
    world = World()
    message = world.send()
    other = world.engine.account("another")
    for call in (world.engine.find, world.controls.cancel):
        with pytest.raises(MessageNotFound) as refused:
            call(other, message.transaction_id)
        assert refused.value.transaction_id == message.transaction_id
    assert finish(other.messages.search(MessageQuery(), 10)) == []
    assert finish(world.account.messages.search(MessageQuery(status=Status.SENT), 10)) == [message]


def test_each_account_has_its_own_clock() -> None:
    world = World()
    message = world.send(magic("01"))
    world.engine.account("another").clock.move_to(NOON + 3600 * SECOND)
    assert world.again(message).state is State.QUEUED
    world.account.clock.move_to(NOON + 5 * SECOND)
    assert world.again(message).state is State.SENT


def test_due_actions_are_applied_in_time_order() -> None:
    world = World()
    slow = world.send(magic("23"))
    soon = world.send(send_at=NOON + 2 * SECOND)
    messages = emitted_messages(world.engine)
    world.clock.advance(60)
    assert messages == []
    world.engine.tick()
    steps_taken = [(message.transaction_id, message.state) for _, message in messages]
    assert steps_taken == [(soon.transaction_id, State.SENT), (slow.transaction_id, State.BOUNCED)]


def test_tick_applies_what_is_due_in_every_account() -> None:
    world = World()
    messages = [
        world.engine.submit(world.engine.account(key), Submission("Hello"), [Recipient(magic("01"))]).messages[0]
        for key in "ab"
    ]
    world.clock.advance(5)
    world.engine.tick()
    states = [
        found.state
        for account, message in zip(world.engine.accounts, messages, strict=True)
        if (found := account.messages.get(message.transaction_id))
    ]
    assert states == [State.SENT, State.SENT]


def test_evicted_message_takes_no_more_steps() -> None:
    world = World(max_messages=1)
    evicted = world.submit(magic("01")).messages[0]
    kept = world.send()
    world.clock.advance(60)
    assert world.again(kept) == kept
    assert world.account.agenda.is_empty
    with pytest.raises(MessageNotFound):
        world.again(evicted)


def test_send_above_the_message_limit_returns_all_messages() -> None:
    world = World(max_messages=2)
    accepted = world.submit(*[NUMBER] * 5, wants_async=True)
    assert len(accepted.messages) == 5
    assert [message.sequence for message in finish(world.account.messages.search(MessageQuery(), 10))] == [5, 4]
    assert world.account.messages.evicted == 3


def test_access_to_an_account_applies_what_is_due() -> None:
    world = World()
    message = world.send(magic("01"))
    held = world.account
    world.clock.advance(5)
    assert held.messages.at(message.sequence) == message
    assert world.engine.account(KEY) is held
    assert world.again(message).state is State.SENT


def test_account_created_again_after_eviction_has_new_ids() -> None:
    world = World(max_accounts=1)
    evicted = world.send()
    world.engine.account("another")
    back = world.send()
    assert back.sequence > evicted.sequence
    assert back.transaction_id != evicted.transaction_id


def test_tick_skips_accounts_without_planned_actions() -> None:
    world = World()
    account = world.account
    world.send()
    assert list(world.engine._with_due) == []
    world.send(magic("01"))
    world.send(send_at=NOON + 60 * SECOND)
    assert list(world.engine._with_due) == [account]
    for seconds, busy in ((5, [account]), (55, [])):
        world.clock.advance(seconds)
        world.engine.tick()
        assert list(world.engine._with_due) == busy
    world.send(wants_async=True)
    assert list(world.engine._with_due) == []


def test_each_message_and_step_is_an_event() -> None:
    world = World(credit=1)
    messages = emitted_messages(world.engine)
    world.submit(NUMBER, NUMBER, wants_async=True)
    world.submit(magic("05"), content="https://a.test", track_clicks=True)
    world.clock.advance(1)
    account = world.account
    world.controls.set_credit(account, None)
    assert [(owner, message.sequence, message.state, len(message.clicks)) for owner, message in messages] == [
        (account, 1, State.QUEUED, 0),
        (account, 2, State.QUEUED, 0),
        (account, 1, State.SENT, 0),
        (account, 2, State.NO_CREDIT, 0),
        (account, 3, State.SENT, 0),
        (account, 3, State.SENT, 1),
        (account, 2, State.SENT, 0),
    ]


@pytest.mark.ledger("body.unsubscribe-link", "body.unsubscribe-link-off")
@pytest.mark.parametrize(
    ("forced", "requested", "expected"),
    [(True, False, True), (True, True, True), (False, False, False), (False, True, True)],
    ids=["forced", "forced and requested", "neither", "requested"],
)
def test_setting_forces_the_unsubscribe_link(forced: bool, requested: bool, expected: bool) -> None:
    message = World(force_unsubscribe_link=forced).send(content="a" * 160, unsubscribe_link=requested)
    assert message.submission.unsubscribe_link is expected
    assert message.segments == (2 if expected else 1)


@pytest.mark.ledger("number.local")
@pytest.mark.parametrize(
    ("accepted", "state"), [(True, State.UNSUBSCRIBED), (False, State.INVALID)], ids=["accepted", "not accepted"]
)
@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_accepted_local_number_is_compared_with_country_code(accepted: bool, state: State, wants_async: bool) -> None:
    world = World(accept_local_numbers=accepted, unsubscribed=("972541111111",))
    message = world.send("054-1111111", wants_async=wants_async)
    assert message.state is state
    assert message.mobile_number == "054-1111111"


@pytest.mark.ledger("number.local")
def test_accepted_local_number_in_a_list_matches_every_spelling() -> None:
    world = World(accept_local_numbers=True, bounced=("054-1111111",))
    assert [message.state for message in world.submit("054-1111111", NUMBER).messages] == [State.BOUNCED] * 2


@pytest.mark.ledger("body.link-address")
def test_links_start_with_the_url_of_the_mock() -> None:
    assert Engine(Settings()).text_policy.link_base == "http://127.0.0.1:8972"
    assert Engine(Settings(), url="http://127.0.0.1:80").text_policy.link_base == "http://127.0.0.1:80"


@pytest.mark.ledger("body.link-address")
def test_links_start_with_the_public_url() -> None:
    engine = Engine(Settings(public_url="https://sms.test/mock"), url="http://127.0.0.1:80")
    assert engine.text_policy.link_base == "https://sms.test/mock"


@pytest.mark.ledger("credit.link-length")
@pytest.mark.parametrize("base", ["http://m", "http://" + "m" * 200])
def test_segments_and_credit_do_not_depend_on_the_address_of_the_mock(base: str) -> None:
    engine = Engine(Settings(credit=10), ManualClock(), base)
    account = engine.account(KEY)
    contents = ["a" * 122, "a" * 123, "ש" * 32, "ש" * 33, "www.a.test" + "a" * 123]
    for content in contents:
        engine.submit(
            account, Submission(content, unsubscribe_link=content[0] != "w", track_clicks=True), [Recipient(NUMBER)]
        )
    assert [message.segments for message in account.messages.newest_first(MessageQuery())] == [1, 2, 1, 2, 1]
    assert account.credit == 3


@pytest.mark.ledger("credit.link-length")
def test_option_says_how_many_characters_a_link_counts_as() -> None:
    engine = Engine(Settings(link_length=20), ManualClock())
    submissions = [Submission("a" * length) for length in (139, 140)]
    accepted = [engine.submit(engine.account(KEY), each, [Recipient(NUMBER)]).messages[0] for each in submissions]
    assert [message.segments for message in accepted] == [1, 2]


@pytest.mark.ledger("send.transaction-id")
def test_engine_without_a_seed_draws_one() -> None:
    one, other = Engine(Settings()), Engine(Settings())
    assert one.seed != other.seed
    assert Engine(Settings(seed="mine")).seed == "mine"
    assert Engine(Settings(seed=one.seed)).account(KEY).new_transaction_id() == one.account(KEY).new_transaction_id()


def steps(*parts: Step, reactions: tuple[Reaction, ...] = ()) -> Outcome:
    return Outcome(steps=parts, decided_by="the rule", reactions=reactions)


def passing(after: float = 0, *reactions: Reaction) -> Outcome:
    return Outcome(steps=(), decided_by="the rule", reactions=reactions, pass_through_after=after * SECOND)


def nth(wanted: int) -> Condition:
    return lambda facts: facts.nth == wanted


@pytest.mark.ledger("decision.order")
@pytest.mark.parametrize("to", [NUMBER, TOO_SHORT, KOSHER, FOREIGN, magic("00"), magic("40")])
@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_rule_takes_precedence_over_magic_numbers_and_default_rules(to: str, wants_async: bool) -> None:
    message = World(a_scenario(a_rule()), credit=0).send(to, wants_async=wants_async)
    assert (message.state, message.decided_by, message.history[-1].cause) == (State.BOUNCED, "the rule", "the rule")


def test_message_without_a_matching_rule_is_decided_by_default() -> None:
    world = World(a_scenario(a_rule("of another", None, lambda facts: facts.digits == "1")))
    assert world.send().decided_by == "no rule or list applied"
    assert world.send(magic("22")).decided_by == "magic number 22 (rejected/bounced)"


def test_steps_of_a_rule_follow_the_clock() -> None:
    world = World(a_scenario(a_rule("r", steps(Step(State.SENT, 2 * SECOND), Step(State.BOUNCED, 60 * SECOND)))))
    message = world.send()
    assert message.state is State.QUEUED
    assert timeline(world.after(3_600, message)) == [(State.QUEUED, 0), (State.SENT, 2), (State.BOUNCED, 60)]


def test_rule_without_steps_leaves_a_message_queued() -> None:
    world = World(a_scenario(a_rule("r", steps())))
    message = world.send()
    assert world.after(3_600, message).state is State.QUEUED


def test_message_sent_by_a_rule_is_charged_but_never_waits_for_credit() -> None:
    world = World(a_scenario(a_rule("r", steps(Step(State.SENT)))), credit=1)
    assert [world.send().state for _ in range(2)] == [State.SENT] * 2
    assert world.account.credit == 0


def test_rules_apply_to_an_async_message_when_it_is_processed() -> None:
    world = World(a_scenario(a_rule("r", times=1)), async_delay=10 * SECOND)
    waiting_for_credit = world.send(wants_async=True)
    assert world.account.rules.rules[0].matched == 0
    now = world.send()
    assert (now.state, world.after(10, waiting_for_credit).state) == (State.BOUNCED, State.SENT)
    later = world.send(wants_async=True)
    world.controls.activate_scenario(None, a_scenario(a_rule("new")))
    assert timeline(world.after(10, later)) == [(State.QUEUED, 10), (State.BOUNCED, 20)]


@pytest.mark.parametrize(
    "more", [{}, {"wants_async": True}, {"send_at": NOON + SECOND}], ids=["sync", "async", "scheduled"]
)
def test_rule_matches_on_the_properties_of_the_message(more: dict[str, Any]) -> None:
    seen: list[MessageFacts] = []

    def look(facts: MessageFacts) -> bool:
        seen.append(facts)
        return False

    world = World(a_scenario(a_rule("r", None, look)), sender="Shop")
    submission = Submission("Hi #name#", None, ("a", "b"), "hebrew", unsubscribe_link=False, **more)
    to = [Recipient(NUMBER), Recipient("+972 54 111 1111", {"name": "D" * 160})]
    world.engine.submit(world.account, submission, to)
    world.clock.advance(1)
    world.engine.tick()
    first, second = seen
    assert (first.mobile_number, first.digits, first.content, first.nth) == (NUMBER, "972541111111", "Hi #name#", 1)
    assert (second.mobile_number, second.digits, second.nth) == ("+972 54 111 1111", "972541111111", 2)
    assert second.content == f"Hi {'D' * 160}"
    assert (first.sender, first.tags, first.charset) == ("Shop", ("a", "b"), "hebrew")
    assert first.wants_async is bool(more.get("wants_async"))
    assert [facts.count_segments() for facts in seen] == [1, 2]


def test_rule_matches_on_the_sender_of_the_send() -> None:
    world = World(a_scenario(a_rule("r", None, lambda facts: facts.sender == "Bank")))
    assert [world.send(sender=sender).state for sender in ("Bank", None)] == [State.BOUNCED, State.SENT]


@pytest.mark.parametrize("more", [{}, {"wants_async": True}], ids=["sync", "async"])
def test_rule_matches_on_the_nth_message_to_a_number(more: dict[str, Any]) -> None:
    world = World(a_scenario(a_rule("r", None, nth(2))))
    to = [NUMBER, FOREIGN, "+972-541111111", NUMBER]
    states = [world.again(message).state for message in world.submit(*to, **more).messages]
    assert states == [State.SENT, State.SENT, State.BOUNCED, State.SENT]
    assert world.send(FOREIGN, **more).state is State.BOUNCED


def test_fault_matches_on_the_nth_message_to_a_number_within_one_send() -> None:
    world = World(a_scenario(a_rule("fault", LOST, nth(2))))
    assert world.submit(NUMBER, FOREIGN).triggered is None
    assert world.submit("972-54-2222222", "+972 54 222 2222").triggered == TriggeredFault(
        LOST.fault, "fault", "+972 54 222 2222", 2
    )
    assert world.submit(FOREIGN).triggered == TriggeredFault(LOST.fault, "fault", FOREIGN, 2)


def test_rule_that_passes_through_leaves_the_decision_to_no_later_rule() -> None:
    world = World(a_scenario(a_rule("pass", passing()), a_rule("bounces")))
    messages = [world.send(to) for to in (NUMBER, TOO_SHORT, magic("40"))]
    assert [(message.state, message.decided_by) for message in messages] == [
        (State.SENT, "no rule or list applied; passed through by the rule"),
        (
            State.INVALID,
            "number form: 11 digits, but an Israeli mobile number is 9725 and 8 more digits; "
            "passed through by the rule",
        ),
        (State.EXCEPTION, "magic number 40 (exception/exception); passed through by the rule"),
    ]
    assert world.account.rules.rules[1].matched == 0


@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_rule_that_passes_through_later_keeps_a_message_queued(wants_async: bool) -> None:
    world = World(a_scenario(a_rule("pass", passing(3), times=1)), async_delay=10 * SECOND, credit=5)
    message = world.send(magic("01"), wants_async=wants_async)
    assert (message.state, world.account.credit) == (State.QUEUED, 5)
    taken = 10 if wants_async else 0
    lived = timeline(world.after(60, message))
    assert lived == [(State.QUEUED, 0), (State.SENT, taken + 3 + 5)]


def test_delayed_message_is_decided_at_the_time_of_release() -> None:
    world = World(a_scenario(a_rule("pass", passing(3))))
    message = world.send()
    world.account.bounced = {message.digits}
    assert timeline(world.after(3, message)) == [(State.QUEUED, 0), (State.BOUNCED, 3)]


def test_cancelled_delayed_message_is_not_released() -> None:
    world = World(a_scenario(a_rule("pass", passing(3))))
    message = world.send()
    cancelled = world.controls.cancel(world.account, message.transaction_id)
    assert world.after(60, message) == cancelled


def test_rules_do_not_apply_to_a_cancelled_async_message() -> None:
    world = World(a_scenario(a_rule()), async_delay=10 * SECOND)
    message = world.send(wants_async=True)
    world.controls.cancel(world.account, message.transaction_id)
    assert world.after(60, message).state is State.CANCELLED
    assert world.account.rules.rules[0].matched == 0


REACTIONS = (ReplyReaction("Who?", SECOND), ReplyReaction("STOP", 2 * SECOND), ClickReaction(3 * SECOND))


@pytest.mark.parametrize(
    ("effect", "to", "sent_at"),
    [
        pytest.param(passing(0, *REACTIONS), NUMBER, 0, id="let pass"),
        pytest.param(passing(4, *REACTIONS), NUMBER, 4, id="held"),
        pytest.param(passing(4, *REACTIONS), magic("01"), 9, id="held, and sent late by its nature"),
        pytest.param(passing(0, *REACTIONS), magic("01"), 5, id="sent late by its nature"),
    ],
)
def test_reactions_of_a_rule_start_when_its_message_is_sent(effect: Outcome, to: str, sent_at: float) -> None:
    world = World(a_scenario(a_rule("r", effect)))
    message = world.send(to, content="https://a.test", unsubscribe_reply=True, track_clicks=True)
    clicked = world.after(60, message)
    replies = [(sms.text, sms.effect, sms.at) for sms in world.account.replies.newest_first()]
    assert replies == [
        ("STOP", "opted out", NOON + (sent_at + 2) * SECOND),
        ("Who?", "", NOON + (sent_at + 1) * SECOND),
    ]
    assert clicked.clicks == (Click(NOON + (sent_at + 3) * SECOND, "https://a.test"),)


def test_reactions_of_a_rule_are_added_to_those_of_a_magic_number() -> None:
    world = World(a_scenario(a_rule("r", passing(0, ReplyReaction("Who?", 2 * SECOND)))))
    world.send(magic("03"))
    world.clock.advance(60)
    assert [sms.text for sms in world.account.replies.newest_first()] == ["Who?", "YES"]


@pytest.mark.parametrize("wants_async", [False, True])
def test_reactions_start_when_new_credit_sends_the_message(wants_async: bool) -> None:
    world = World(a_scenario(a_rule("r", passing(0, ReplyReaction("YES", SECOND)))), credit=0)
    message = world.after(5, world.send(wants_async=wants_async))
    assert message.state is State.NO_CREDIT
    world.controls.set_credit(world.account, 10)
    world.clock.advance(1)
    world.engine.tick()
    assert [sms.at for sms in world.account.replies.newest_first()] == [NOON + 6 * SECOND]


@pytest.mark.parametrize(
    "effect",
    [
        steps(Step(State.SENT, 60 * SECOND), reactions=(ReplyReaction("YES", SECOND),)),
        passing(60, ReplyReaction("YES", SECOND)),
    ],
)
def test_reactions_start_when_the_message_is_sent_manually(effect: Outcome) -> None:
    world = World(a_scenario(a_rule("r", effect)))
    message = world.send()
    world.engine.step(world.account, message, State.SENT, NOON, "manual")
    world.clock.advance(100)
    assert [sms.at for sms in world.account.replies.newest_first()] == [NOON + SECOND]


def test_rule_causes_no_reactions_if_nothing_is_sent() -> None:
    world = World(a_scenario(a_rule("r", passing(0, *REACTIONS))))
    message = world.send(TOO_SHORT, content="https://a.test", unsubscribe_reply=True)
    assert world.after(60, message).clicks == ()
    assert len(world.account.replies) == 0


@pytest.mark.parametrize(
    ("allows", "text", "effect"),
    [(True, "STOP", "opted out"), (False, "STOP", ""), (True, "Thanks", ""), (True, "start", "")],
)
def test_reply_of_a_rule_opts_out_by_its_text_if_the_send_allows_it(allows: bool, text: str, effect: str) -> None:
    world = World(a_scenario(a_rule("r", steps(Step(State.SENT), reactions=(ReplyReaction(text, SECOND),)))))
    message = world.send(unsubscribe_reply=allows)
    world.clock.advance(1)
    assert [sms.effect for sms in world.account.replies.newest_first()] == [effect]
    assert (message.digits in world.account.unsubscribed) is (effect == "opted out")


@pytest.mark.parametrize("wants_async", [False, True], ids=["sync", "async"])
def test_accepting_fault_of_a_rule_keeps_the_send(wants_async: bool) -> None:
    world = World(a_scenario(a_rule("lost", LOST, times=1)))
    accepted = world.submit(NUMBER, wants_async=wants_async)
    assert accepted.triggered == TriggeredFault(LOST.fault, "lost", NUMBER, 1)
    assert len(world.account.messages) == 1
    assert world.submit().triggered is None


def test_refusing_fault_of_a_rule_stores_no_message() -> None:
    world = World(a_scenario(a_rule("down", DOWN), a_rule("bounces")), credit=5)
    with pytest.raises(RefusedByFault) as refused:
        world.submit(NUMBER, FOREIGN)
    assert (refused.value.triggered.fault, refused.value.triggered.decided_by) == (DOWN.fault, "down")
    assert (refused.value.triggered.mobile_number, refused.value.triggered.nth) == (NUMBER, 1)
    assert (len(world.account.messages), world.account.credit) == (0, 5)
    assert [live.matched for live in world.account.rules.rules] == [1, 0]


def test_manual_fault_takes_precedence_over_rules_and_magic_numbers() -> None:
    world = World(a_scenario(a_rule("rule", LOST)))
    assert world.submit(magic("73")).triggered == TriggeredFault(LOST.fault, "rule", magic("73"), 1)
    fault_id = world.controls.set_fault(world.account, a_rule("manual", LOST), SECOND)
    assert world.submit(magic("73")).triggered == TriggeredFault(LOST.fault, "manual", magic("73"), 2, fault_id)
    assert [live.applied for live in world.account.rules.rules] == [1]


def test_unknown_magic_code_takes_precedence_over_faults() -> None:
    world = World(a_scenario(a_rule("down", DOWN)))
    with pytest.raises(UnknownMagicCode):
        world.submit(magic("99"))
    assert world.account.rules.rules[0].matched == 0


def test_manual_fault_applies_without_a_scenario() -> None:
    world = World()
    world.controls.set_fault(None, a_rule("manual", LOST), SECOND)
    accepted = world.submit()
    assert accepted.triggered is not None
    assert accepted.triggered.decided_by == "manual"


def test_fault_of_a_read_depends_on_its_operation() -> None:
    slow = FaultSpec(fault=Fault(kind=FaultKind.DELAY, duration=SECOND))
    world = World(
        a_scenario(a_rule("info", DOWN, call=ApiOperation.INFO), a_rule("search", slow, call=ApiOperation.SEARCH))
    )
    with pytest.raises(RefusedByFault) as refused:
        finish(world.engine.trigger_rule_fault(world.account, ApiOperation.INFO))
    assert (refused.value.triggered.decided_by, refused.value.triggered.mobile_number, refused.value.triggered.nth) == (
        "info",
        "",
        0,
    )
    assert finish(world.engine.trigger_rule_fault(world.account, ApiOperation.SEARCH)) == TriggeredFault(
        slow.fault, "search"
    )
    assert world.submit().triggered is None


def test_rule_counts_each_message_of_a_send() -> None:
    world = World(a_scenario(a_rule("r", bounced(), every=2)))
    states = [message.state for message in world.submit(*[NUMBER] * 4).messages]
    assert states == [State.SENT, State.BOUNCED] * 2


def test_one_send_uses_a_fault_once() -> None:
    world = World(a_scenario(a_rule("lost", LOST)))
    world.submit(*[NUMBER] * 4)
    assert (world.account.rules.rules[0].matched, world.account.rules.rules[0].applied) == (1, 1)


def test_message_without_credit_by_a_rule_is_sent_on_top_up_with_any_number() -> None:
    world = World(a_scenario(a_rule("r", steps(Step(State.NO_CREDIT)))), credit=5)
    message = world.send(TOO_SHORT)
    assert message.state is State.NO_CREDIT
    world.controls.set_credit(world.account, 9)
    assert (world.again(message).state, world.account.credit) == (State.SENT, 8)


def test_cause_of_each_step_is_what_decided_it() -> None:
    steps = (Step(State.NO_CREDIT), Step(State.SENT, 5 * SECOND), Step(State.BOUNCED, 10 * SECOND))
    world = World(a_scenario(a_rule("late", Outcome(steps=steps, decided_by="late"))), credit=0)
    message = world.send()
    world.controls.set_credit(world.account, 5)
    assert world.again(message).decided_by == "no rule or list applied"
    bounced_later = world.after(10, message)
    assert [step.cause for step in bounced_later.history[1:]] == ["late", "no rule or list applied", "late"]
    assert bounced_later.decided_by == "late"


def test_malformed_request_is_recorded_by_its_first_line() -> None:
    engine = World().engine
    engine.record_malformed_request(b"GET \xff\r\nX-API-Key: secret\r\n", "no version")
    (request,) = engine.accounts.unattributed.newest_first()
    assert (request.method, request.target, request.headers) == ("GET", "ÿ", b"")
    assert (request.status, request.refusal, request.operation) == (400, "malformed_http", None)
    assert request.note == "malformed HTTP: no version"


def test_size_of_the_response_to_a_malformed_request_is_in_bytes() -> None:
    engine = World().engine
    engine.record_malformed_request(b"GET", "no “version”")
    (request,) = engine.accounts.unattributed.newest_first()
    assert request.response_size == len(request.response_body) > len("no “version”")
