"""Outbox: which callbacks receivers get, in which order and when; the test plays the dispatcher."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mocksms.engine.account import Account
from mocksms.engine.callbacks import Attempt, Callback, CallbackState
from mocksms.engine.controls import AccountUpdate
from mocksms.engine.engine import EngineEvent
from mocksms.engine.outbox import PendingCallback, ReplayOrder
from mocksms.engine.rules import ActiveScenario, Rule
from mocksms.sms.message import CallbackPolicy, Reason, State
from mocksms.sms.outcomes import AT_ONCE, Outcome, Step
from mocksms.sms.webhook import Webhook, WebhookKind
from tests.engine.support import World
from tests.support import NOON, NUMBER

HERE = Webhook("http://app.test/")
BOUNCING = "972-50-0002300"
LINK = "https://a.example"


def world(*webhooks: Webhook, **options: Any) -> World:
    world = World(webhook=webhooks or (HERE,), **options)
    world.account.clock.freeze()
    return world


def deliver(world: World, *statuses: int) -> list[tuple[str, float]]:
    """Deliver what is due with these statuses, then with 200; return the events with their seconds after noon."""
    delivered: list[tuple[str, float]] = []
    remaining = iter(statuses)
    world.engine.tick()
    while due := world.engine.outbox.take_due():
        for pending in due:
            delivered.append((pending.callback.event, (pending.scheduled_at - NOON).total_seconds()))
            respond(world, pending, next(remaining, 200))
    return delivered


def respond(world: World, pending: PendingCallback, status: int) -> None:
    error = None if status == 200 else f"HTTP {status}"
    world.engine.outbox.record_result(pending, Attempt(pending.scheduled_at, status, b"", 0.5, error))


def stored(world: World) -> list[Callback]:
    """Return the callbacks of the account, oldest first."""
    return [*world.account.callbacks.newest_first()][::-1]


def advance(world: World, seconds: float) -> None:
    world.account.clock.move_to(world.account.clock.now() + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("number", "events"),
    [
        (NUMBER, ["send"]),
        ("972-50-0000200", []),
        ("972-50-0001000", ["reject"]),
        ("972-50-0002000", ["reject"]),
        ("972-50-0002100", ["reject"]),
        ("972-50-0003000", []),
        ("972-50-0004000", ["reject"]),
        ("972-50-0004100", ["reject"]),
    ],
)
@pytest.mark.ledger("callback.events", "callback.queued", "callback.other-reasons")
def test_outcome_of_a_message_is_reported(number: str, events: list[str]) -> None:
    mock = world()
    message = mock.send(number)
    assert [callback.event for callback in stored(mock)] == events
    for callback in stored(mock):
        assert callback.details.transaction_id == message.transaction_id
        assert callback.details.reason is message.state.reason


@pytest.mark.ledger("callback.bounce")
@pytest.mark.parametrize("bounce", ["reject", "hard_bounce"])
def test_bounce_after_sending_has_the_event_of_the_option(bounce: str) -> None:
    mock = world(webhook_bounce=bounce)
    mock.send(BOUNCING)
    advance(mock, 5)
    assert [event for event, _ in deliver(mock)] == ["send", bounce]
    assert stored(mock)[1].details.reason is Reason.BOUNCED


def test_message_that_waited_for_credit_is_reported_once_it_is_sent() -> None:
    mock = world(credit=0)
    mock.send()
    assert stored(mock) == []
    mock.controls.set_credit(mock.account, 10)
    assert deliver(mock) == [("send", 0.0)]


@pytest.mark.ledger("callback.receivers")
def test_receiver_gets_the_events_it_subscribes_to() -> None:
    mock = world(HERE._replace(events=("click",)), HERE._replace(url="http://other.test/", events=("send",)))
    message = mock.send(content=LINK, track_clicks=True)
    mock.controls.click(mock.account, message.transaction_id)
    assert [(callback.event, callback.webhook_index, callback.webhook.url) for callback in stored(mock)] == [
        ("send", 1, "http://other.test/"),
        ("click", 0, "http://app.test/"),
    ]


@pytest.mark.ledger("automation.events", "automation.transactional")
def test_automation_webhook_gets_sends_and_rejections_only_if_it_names_them() -> None:
    usual = Webhook("http://usual.test/", WebhookKind.AUTOMATION)
    naming = Webhook("http://naming.test/", WebhookKind.AUTOMATION, ("smsSent", "undelivered"))
    mock = world(usual, naming)
    message = mock.send(BOUNCING, content=LINK, track_clicks=True, unsubscribe_reply=True)
    mock.controls.click(mock.account, message.transaction_id)
    mock.controls.reply(mock.account, BOUNCING, "Stop")
    advance(mock, 5)
    deliver(mock)
    found = [(callback.webhook.url, callback.event, callback.details.transaction_id) for callback in stored(mock)]
    assert found == [
        (naming.url, "smsSent", message.transaction_id),
        (usual.url, "smsClicked", message.transaction_id),
        (usual.url, "SmsReply", message.transaction_id),
        (usual.url, "smsUnsubscribed", message.transaction_id),
        (naming.url, "undelivered", message.transaction_id),
    ]


def test_reply_from_a_number_without_messages_is_about_the_number() -> None:
    mock = world(Webhook("http://app.test/", WebhookKind.AUTOMATION))
    mock.controls.reply(mock.account, NUMBER, "Hi")
    (callback,) = stored(mock)
    assert (callback.details.transaction_id, callback.details.digits, callback.details.text) == (
        None,
        "972541111111",
        "Hi",
    )
    assert [event for event, _ in deliver(mock)] == ["SmsReply"]


def test_manual_opt_out_is_about_the_number() -> None:
    mock = world(Webhook("http://app.test/", WebhookKind.AUTOMATION))
    mock.controls.update_account(mock.account, AccountUpdate(unsubscribed={"972541111111"}))
    mock.controls.update_account(mock.account, AccountUpdate(unsubscribed=set()))
    assert [(callback.event, callback.details.digits) for callback in stored(mock)] == [
        ("smsUnsubscribed", "972541111111")
    ]


@pytest.mark.ledger("callback.after-response")
def test_nothing_is_due_before_the_response_to_the_send_is_sent() -> None:
    mock = world()
    outbox = mock.engine.outbox
    woken: list[str] = []
    outbox.on_due = lambda: woken.append("woken")
    outbox.hold(7)
    mock.send(request=7)
    assert (outbox.take_due(), outbox.is_busy(None), woken) == ([], False, [])
    outbox.check_due()
    assert woken == []
    outbox.release(7)
    assert woken == ["woken"]
    assert outbox.is_busy(mock.account)
    assert deliver(mock) == [("send", 0.0)]
    outbox.release(7)


def test_callbacks_of_other_requests_are_not_held_back() -> None:
    mock = world()
    mock.engine.outbox.hold(7)
    mock.send(request=6)
    mock.send(request=7)
    assert deliver(mock) == [("send", 0.0)]


@pytest.mark.ledger("callback.retry")
def test_callback_is_retried_after_growing_delays_and_then_fails() -> None:
    mock = world()
    mock.send()
    advance(mock, 3600)
    assert [seconds for _, seconds in deliver(mock, *[500] * 7)] == [0, 1, 6, 21, 81, 381, 1281]
    (callback,) = stored(mock)
    assert (callback.state, callback.due_at, len(callback.attempts)) == (CallbackState.FAILED, None, 7)


def test_retry_delay_starts_at_the_end_of_an_attempt_while_time_runs() -> None:
    mock = world()
    mock.account.clock.resume()
    mock.send()
    deliver(mock, 500)
    assert stored(mock)[0].due_at == NOON + timedelta(seconds=1.5)


def test_callback_is_tried_once_without_retry_delays() -> None:
    mock = world(webhook_retry=())
    mock.send()
    deliver(mock, 500)
    assert stored(mock)[0].state is CallbackState.FAILED


def test_next_callback_of_a_message_waits_until_the_one_before_is_delivered_or_failed() -> None:
    mock = world(webhook_retry=(timedelta(seconds=10),))
    mock.send(BOUNCING)
    advance(mock, 5)
    assert deliver(mock, 500) == [("send", 0.0)]
    advance(mock, 5)
    assert deliver(mock, 500) == [("send", 10.0), ("reject", 10.0)]
    assert [callback.state for callback in stored(mock)] == [CallbackState.FAILED, CallbackState.DELIVERED]


def test_dropped_callback_is_not_tried_again_and_the_next_follows_at_once() -> None:
    mock = world(webhook_retry=(timedelta(seconds=10),))
    mock.send(BOUNCING)
    advance(mock, 5)
    assert deliver(mock, 500) == [("send", 0.0)]
    first, _ = stored(mock)
    assert mock.engine.outbox.drop(mock.account, first) == stored(mock)[0]
    assert (stored(mock)[0].state, stored(mock)[0].due_at) == (CallbackState.DROPPED, None)
    assert deliver(mock) == [("reject", 5.0)]
    advance(mock, 3600)
    assert deliver(mock) == []
    delivered = stored(mock)[1]
    assert mock.engine.outbox.drop(mock.account, delivered) == delivered == stored(mock)[1]


def test_callback_is_dropped_before_its_turn() -> None:
    mock = world()
    mock.send(BOUNCING)
    advance(mock, 5)
    mock.engine.tick()
    mock.engine.outbox.drop(mock.account, stored(mock)[1])
    assert deliver(mock) == [("send", 0.0)]
    assert mock.account.callbacks.is_idle


@pytest.mark.parametrize(
    ("status", "state"), [(500, CallbackState.DROPPED), (200, CallbackState.DELIVERED)], ids=["fails", "succeeds"]
)
def test_callback_that_is_dropped_in_flight_has_the_result_of_its_attempt(status: int, state: CallbackState) -> None:
    mock = world()
    mock.send(BOUNCING)
    advance(mock, 5)
    mock.engine.tick()
    (pending,) = mock.engine.outbox.take_due()
    mock.engine.outbox.drop(mock.account, pending.callback)
    assert mock.engine.outbox.take_due() == []
    respond(mock, pending, status)
    first = stored(mock)[0]
    assert (first.state, first.due_at, len(first.attempts)) == (state, None, 1)
    assert deliver(mock) == [("reject", 5.0)]


def test_due_time_is_not_changed_by_the_time_of_an_attempt() -> None:
    """The bounce is due after 5 s, but its turn comes after 10 s, when the callback before it has failed."""
    mock = world(webhook_retry=(timedelta(seconds=10),))
    mock.send(BOUNCING)
    advance(mock, 5)
    deliver(mock, 500)
    advance(mock, 5)
    (first,) = mock.engine.outbox.take_due()
    respond(mock, first, 500)
    (second,) = mock.engine.outbox.take_due()
    assert (second.callback.due_at, second.attempt_at) == (NOON + timedelta(seconds=5), NOON + timedelta(seconds=10))
    respond(mock, second, 200)
    assert [attempt.at for attempt in stored(mock)[1].attempts] == [NOON + timedelta(seconds=10)]


@pytest.mark.parametrize(
    ("callback_policy", "delivered", "state"),
    [
        (CallbackPolicy(times=0), [], [CallbackState.DROPPED]),
        (CallbackPolicy(delay=timedelta(seconds=30)), [("send", 30.0)], [CallbackState.DELIVERED]),
        (CallbackPolicy(times=3), [("send", 0.0)] * 3, [CallbackState.DELIVERED] * 3),
    ],
    ids=["dropped", "late", "three times"],
)
def test_rule_delays_repeats_or_drops_callbacks(
    callback_policy: CallbackPolicy, delivered: list[tuple[str, float]], state: list[CallbackState]
) -> None:
    mock = world()
    message = mock.send("972-50-0000200")
    ordered = message._replace(callback_policy=callback_policy)
    mock.engine.step(mock.account, ordered, State.SENT, NOON, "test")
    advance(mock, 60)
    assert deliver(mock) == delivered
    assert [callback.state for callback in stored(mock)] == state
    first, *again = stored(mock)
    assert [callback.replay_of for callback in again] == [first.number] * len(again)


def test_callback_policy_of_a_rule_holds_for_a_message_that_waited_for_credit() -> None:
    mock = world(credit=0)
    rule = Rule(
        label="a rule",
        effect=Outcome(steps=(), decided_by="", pass_through_after=AT_ONCE, callback_policy=CallbackPolicy(times=0)),
    )
    mock.controls.activate_scenario(mock.account, ActiveScenario(rules=(rule,)))
    mock.send()
    mock.controls.set_credit(mock.account, 10)
    assert [callback.state for callback in stored(mock)] == [CallbackState.DROPPED]


REVERSED = CallbackPolicy(is_reversed=True)


def set_policy(world: World, policy: CallbackPolicy) -> None:
    world.controls.update_account(world.account, AccountUpdate(callback_policy=policy))


def test_callback_policy_of_the_account_applies_where_no_rule_has_one() -> None:
    mock = world(webhook_retry=())
    explicit = Outcome(steps=(Step(State.SENT),), decided_by="a rule", callback_policy=CallbackPolicy())
    mock.controls.activate_scenario(mock.account, ActiveScenario(rules=(Rule(label="once", effect=explicit, times=1),)))
    set_policy(mock, CallbackPolicy(times=2))
    mock.send()
    assert deliver(mock) == [("send", 0.0)]
    message = mock.send()
    assert deliver(mock) == [("send", 0.0)] * 2
    mock.controls.reply(mock.account, "972-54-9999999", "yes")
    set_policy(mock, CallbackPolicy(times=0))
    mock.controls.bounce(mock.account, message.transaction_id)
    assert [event for event, _ in deliver(mock)] == []
    assert [callback.state for callback in stored(mock)][-1:] == [CallbackState.DROPPED]


def test_every_second_callback_to_a_webhook_overtakes_the_one_before() -> None:
    everything, bounces = HERE, HERE._replace(url="http://other.test/", events=("reject",))
    mock = world(everything, bounces)
    set_policy(mock, REVERSED)
    message = mock.send(content=LINK, track_clicks=True)  # send waits
    mock.controls.click(mock.account, message.transaction_id)  # click overtakes it
    mock.controls.bounce(mock.account, message.transaction_id)  # the bounce waits for both webhooks
    assert deliver(mock) == [("click", 0.0)]
    mock.send(BOUNCING)  # overtakes
    advance(mock, 0.3)
    assert deliver(mock) == [("send", 0.0), ("send", 0.3), ("reject", 0.3), ("reject", 0.3)]
    advance(mock, 4.7)
    assert deliver(mock) == [("reject", 5.0)]  # waits for the first webhook, overtakes for the second
    advance(mock, 0.3)
    assert deliver(mock) == [("reject", 5.3)]
    assert {callback.state for callback in stored(mock)} == {CallbackState.DELIVERED}


def test_callbacks_of_a_message_that_are_overtaken_keep_their_order() -> None:
    mock = world(webhook_retry=(timedelta(seconds=1),))
    set_policy(mock, REVERSED)
    message = mock.send(content=LINK, track_clicks=True)
    mock.controls.click(mock.account, message.transaction_id)
    mock.controls.bounce(mock.account, message.transaction_id)
    assert deliver(mock) == [("click", 0.0)]
    advance(mock, 0.3)
    assert deliver(mock, 500) == [("send", 0.3)]
    advance(mock, 1)
    assert deliver(mock) == [("send", 1.3), ("reject", 1.3)]


def test_callback_that_waits_to_be_overtaken_is_repeated_and_retried_as_others() -> None:
    mock = world(webhook_retry=(timedelta(seconds=1),))
    set_policy(mock, REVERSED._replace(times=2, delay=timedelta(seconds=1)))
    mock.send()
    mock.send(BOUNCING)
    advance(mock, 1)
    assert deliver(mock) == [("send", 1.0)] * 2
    advance(mock, 0.3)
    assert deliver(mock, 500) == [("send", 1.3)]
    advance(mock, 1)
    assert deliver(mock) == [("send", 2.3), ("send", 2.3)]


@pytest.mark.parametrize(
    ("order", "times", "expected"),
    [
        ("same", 1, ["send", "click", "reject"]),
        ("same", 2, ["send", "send", "click", "click", "reject", "reject"]),
        ("reversed", 1, ["reject", "click", "send"]),
    ],
)
def test_replay_repeats_the_callbacks_of_a_message_in_the_chosen_order(
    order: ReplayOrder, times: int, expected: list[str]
) -> None:
    mock = world()
    message = mock.send(BOUNCING, content=LINK, track_clicks=True)
    mock.controls.click(mock.account, message.transaction_id)
    advance(mock, 5)
    deliver(mock)
    first = stored(mock)
    again = mock.engine.outbox.replay(mock.account, first, order, times)
    assert [callback.event for callback in again] == expected
    assert [event for event, _ in deliver(mock)] == expected
    assert {callback.replay_of for callback in again} == {callback.number for callback in first}
    assert [callback.details for callback in again if callback.event == "click"] == [first[1].details] * times


def test_shuffled_replay_is_the_same_for_the_same_seed() -> None:
    def shuffled() -> list[str]:
        mock = world()
        message = mock.send(content=LINK, track_clicks=True)
        for _ in range(9):
            mock.controls.click(mock.account, message.transaction_id)
        again = mock.engine.outbox.replay(mock.account, stored(mock), "shuffled", 2)
        return [callback.event + str(callback.replay_of) for callback in again]

    assert shuffled() == shuffled()
    assert shuffled() != sorted(shuffled())
    assert len(shuffled()) == 20


def test_listeners_get_every_change_of_a_callback() -> None:
    mock = world()
    events: list[tuple[str, int]] = []

    def listen(_account: Account | None, event: EngineEvent) -> None:
        if isinstance(event, Callback):
            events.append((event.state, len(event.attempts)))

    mock.engine.listeners.append(listen)
    mock.send()
    advance(mock, 1)
    deliver(mock, 500)
    assert events == [("pending", 0), ("pending", 1), ("delivered", 2)]


def test_deleted_account_loses_its_callbacks() -> None:
    mock = world()
    mock.send(NUMBER, NUMBER)
    account = mock.account
    (first, second) = mock.engine.outbox.take_due()
    mock.engine.accounts.delete(account)
    respond(mock, first, 200)
    assert mock.engine.outbox.take_due() == []
    assert not mock.engine.outbox.is_busy(None)
    respond(mock, second, 500)
    assert account.callbacks.in_flight == set()


def test_account_is_checked_only_while_it_has_pending_callbacks() -> None:
    mock = world()
    mock.send()
    deliver(mock)
    woken: list[str] = []
    mock.engine.outbox.on_due = lambda: woken.append("woken")
    mock.engine.outbox.take_due()
    mock.engine.outbox.check_due()
    assert woken == []
    assert not mock.engine.outbox.is_busy(mock.account)


def test_account_without_receivers_has_no_callbacks() -> None:
    mock = World()
    mock.send(content=LINK, track_clicks=True)
    assert len(mock.account.callbacks) == 0


def test_eviction_loses_only_the_oldest_callback() -> None:
    mock = world(max_callbacks=2)
    mock.send(NUMBER, NUMBER, NUMBER)
    assert len(deliver(mock)) == 2
    assert mock.account.callbacks.evicted == 1


PAUSED = HERE._replace(paused=True)


def set_webhooks(world: World, *webhooks: Webhook) -> None:
    world.controls.update_account(world.account, AccountUpdate(webhooks=webhooks))


def test_callbacks_to_a_paused_webhook_wait_and_follow_in_order_once_it_is_resumed() -> None:
    mock = world()
    mock.send(BOUNCING)
    set_webhooks(mock, PAUSED)
    mock.send(NUMBER)
    advance(mock, 60)
    assert deliver(mock) == []
    assert not mock.engine.outbox.is_busy(None)
    assert mock.account.next_due_at is None
    assert mock.account.callbacks.is_idle
    set_webhooks(mock, HERE)
    assert deliver(mock) == [("send", 60), ("send", 60), ("reject", 60)]
    assert {callback.state for callback in stored(mock)} == {CallbackState.DELIVERED}


def test_pause_stops_the_retries_of_a_callback() -> None:
    mock = world()
    mock.send(NUMBER)
    assert deliver(mock, 500) == [("send", 0)]
    set_webhooks(mock, PAUSED)
    advance(mock, 3600)
    assert deliver(mock) == []
    set_webhooks(mock, HERE)
    assert deliver(mock) == [("send", 3600)]


def test_callback_in_flight_ends_its_attempt_and_one_that_waits_for_its_host_is_put_back() -> None:
    mock = world()
    mock.send(NUMBER)
    mock.send("972-54-2222222")
    attempted, waiting = mock.engine.outbox.take_due()
    assert not mock.engine.outbox.put_back(waiting)
    set_webhooks(mock, PAUSED)
    respond(mock, attempted, 200)
    assert mock.engine.outbox.put_back(waiting)
    assert [callback.state for callback in stored(mock)] == [CallbackState.DELIVERED, CallbackState.PENDING]
    assert mock.account.callbacks.is_idle
    set_webhooks(mock, HERE)
    assert deliver(mock) == [("send", 0)]


def test_callback_that_was_dropped_in_flight_is_not_put_back() -> None:
    mock = world()
    mock.send(BOUNCING)
    advance(mock, 3600)
    mock.engine.tick()
    (waiting,) = mock.engine.outbox.take_due()
    set_webhooks(mock, PAUSED)
    mock.engine.outbox.drop(mock.account, waiting.callback)
    assert mock.engine.outbox.put_back(waiting)
    set_webhooks(mock, HERE)
    assert [event for event, _ in deliver(mock)] == ["reject"]


def test_pause_is_of_a_url_with_all_its_kinds_and_of_no_other() -> None:
    other = Webhook("http://other.test/")
    automation = Webhook(HERE.url, WebhookKind.AUTOMATION, ("smsSent",))
    mock = world()
    set_webhooks(mock, PAUSED, automation, other)
    mock.send(NUMBER)
    assert deliver(mock) == [("send", 0)]
    assert {each.webhook.url for each in stored(mock) if each.state is CallbackState.DELIVERED} == {other.url}
    set_webhooks(mock, HERE, automation, other)
    assert deliver(mock) == [("send", 0), ("smsSent", 0)]


def test_callbacks_for_a_paused_webhook_that_is_removed_are_dropped() -> None:
    mock = world()
    set_webhooks(mock, PAUSED)
    mock.send(BOUNCING)
    mock.send(NUMBER)
    advance(mock, 3600)
    assert deliver(mock) == []
    set_webhooks(mock)
    assert {callback.state for callback in stored(mock)} == {CallbackState.DROPPED}
    set_webhooks(mock, HERE)
    assert deliver(mock) == []


def test_scenario_pauses_and_resumes_webhooks_of_accounts() -> None:
    mock = world()
    mock.send(NUMBER)
    mock.controls.activate_scenario(None, ActiveScenario(account_values={"webhooks": (PAUSED,)}))
    assert mock.engine.account("new").callbacks.paused == {HERE.url}
    assert deliver(mock) == []
    mock.controls.activate_scenario(None, ActiveScenario(account_values={"webhooks": (HERE,)}))
    assert deliver(mock) == [("send", 0)]


def test_evicted_callbacks_of_a_paused_webhook_leave_nothing_behind() -> None:
    mock = world(max_callbacks=2)
    set_webhooks(mock, PAUSED)
    for _ in range(4):
        mock.send(NUMBER)
    assert len(mock.account.callbacks.scheduled) == 2
    mock.controls.reply(mock.account, "972541111111", "hi")
    set_webhooks(mock, HERE)
    assert len(deliver(mock)) == 2
