"""Waits for messages and callbacks: what wakes them, and how they end."""

from __future__ import annotations

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mocksms.asgi.slices import Slices
from mocksms.engine.callbacks import Attempt
from mocksms.engine.clock import timer
from mocksms.engine.controls import AccountUpdate
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.patterns import shared_pattern
from mocksms.engine.steps import finish
from mocksms.errors import PatternTooSlow
from mocksms.inspection import message_waits
from mocksms.inspection.context import Context
from mocksms.inspection.errors import CallbacksUnfinished, ShuttingDown
from mocksms.inspection.message_waits import FoundMessages, MessageWait, MessageWaits, NewMessages
from mocksms.inspection.resources import Endpoints
from mocksms.inspection.scope import AccountScope, OwnedMessage
from mocksms.inspection.waiting import CallbackWaits, WaitEnd, Waiter, Waiters
from mocksms.settings import Settings
from mocksms.sms.message import Message, Recipient, Status, Submission
from mocksms.sms.webhook import Webhook
from tests.engine.support import World, a_message
from tests.inspection.support import QUEUED, Api, listeners_of, wait_for_waiters
from tests.receiver import hanging, receiving
from tests.support import KEY, NOON, NUMBER, TIMEOUT, Mock, running

MANY = 200


def number(place: int) -> str:
    return f"972-54-{place:07}"


def wait_request(query: str, key: str = KEY) -> bytes:
    return f"GET /_mock/messages/wait?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n\r\n".encode()


async def waited(mock: Mock, query: str) -> dict[str, Any]:
    """Wait over a connection of its own, and return the answer's JSON."""
    reader, writer = await asyncio.open_connection(mock.host, mock.port)
    writer.write(wait_request(query))
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200")
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    found: dict[str, Any] = json.loads(await reader.readexactly(length))
    writer.close()
    await writer.wait_closed()
    return found


def test_many_waits_at_once_get_each_its_own_message(own_mock: Mock) -> None:
    async def all_of_them() -> list[dict[str, Any]]:
        waiting = [asyncio.create_task(waited(own_mock, f"to={number(place)}&timeout=60")) for place in range(MANY)]
        await asyncio.to_thread(wait_for_waiters, own_mock, MANY)
        for start in range(0, MANY, 50):
            numbers = [number(place) for place in range(start, start + 50)]
            await asyncio.to_thread(own_mock.send, *numbers)
        return await asyncio.gather(*waiting)

    for place, found in enumerate(asyncio.run(asyncio.wait_for(all_of_them(), 60))):
        assert [message["mobile_number"] for message in found["messages"]] == [number(place)]
    wait_for_waiters(own_mock, 0)


def test_wait_ends_when_its_client_disconnects(own_mock: Mock) -> None:
    with socket.create_connection((own_mock.host, own_mock.port), TIMEOUT) as connection:
        connection.sendall(wait_request("timeout=60"))
        wait_for_waiters(own_mock, 1)
    wait_for_waiters(own_mock, 0)
    Api(own_mock, KEY).send(QUEUED)


def test_wait_beyond_the_limit_is_refused_and_may_be_repeated(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_waits, "MAX_MESSAGE_WAITS", 1)
    api = Api(own_mock, KEY)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(api.get, "messages/wait", timeout=60)
        wait_for_waiters(own_mock, 1)
        answer = api.call("GET", "messages/wait", timeout=60)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "1 waits" in answer.json()["error"]["message"]
        api.send(QUEUED)
        assert first.result(TIMEOUT)["total"] == 1
    assert api.get("messages/wait", timeout=60)["total"] == 1


def test_wait_ends_when_the_mock_stops() -> None:
    with ThreadPoolExecutor() as pool:
        with running() as mock:
            answer = pool.submit(Api(mock, KEY).call, "GET", "messages/wait", timeout=60)
            wait_for_waiters(mock, 1)
        assert answer.result(TIMEOUT).status_code == 503
        assert "shuts down" in answer.result().json()["error"]["message"]


def test_messages_of_other_accounts_do_not_end_a_wait(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.get, "messages/wait", timeout=60)
        wait_for_waiters(own_mock, 1)
        Api(own_mock, "another").send(QUEUED, QUEUED)
        wait_for_waiters(own_mock, 1)
        own = api.send(QUEUED, number(1))
        found = waiting.result(TIMEOUT)
    assert found["messages"][0]["transaction_id"] in own


def test_wait_whose_pattern_is_too_slow_for_what_comes_is_refused(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.call, "GET", "messages/wait", timeout=60, regex="(a|a)*(a|a)*$")
        wait_for_waiters(own_mock, 1)
        own_mock.send(content="a" * 60 + "b")
        answer = waiting.result(TIMEOUT)
    assert answer.status_code == 400
    assert "regular expression takes longer" in answer.json()["error"]["message"]


