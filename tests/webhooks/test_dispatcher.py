"""The courier between a real mock and real receivers: order, retries, and what receivers cannot do to the mock."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from mocksms.engine.callbacks import CallbackState
from mocksms.engine.clock import Stopwatch
from mocksms.inspection.quiet import PATIENCE as QUIET
from mocksms.inspection.quiet import Quiet
from mocksms.settings import Settings
from mocksms.sms.webhook import Webhook
from mocksms.webhooks.allow_list import AllowList
from mocksms.webhooks.client import Receipt, WebhookClient
from mocksms.webhooks.dispatcher import AT_ONCE, CARRIERS, CROWD, Dispatcher
from mocksms.webhooks.payloads import CallbackRequest
from tests.engine.support import World
from tests.inspection.support import BOUNCING, Api
from tests.receiver import Receiver, Reply, hanging, receiving
from tests.support import KEY, NUMBER, PATIENCE, Mock, body, running

MANY = 10_000
"""Calls after which something that should have happened never will."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def api(own_mock: Mock) -> Api:
    return Api(own_mock, KEY)


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """Return the events a receiver was told, each with the message it is about."""
    events = [json.loads(raw) for raw in receiver.bodies()]
    return [(event["event"], event.get("transaction_id") or event["transaction_Id"]) for event in events]


def settled(api: Api) -> list[dict[str, Any]]:
    """Let what is due reach its receivers, and return all callbacks, oldest first."""
    api.post("clock/advance", {"by": 0})
    callbacks: list[dict[str, Any]] = api.get("callbacks", limit=1000)["callbacks"]
    return callbacks[::-1]


def test_callbacks_of_a_message_come_in_order_on_one_connection(api: Api, receiver: Receiver) -> None:
    api.patch(webhooks=[receiver.url])
    (name,) = api.send(NUMBER, content="https://a.example")
    for _ in range(3):
        api.post(f"messages/{name}/click")
    api.post(f"messages/{name}/bounce")
    settled(api)
    assert told(receiver) == [(event, name) for event in ("send", "click", "click", "click", "reject")]
    assert receiver.connections == 1


