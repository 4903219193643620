"""Waiting with many at once, and every way a wait can end."""

from __future__ import annotations

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mocksms.engine import patterns
from mocksms.engine.messages import MessageQuery
from mocksms.inspection import waiting as waits
from mocksms.inspection.scope import AccountScope
from mocksms.inspection.waiting import WaitEnd, Waiter
from tests.engine.support import World
from tests.inspection.support import QUEUED, Api, someone_waits
from tests.support import KEY, PATIENCE, Mock, running

MANY = 1_000


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


def test_thousand_wait_at_once_and_each_is_told_of_its_own(own_mock: Mock) -> None:
    async def all_of_them() -> list[dict[str, Any]]:
        asked = [asyncio.create_task(waited(own_mock, f"to={number(place)}&timeout=60")) for place in range(MANY)]
        await asyncio.to_thread(someone_waits, own_mock, MANY)
        for start in range(0, MANY, 250):
            numbers = [number(place) for place in range(start, start + 250)]
            await asyncio.to_thread(own_mock.send, *numbers)
        return await asyncio.gather(*asked)

    for place, found in enumerate(asyncio.run(asyncio.wait_for(all_of_them(), 60))):
        assert [message["mobile_number"] for message in found["messages"]] == [number(place)]
    assert not len(someone_waits(own_mock, 0))


def test_wait_ends_when_its_client_goes_away(own_mock: Mock) -> None:
    with socket.create_connection((own_mock.host, own_mock.port), PATIENCE) as connection:
        connection.sendall(wait_request("timeout=60"))
        someone_waits(own_mock, 1)
    someone_waits(own_mock, 0)
    Api(own_mock, KEY).send(QUEUED)


def test_wait_beyond_the_most_is_refused_and_may_try_again(own_mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "MOST", 1)
    api = Api(own_mock, KEY)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(api.get, "messages/wait", timeout=60)
        someone_waits(own_mock, 1)
        answer = api.call("GET", "messages/wait", timeout=60)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "1 waits" in answer.json()["error"]["message"]
        api.send(QUEUED)
        assert first.result(PATIENCE)["total"] == 1
    assert api.get("messages/wait", timeout=60)["total"] == 1


def test_wait_is_told_when_the_mock_stops() -> None:
    with ThreadPoolExecutor() as pool:
        with running() as mock:
            answer = pool.submit(Api(mock, KEY).call, "GET", "messages/wait", timeout=60)
            someone_waits(mock, 1)
        assert answer.result(PATIENCE).status_code == 503
        assert "stops" in answer.result().json()["error"]["message"]


def test_wait_hears_nothing_of_other_accounts(own_mock: Mock) -> None:
    api = Api(own_mock, KEY)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.get, "messages/wait", timeout=60)
        someone_waits(own_mock, 1)
        Api(own_mock, "another").send(QUEUED, QUEUED)
        someone_waits(own_mock, 1)
        own = api.send(QUEUED, number(1))
        found = waiting.result(PATIENCE)
    assert found["messages"][0]["transaction_id"] in own


def test_wait_whose_pattern_is_too_slow_for_what_comes_is_refused(
    own_mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "REGEX_TIMEOUT", 0.1)
    api = Api(own_mock, KEY)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.call, "GET", "messages/wait", timeout=60, regex="(a|a)*(a|a)*$")
        someone_waits(own_mock, 1)
        own_mock.send(content="a" * 60 + "b")
        answer = waiting.result(PATIENCE)
    assert answer.status_code == 400
    assert "regular expression takes longer" in answer.json()["error"]["message"]


def a_waiter(world: World) -> Waiter:
    """Return a waiter for one message, in a loop that never runs."""
    return Waiter(AccountScope(world.engine, KEY), MessageQuery(), 1, asyncio.new_event_loop().create_future())


def test_wait_ends_once() -> None:
    world = World()
    waiter = a_waiter(world)
    waiter.stop(WaitEnd.LATE)
    waiter.stop(WaitEnd.GONE)
    waiter.hear(world.account, [world.send()])
    assert waiter.end.result() is WaitEnd.LATE
    waiter.end.get_loop().close()