def test_wait_ends_with_what_is_due_at_the_timeout() -> None:
    world = World()
    scope = AccountScope(world.engine, KEY)
    waits = MessageWaits(world.engine, Slices())

    async def receive() -> dict[str, Any]:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def story() -> None:
        world.submit(send_at=NOON + timedelta(seconds=1))
        query = MessageQuery(status=Status.SENT)
        waiting = asyncio.create_task(waits.until(scope, query, 1, 0, receive))
        await asyncio.sleep(0)
        assert len(waits) == 1
        world.clock.advance(1)
        found = await waiting
        assert isinstance(found, FoundMessages)
        assert len(found.messages) == 1

    asyncio.run(story())


def test_wait_ends_once() -> None:
    async def story() -> None:
        waiter = Waiter(lambda: True)
        waiter.stop(WaitEnd.TIMED_OUT)
        waiter.stop(WaitEnd.DISCONNECTED)
        waiter.notify()
        assert await waiter.result is WaitEnd.TIMED_OUT

    asyncio.run(story())


MAX_CALLS = 10_000
"""Calls after which an event that should have happened never will."""


def frozen_world() -> World:
    made = World(webhook=(Webhook("http://app.test/"),))
    made.account.clock.freeze()
    return made


def test_advance_returns_when_receivers_have_been_called(own_mock: Mock) -> None:
    """However long that takes them, and with callbacks that others cause."""
    api = Api(own_mock, "k")
    with receiving() as receiver:
        receiver.before_response = lambda _: api.get("health")
        api.patch(webhooks=[receiver.url])
        api.post("clock/freeze")
        api.send(*["972-50-0002300"] * 20)
        api.post("clock/advance", {"by": "5s"})
        assert len(receiver.requests) == 40


def test_advance_of_one_account_does_not_wait_for_another(own_mock: Mock) -> None:
    one, two = Api(own_mock, "one"), Api(own_mock, "two")
    with hanging() as (url, called):
        one.patch(webhooks=[url])
        one.send(NUMBER)
        assert called.wait(TIMEOUT)
        two.post("clock/advance", {"by": "1h"})
        assert one.get("callbacks", state="pending")["total"] == 1


def test_wait_for_callbacks_ends_when_the_mock_stops() -> None:
    with hanging() as (url, _), ThreadPoolExecutor() as pool:
        with running(Settings(port=0, webhook_timeout=timedelta(seconds=TIMEOUT))) as mock:
            api = Api(mock, "k")
            api.patch(webhooks=[url])
            api.send(NUMBER)
            waiting = pool.submit(api.call, "POST", "clock/advance", {"by": 1})
            next(filter(None, (api.get("health") and listeners_of(mock, Waiters) for _ in range(MAX_CALLS))))
        assert waiting.result(TIMEOUT).status_code == 503


def test_wait_for_callbacks_ends_with_the_last_one_of_its_account_and_with_nothing_else() -> None:
    async def story() -> None:
        mock = frozen_world()
        other = mock.engine.account("another key")
        mock.controls.update_account(other, AccountUpdate(webhooks=(Webhook("http://app.test/"),)))
        waits = CallbackWaits(mock.engine)
        await waits.until_not_busy(None)
        mock.send(NUMBER, NUMBER)
        mock.engine.submit(other, Submission("Hello"), [Recipient(NUMBER)])
        every, own = (asyncio.create_task(waits.until_not_busy(account)) for account in (None, mock.account))
        first, second, third = mock.engine.outbox.take_due()
        for callback, expected in ((first, (False, False)), (second, (False, True)), (third, (True, True))):
            await rounds()
            mock.controls.update_account(mock.account, AccountUpdate(sender="Shop"))
            mock.engine.outbox.record_result(callback, Attempt(NOON, 200, b"", 0.0))
            await rounds()
            assert (every.done(), own.done()) == expected
        assert len(waits.waiters) == 0

    asyncio.run(story())


