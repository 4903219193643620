"""Dispatcher between a real mock and real receivers: order, retries, and isolation from slow receivers."""

from __future__ import annotations

import asyncio
import json
import select
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import pytest

from mocksms.engine.callbacks import Attempt, CallbackState
from mocksms.engine.clock import Stopwatch
from mocksms.inspection import waiting
from mocksms.inspection.waiting import CallbackWaits
from mocksms.settings import Settings
from mocksms.sms.webhook import Webhook
from mocksms.webhooks import dispatcher as dispatchers
from mocksms.webhooks.allow_list import AllowList
from mocksms.webhooks.client import WebhookClient
from mocksms.webhooks.dispatcher import MAX_ATTEMPTS_PER_HOST, MAX_THREADS, QUEUE_SLACK, Dispatcher
from mocksms.webhooks.payloads import CallbackRequest
from tests.benchmarks.callbacks import events_of_messages
from tests.engine.support import World
from tests.inspection.support import Api
from tests.receiver import Receiver, Response, hanging, receiving
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body, running

MANY = 10_000
"""Polls after which a condition counts as never fulfilled."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def api(own_mock: Mock) -> Api:
    return Api(own_mock, KEY)


def events_of(receiver: Receiver) -> list[tuple[str, str]]:
    """Return the events a receiver got, each with the id of its message."""
    events = [json.loads(raw) for raw in receiver.bodies()]
    return [(event["event"], event.get("transaction_id") or event["transaction_Id"]) for event in events]


def settled(api: Api) -> list[dict[str, Any]]:
    """Wait until due callbacks are delivered, and return all callbacks, oldest first."""
    api.post("clock/advance", {"by": 0})
    callbacks: list[dict[str, Any]] = api.get("callbacks", limit=1000)["callbacks"]
    return callbacks[::-1]


def test_callbacks_of_a_message_arrive_in_order(api: Api, receiver: Receiver) -> None:
    api.patch(webhooks=[receiver.url])
    (name,) = api.send(NUMBER, content="https://a.example", track_clicks=True)
    for _ in range(3):
        api.post(f"messages/{name}/click")
    api.post(f"messages/{name}/bounce")
    settled(api)
    assert events_of(receiver) == [(event, name) for event in ("send", "click", "click", "click", "reject")]


def test_callback_is_sent_after_the_response_to_its_send(
    api: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the response is being sent, no receiver is called."""
    monkeypatch.setattr(waiting, "MAX_UNSENT_SECONDS", 0.0)
    api.patch(webhooks=[receiver.url])
    api.post("faults", {"fault": {"kind": "dribble", "duration": "300ms"}})
    responses: list[int] = []
    sending = threading.Thread(target=lambda: responses.append(len(api.send(NUMBER))))
    called = threading.Event()
    receiver.before_response = lambda _: called.set()
    sending.start()
    next(filter(None, (api.get("callbacks")["callbacks"] for _ in range(MANY))))
    settled(api)
    assert not called.is_set()
    sending.join(TIMEOUT)
    assert responses == [1]
    assert called.wait(TIMEOUT)


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
def test_callback_is_sent_after_a_response_that_a_fault_changes(api: Api, receiver: Receiver, fault: Any) -> None:
    """When the receiver is called, the response, or the end of the connection, has reached the client's socket."""
    api.patch(webhooks=[receiver.url])
    api.post("faults", {"fault": fault})
    has_response: list[bool] = []
    with closing(HTTPConnection(api.mock.host, api.mock.port, timeout=TIMEOUT)) as sending:
        receiver.before_response = lambda _: has_response.append(bool(select.select([sending.sock], [], [], 0)[0]))
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        sending.request("POST", "/transactional/sms/send", json.dumps(body(NUMBER)), headers)
        receiver.wait(1)
        assert [callback["state"] for callback in settled(api)] == ["delivered"]
    assert has_response == [True]


def test_slow_receiver_gets_few_calls_at_once_and_does_not_delay_others(receiver: Receiver) -> None:
    done = threading.Event()
    patient = Settings(port=0, webhook_timeout=timedelta(seconds=3 * TIMEOUT))
    with receiving() as hanging, running(patient) as mock:
        hanging.before_response = lambda _: done.wait(TIMEOUT)
        Api(mock, KEY).patch(webhooks=[hanging.url, receiver.url])
        mock.send(*[NUMBER] * 50)
        assert len(receiver.wait(50)) == 50
        assert mock.send(NUMBER)[0]["status"] == "sent"
        done.set()
        hanging.wait(51)
        assert hanging.max_concurrent <= MAX_ATTEMPTS_PER_HOST