def test_callback_leaves_after_the_answer_of_its_send(api: Api, receiver: Receiver) -> None:
    """The answer is held back; by the time it arrives nobody has been told, and the wait for quiet is not for that."""
    api.patch(webhooks=[receiver.url])
    api.post("faults", {"fault": {"kind": "dribble", "duration": "300ms"}})
    answers: list[int] = []
    sending = threading.Thread(target=lambda: answers.append(len(api.send(NUMBER))))
    heard = threading.Event()
    receiver.before_answer = lambda _: heard.set()
    sending.start()
    next(filter(None, (api.get("callbacks")["callbacks"] for _ in range(MANY))))
    settled(api)
    assert not heard.is_set()
    sending.join(PATIENCE)
    assert answers == [1]
    assert heard.wait(PATIENCE)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "delay", "duration": "100ms"},
        {"kind": "reset_after_accept"},
        {"kind": "truncated"},
        {"kind": "malformed"},
        {"kind": "empty"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_callback_leaves_after_an_answer_that_goes_wrong(api: Api, receiver: Receiver, fault: Any) -> None:
    api.patch(webhooks=[receiver.url])
    api.post("faults", {"fault": fault})
    order: list[str] = []
    receiver.before_answer = lambda _: order.append("told")
    with suppress(requests.RequestException):
        api.mock.post(json.dumps(body(NUMBER)))
    order.append("answered")
    receiver.wait(1)
    assert {*order} == {"answered", "told"}
    assert [callback["state"] for callback in settled(api)] == ["delivered"]


def test_receiver_is_called_by_few_at_once_and_others_are_not_kept_waiting(receiver: Receiver) -> None:
    done = threading.Event()
    patient = Settings(port=0, webhook_timeout=timedelta(seconds=3 * PATIENCE))
    with receiving() as hanging, running(patient) as mock:
        hanging.before_answer = lambda _: done.wait(PATIENCE)
        Api(mock, KEY).patch(webhooks=[hanging.url, receiver.url])
        mock.send(*[NUMBER] * 50)
        assert len(receiver.wait(50)) == 50
        assert mock.send(NUMBER)[0]["status"] == "sent"
        done.set()
        hanging.wait(51)
        assert hanging.most_at_once <= AT_ONCE


def test_many_receivers_that_hang_keep_no_other_waiting(receiver: Receiver) -> None:
    done = threading.Event()
    patient = Settings(port=0, webhook_timeout=timedelta(seconds=3 * PATIENCE))
    with ExitStack() as stack:
        hanging = [stack.enter_context(receiving()) for _ in range(CARRIERS // AT_ONCE)]
        mock = stack.enter_context(running(patient))
        for each in hanging:
            each.before_answer = lambda _: done.wait(2 * PATIENCE)
        Api(mock, "other").patch(webhooks=[each.url for each in hanging])
        mock.send(*[NUMBER] * AT_ONCE, key="other")
        for each in hanging:
            each.wait(1)
        Api(mock, KEY).patch(webhooks=[receiver.url])
        mock.send(*[NUMBER] * 20)
        assert len(receiver.wait(20)) == 20
        done.set()


def test_failed_callback_is_tried_again_as_the_clock_advances(api: Api, receiver: Receiver) -> None:
    receiver.replies = [Reply(500), Reply(302), Reply(404)]
    api.patch(webhooks=[receiver.url])
    start = api.post("clock/freeze")["now"]
    api.send(NUMBER)
    (callback,) = settled(api)
    assert (callback["state"], [attempt["status"] for attempt in callback["attempts"]]) == ("pending", [500])
    assert callback["attempts"][0]["at"] == start
    api.post("clock/advance", {"by": "1m"})
    (callback,) = settled(api)
    assert (callback["state"], callback["due_at"]) == ("delivered", None)
    assert [attempt["status"] for attempt in callback["attempts"]] == [500, 302, 404, 200]
    assert [seconds(start, attempt["at"]) for attempt in callback["attempts"]] == [0, 1, 6, 21]
    assert [attempt["body"] for attempt in callback["attempts"]] == ["ok"] * 4
    assert len(receiver.told) == 4


def test_later_callback_of_a_message_waits_for_the_one_before(api: Api, receiver: Receiver) -> None:
    receiver.replies = [Reply(500)] * 2
    api.patch(webhooks=[receiver.url])
    api.post("clock/freeze")
    (first,) = api.send(NUMBER, content="https://a.example")
    settled(api)
    api.post(f"messages/{first}/click")
    (second,) = api.send(NUMBER)
    settled(api)
    assert told(receiver) == [("send", first), ("send", second)]
    api.post("clock/advance", {"by": "10s"})
    assert told(receiver)[2:].index(("click", first)) > told(receiver)[2:].index(("send", first))
    assert [callback["state"] for callback in settled(api)] == ["delivered"] * 3


def test_receiver_that_stays_down_is_given_up_and_the_next_event_follows(receiver: Receiver) -> None:
    with running(Settings(port=0, webhook_retry=(timedelta(seconds=1),))) as mock:
        api = Api(mock, KEY)
        receiver.replies = [Reply(500)] * 2
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        (name,) = api.send(NUMBER, content="https://a.example")
        api.post(f"messages/{name}/click")
        api.post("clock/advance", {"by": "1h"})
        assert [callback["state"] for callback in settled(api)] == ["failed", "delivered"]
        assert [event for event, _ in told(receiver)] == ["send", "send", "click"]


def test_retry_happens_by_itself_while_time_runs(receiver: Receiver) -> None:
    with running(Settings(port=0, webhook_retry=(timedelta(milliseconds=50),))) as mock:
        api = Api(mock, KEY)
        receiver.replies = [Reply(500)]
        api.patch(webhooks=[receiver.url])
        api.send(NUMBER)
        receiver.wait(2)
        (callback,) = settled(api)
        assert callback["state"] == "delivered"
        assert seconds(callback["attempts"][0]["at"], callback["attempts"][1]["at"]) >= 0.05


def test_forgotten_account_is_told_of_no_more(api: Api, receiver: Receiver) -> None:
    """What is on its way arrives; what waits for its turn does not."""
    going = threading.Event()
    receiver.before_answer = lambda _: going.wait(PATIENCE)
    api.patch(webhooks=[receiver.url])
    old = api.send(*[NUMBER] * (AT_ONCE + 1))
    receiver.wait(AT_ONCE)
    api.post("reset")
    going.set()
    assert api.get("callbacks")["total"] == 0
    api.patch(webhooks=[receiver.url])
    (new,) = api.send(NUMBER)
    assert [callback["state"] for callback in settled(api)] == ["delivered"]
    names = [name for _, name in told(receiver)]
    assert ({*names[:AT_ONCE]} < {*old}, names[AT_ONCE:]) == (True, [new])


def test_answers_that_are_alike_are_kept_once(api: Api, receiver: Receiver) -> None:
    """A receiver that fails says the same many thousand times, in pages of some length."""
    receiver.replies = [Reply(404, b"x" * 10_000)] * MANY
    api.patch(webhooks=[receiver.url])
    api.post("clock/freeze")
    api.send(NUMBER, NUMBER)
    api.post("clock/advance", {"by": "10s"})
    (account,) = api.mock.engine.accounts
    answers = [attempt.answer for each in account.callbacks.newest_first() for attempt in each.attempts]
    assert len(answers) == 6
    assert len({id(answer) for answer in answers}) == 1


def test_error_of_our_own_is_an_attempt_that_failed(
    api: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("lost")

    monkeypatch.setattr(WebhookClient, "call", broken)
    api.patch(webhooks=[receiver.url])
    api.post("clock/freeze")
    api.send(NUMBER)
    (callback,) = settled(api)
    assert callback["attempts"][0]["error"] == "mocksms itself failed: LookupError('lost')"
    assert "mocksms failed to call" in caplog.text


def test_mock_stops_at_once_while_receivers_hang() -> None:
    with hanging() as (url, called):
        with running(Settings(port=0, webhook_timeout=timedelta(seconds=PATIENCE))) as mock:
            Api(mock, KEY).patch(webhooks=[url])
            mock.send(*[NUMBER] * 10)
            assert called.wait(PATIENCE)
            watch = Stopwatch()
        assert watch.seconds < PATIENCE / 3


def test_courier_that_was_stopped_takes_nothing_any_more() -> None:
    async def story() -> None:
        world = World(webhook=(Webhook("http://127.0.0.1:1/"),))
        courier = Dispatcher(world.engine, WebhookClient(AllowList(), PATIENCE))
        world.send()
        courier.stop()
        await asyncio.sleep(0)
        assert world.engine.outbox.is_due(None)
        courier.wake()
        await asyncio.sleep(0)
        assert world.account.callbacks.in_flight == 0

    asyncio.run(story())


def test_answer_that_comes_after_the_end_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    going, done = threading.Event(), threading.Event()
    carriers: list[threading.Thread] = []

    def hang(*_: object) -> Receipt:
        carriers.append(threading.current_thread())
        going.set()
        done.wait(PATIENCE)
        return Receipt(200, b"", 0.0, None)

    async def story() -> None:
        world = World(webhook=(Webhook("http://127.0.0.1:1/"),))
        courier = Dispatcher(world.engine, WebhookClient(AllowList(), PATIENCE))
        world.send()
        await asyncio.sleep(0)
        assert going.wait(PATIENCE)
        courier.stop()
        done.set()
        carriers[0].join(PATIENCE)
        await asyncio.sleep(0)
        assert [callback.attempts for callback in world.account.callbacks.newest_first()] == [()]

    monkeypatch.setattr(WebhookClient, "call", hang)
    asyncio.run(story())


def test_what_waits_for_a_receiver_that_hangs_does_not_outgrow_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has made room is not delivered any more; what is kept is, once the receiver answers."""
    kept, done, called = 10, threading.Event(), Counter[str]()

    def hang(_client: WebhookClient, _url: str, letter: CallbackRequest) -> Receipt:
        done.wait(PATIENCE)
        called[json.loads(letter.body)["transaction_Id"]] += 1
        return Receipt(200, b"", 0.0, None)

    async def story() -> None:
        world = World(webhook=(Webhook("http://127.0.0.1:1/"),), max_callbacks=kept)
        courier, quiet = Dispatcher(world.engine, WebhookClient(AllowList(), PATIENCE)), Quiet(world.engine)
        names: list[str] = []
        for _ in range(CROWD * 2):
            names.append(world.send().transaction_id)
            await asyncio.sleep(0)
            assert sum(len(door.waiting) for door in courier._doors.values()) <= CROWD + 2 * kept
        done.set()
        await quiet.of(world.account)
        courier.stop()
        assert called == Counter(names[:AT_ONCE] + names[-kept:])
        assert {callback.state for callback in world.account.callbacks.newest_first()} == {CallbackState.DELIVERED}

    monkeypatch.setattr(WebhookClient, "call", hang)
    asyncio.run(story())


def test_ten_thousand_messages_with_callbacks_lose_reorder_and_double_none(api: Api) -> None:
    """Each message is sent and bounces: 20,000 calls of a live receiver."""
    with receiving() as receiver:
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        names = [name for _ in range(20) for name in api.send(*[BOUNCING] * 500)]
        url, headers = f"{api.mock.url}/_mock/clock/advance", {"X-API-Key": KEY}
        assert requests.post(url, json={"by": "5s"}, headers=headers, timeout=QUIET).status_code == 200
        events: dict[str, list[str]] = defaultdict(list)
        for event, name in told(receiver):
            events[name].append(event)
    assert len(names) == len({*names}) == 10_000
    assert events.keys() == {*names}
    assert Counter(map(tuple, events.values())) == {("send", "reject"): 10_000}
    assert receiver.connections <= 2 * AT_ONCE


def seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