async def rounds() -> None:
    """Let the loop run everything that is ready."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_wait_for_callbacks_times_out() -> None:
    async def story() -> None:
        mock = frozen_world()
        waits = CallbackWaits(mock.engine, timeout=0.01)
        mock.send()
        with pytest.raises(CallbacksUnfinished):
            await waits.until_not_busy(None)
        waits.waiters.stop()

    asyncio.run(story())


def test_wait_for_callbacks_ends_with_a_reset() -> None:
    async def story() -> None:
        mock = frozen_world()
        waits = CallbackWaits(mock.engine)
        mock.send()
        tasks = [asyncio.create_task(waits.until_not_busy(account)) for account in (None, mock.account)]
        await asyncio.sleep(0)
        assert len(waits.waiters) == 2
        mock.controls.reset(mock.account)
        await asyncio.gather(*tasks)
        assert len(waits.waiters) == 0

    asyncio.run(story())


def test_wait_for_callbacks_ends_when_the_account_is_evicted() -> None:
    async def story() -> None:
        mock = World(webhook=(Webhook("http://app.test/"),), max_accounts=1)
        mock.send()
        wait = asyncio.create_task(CallbackWaits(mock.engine, timeout=TIMEOUT / 10).until_not_busy(mock.account))
        await asyncio.sleep(0)
        other = mock.engine.account("another key")
        assert not mock.engine.accounts.by_key(KEY)
        mock.controls.update_account(other, AccountUpdate(sender="Shop"))
        await wait

    asyncio.run(story())


def test_stop_ends_waits_for_callbacks() -> None:
    async def story() -> None:
        mock = frozen_world()
        waits = CallbackWaits(mock.engine)
        mock.send()
        wait = asyncio.create_task(waits.until_not_busy(mock.account))
        await asyncio.sleep(0)
        waits.waiters.stop()
        with pytest.raises(ShuttingDown):
            await wait

    asyncio.run(story())


def compared_texts(*digits: str) -> tuple[NewMessages, MessageQuery, list[str]]:
    """Return new messages to some numbers, a filter for their text, and a list of the numbers it was compared with."""
    world, compared = World(), list[str]()

    def text_of(message: Message) -> str:
        compared.append(message.digits)
        return "Hello"

    messages = [OwnedMessage(world.account, a_message(digits=each)) for each in digits]
    return NewMessages(messages), MessageQuery(text="Hell", text_of=text_of), compared


def test_new_message_is_compared_once_with_equal_filters() -> None:
    new, query, compared = compared_texts("1", "2")
    assert finish(new.matching(query)) == finish(new.matching(replace(query)))
    assert compared == ["1", "2"]


def test_new_message_to_another_number_is_not_compared() -> None:
    new, query, compared = compared_texts("1", "2")
    assert [owned.message.digits for owned in finish(new.matching(replace(query, digits="2")))] == ["2"]
    assert finish(new.matching(replace(query, digits="3"))) == []
    assert compared == ["2"]


def test_waits_that_look_for_a_code_are_compared_last() -> None:
    world, compared = World(), list[MessageQuery]()

    class Query(MessageQuery):
        def matches(self, message: Message) -> bool:
            compared.append(self)
            return super().matches(message)

    waits, code, text = MessageWaits(world.engine, Slices()), Query(has_code=True), Query(text="Hello")
    for each in (code, text):
        waits._waits[MessageWait(AccountScope(world.engine, None), each)] = None
    finish(waits._wake(NewMessages([OwnedMessage(world.account, a_message())])))
    assert compared == [text, code]


def test_pattern_that_is_too_slow_is_tried_once_for_all_waits_with_it() -> None:
    new = NewMessages([OwnedMessage(World().account, a_message(content="a" * 60 + "z"))])
    queries = [MessageQuery(pattern=shared_pattern("(a|a)*(a|a)*$")) for _ in range(3)]
    started = timer()
    for query in queries:
        with pytest.raises(PatternTooSlow):
            finish(new.matching(query))
    assert queries[0].budget.left < queries[1].budget.left == queries[2].budget.left
    assert timer() - started < TIMEOUT


def test_wait_whose_filter_is_compared_ends_when_the_mock_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.asgi.slices.SLICE_SECONDS", 0)
    with ThreadPoolExecutor() as pool:
        with running() as mock:
            waiting = pool.submit(Api(mock, KEY).call, "GET", "messages/wait", timeout=60, regex="none")
            wait_for_waiters(mock, 1)
            mock.send(*[NUMBER] * 1_000)
        assert waiting.result(TIMEOUT).status_code == 503


def test_long_search_is_refused_once_the_mock_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.asgi.slices.SLICE_SECONDS", 0)
    world, slices = World(), Slices()
    world.submit(*[NUMBER] * 200)
    slices.stop()
    client = TestClient(Starlette(routes=[Endpoints(Context(world.engine, slices))]))
    answer = client.get("/_mock/messages?content=none")
    assert (answer.status_code, answer.json()["error"]["message"]) == (503, "The mock shuts down.")


def test_wait_ends_when_the_mock_stops_while_messages_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mocksms.asgi.slices.SLICE_SECONDS", 0)

    async def receive() -> dict[str, Any]:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def story() -> None:
        world, slices = World(), Slices()
        waits = MessageWaits(world.engine, slices)
        query = MessageQuery(content="none")
        waiting = asyncio.create_task(waits.until(AccountScope(world.engine, KEY), query, 1, 60, receive))
        await rounds()
        world.submit(*[NUMBER] * 2_000)
        await rounds()
        slices.stop()
        waits.stop()
        assert await waiting is WaitEnd.STOPPED
        await rounds()

    asyncio.run(story())