def test_pause_keeps_back_what_waits_for_a_slow_receiver(api: Api, receiver: Receiver) -> None:
    done = threading.Event()
    receiver.before_response = lambda _: done.wait(TIMEOUT)
    api.patch(webhooks=[receiver.url])
    api.mock.send(*[NUMBER] * (MAX_ATTEMPTS_PER_HOST + 3))
    receiver.wait(MAX_ATTEMPTS_PER_HOST)
    api.patch(webhooks=[{"url": receiver.url, "paused": True}])
    done.set()
    states = Counter(callback["state"] for callback in settled(api))
    assert states == {"delivered": MAX_ATTEMPTS_PER_HOST, "pending": 3}
    api.patch(webhooks=[receiver.url])
    assert {callback["state"] for callback in settled(api)} == {"delivered"}
    assert len(receiver.bodies()) == MAX_ATTEMPTS_PER_HOST + 3


def test_many_hanging_receivers_do_not_delay_others(receiver: Receiver) -> None:
    done = threading.Event()
    patient = Settings(port=0, webhook_timeout=timedelta(seconds=3 * TIMEOUT))
    with ExitStack() as stack:
        hanging = [stack.enter_context(receiving()) for _ in range(MAX_THREADS // MAX_ATTEMPTS_PER_HOST)]
        mock = stack.enter_context(running(patient))
        for each in hanging:
            each.before_response = lambda _: done.wait(2 * TIMEOUT)
        Api(mock, "other").patch(webhooks=[each.url for each in hanging])
        mock.send(*[NUMBER] * MAX_ATTEMPTS_PER_HOST, key="other")
        for each in hanging:
            each.wait(1)
        Api(mock, KEY).patch(webhooks=[receiver.url])
        mock.send(*[NUMBER] * 20)
        assert len(receiver.wait(20)) == 20
        done.set()


def test_failed_callback_is_retried_as_the_clock_advances(api: Api, receiver: Receiver) -> None:
    receiver.responses = [Response(500), Response(302), Response(404)]
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
    assert len(receiver.requests) == 4


def test_next_callback_of_a_message_waits_for_the_one_before(api: Api, receiver: Receiver) -> None:
    receiver.responses = [Response(500)] * 2
    api.patch(webhooks=[receiver.url])
    api.post("clock/freeze")
    (first,) = api.send(NUMBER, content="https://a.example", track_clicks=True)
    settled(api)
    api.post(f"messages/{first}/click")
    (second,) = api.send(NUMBER)
    settled(api)
    assert events_of(receiver) == [("send", first), ("send", second)]
    api.post("clock/advance", {"by": "10s"})
    assert events_of(receiver)[2:].index(("click", first)) > events_of(receiver)[2:].index(("send", first))
    assert [callback["state"] for callback in settled(api)] == ["delivered"] * 3


def test_callback_fails_after_its_retries_and_the_next_follows(receiver: Receiver) -> None:
    with running(Settings(port=0, webhook_retry=(timedelta(seconds=1),))) as mock:
        api = Api(mock, KEY)
        receiver.responses = [Response(500)] * 2
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        (name,) = api.send(NUMBER, content="https://a.example", track_clicks=True)
        api.post(f"messages/{name}/click")
        api.post("clock/advance", {"by": "1h"})
        assert [callback["state"] for callback in settled(api)] == ["failed", "delivered"]
        assert [event for event, _ in events_of(receiver)] == ["send", "send", "click"]


def test_retry_happens_without_a_request_while_time_runs(receiver: Receiver) -> None:
    with running(Settings(port=0, webhook_retry=(timedelta(milliseconds=50),))) as mock:
        api = Api(mock, KEY)
        receiver.responses = [Response(500)]
        api.patch(webhooks=[receiver.url])
        api.send(NUMBER)
        receiver.wait(2)
        (callback,) = settled(api)
        assert callback["state"] == "delivered"
        assert seconds(callback["attempts"][0]["at"], callback["attempts"][1]["at"]) >= 0.05


def test_callbacks_of_a_deleted_account_are_not_sent(api: Api, receiver: Receiver) -> None:
    """Calls in progress arrive; callbacks that wait do not."""
    going = threading.Event()
    receiver.before_response = lambda _: going.wait(TIMEOUT)
    api.patch(webhooks=[receiver.url])
    old = api.send(*[NUMBER] * (MAX_ATTEMPTS_PER_HOST + 1))
    receiver.wait(MAX_ATTEMPTS_PER_HOST)
    api.post("reset")
    going.set()
    assert api.get("callbacks")["total"] == 0
    api.patch(webhooks=[receiver.url])
    (new,) = api.send(NUMBER)
    assert [callback["state"] for callback in settled(api)] == ["delivered"]
    names = [name for _, name in events_of(receiver)]
    assert ({*names[:MAX_ATTEMPTS_PER_HOST]} < {*old}, names[MAX_ATTEMPTS_PER_HOST:]) == (True, [new])


def test_internal_error_is_a_failed_attempt(
    api: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("lost")

    monkeypatch.setattr(WebhookClient, "attempt", broken)
    api.patch(webhooks=[receiver.url])
    api.post("clock/freeze")
    api.send(NUMBER)
    (callback,) = settled(api)
    assert callback["attempts"][0]["error"] == "internal error of mocksms: LookupError('lost')"
    assert "Internal error while calling" in caplog.text


def test_mock_stops_at_once_while_receivers_hang() -> None:
    with hanging() as (url, called):
        with running(Settings(port=0, webhook_timeout=timedelta(seconds=TIMEOUT))) as mock:
            Api(mock, KEY).patch(webhooks=[url])
            mock.send(*[NUMBER] * 10)
            assert called.wait(TIMEOUT)
            watch = Stopwatch()
        assert watch.seconds < TIMEOUT / 3


def test_stopped_dispatcher_takes_no_callbacks() -> None:
    async def story() -> None:
        world = World(webhook=(Webhook("http://127.0.0.1:1/"),))
        dispatcher = Dispatcher(world.engine, WebhookClient(AllowList(), TIMEOUT))
        world.send()
        dispatcher.stop()
        await asyncio.sleep(0)
        assert world.engine.outbox.is_busy(None)
        dispatcher.wake()
        await asyncio.sleep(0)
        assert world.account.callbacks.in_flight == set()

    asyncio.run(story())


def test_response_after_the_stop_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    going, done = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def hang(_client: object, _url: str, _request: object, at: datetime) -> Attempt:
        threads.append(threading.current_thread())
        going.set()
        done.wait(TIMEOUT)
        return Attempt(at, 200, b"", 0.0)

    async def story() -> None:
        world = World(webhook=(Webhook("http://127.0.0.1:1/"),))
        dispatcher = Dispatcher(world.engine, WebhookClient(AllowList(), TIMEOUT))
        world.send()
        await asyncio.sleep(0)
        assert going.wait(TIMEOUT)
        dispatcher.stop()
        done.set()
        threads[0].join(TIMEOUT)
        await asyncio.sleep(0)
        assert [callback.attempts for callback in world.account.callbacks.newest_first()] == [()]

    monkeypatch.setattr(WebhookClient, "attempt", hang)
    asyncio.run(story())


def test_host_without_callbacks_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose callbacks are deleted before the first of them is sent."""
    done = threading.Event()

    def hang(_client: object, _url: str, _request: object, at: datetime) -> Attempt:
        done.wait(TIMEOUT)
        return Attempt(at, 200, b"", 0.0)

    async def story() -> None:
        world = World(webhook=(Webhook("http://127.0.0.1:1/"), Webhook("http://127.0.0.1:2/")))
        dispatcher = Dispatcher(world.engine, WebhookClient(AllowList(), TIMEOUT))
        world.send()
        await asyncio.sleep(0)
        assert list(dispatcher._hosts) == ["127.0.0.1:1", "127.0.0.1:2"]
        world.controls.reset(world.account)
        done.set()
        while dispatcher._busy:
            await asyncio.sleep(0)
        dispatcher.stop()
        assert dispatcher._hosts == {}

    monkeypatch.setattr(dispatchers, "MAX_THREADS", 1)
    monkeypatch.setattr(WebhookClient, "attempt", hang)
    asyncio.run(story())


def test_queue_of_a_hanging_host_does_not_outgrow_the_stored_callbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evicted callbacks are not delivered; stored ones are, once the receiver responds."""
    kept, done, called = 10, threading.Event(), Counter[str]()

    def hang(_client: object, _url: str, request: CallbackRequest, at: datetime) -> Attempt:
        done.wait(TIMEOUT)
        called[json.loads(request.body)["transaction_Id"]] += 1
        return Attempt(at, 200, b"", 0.0)

    async def story() -> None:
        world = World(webhook=(Webhook("http://127.0.0.1:1/"),), max_callbacks=kept)
        dispatcher = Dispatcher(world.engine, WebhookClient(AllowList(), TIMEOUT))
        names: list[str] = []
        for _ in range(QUEUE_SLACK * 2):
            names.append(world.send().transaction_id)
            await asyncio.sleep(0)
            assert sum(len(host.waiting) for host in dispatcher._hosts.values()) <= QUEUE_SLACK + 2 * kept
        done.set()
        await CallbackWaits(world.engine).until_not_busy(world.account)
        dispatcher.stop()
        assert called == Counter(names[:MAX_ATTEMPTS_PER_HOST] + names[-kept:])
        assert {callback.state for callback in world.account.callbacks.newest_first()} == {CallbackState.DELIVERED}

    monkeypatch.setattr(WebhookClient, "attempt", hang)
    asyncio.run(story())


def test_many_messages_lose_reorder_and_repeat_no_callback(own_mock: Mock) -> None:
    """Each message is sent and bounces. `tests.benchmarks` does the same with 10,000."""
    assert events_of_messages(own_mock, 1000) == {("send", "reject"): 1000}


def seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
