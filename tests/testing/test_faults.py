"""Requests that a test holds: it knows that one waits, looks at its application, and releases it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import trio

from mocksms import MockSMS
from mocksms.errors import MockRefused
from tests.support import NUMBER, TIMEOUT
from tests.testing.support import get, send

LOOPS: dict[str, Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]] = {
    "asyncio": lambda test: asyncio.run(test()),
    "trio": lambda test: trio.run(test),
}


def test_application_waits_while_the_test_looks_at_it(sms: MockSMS, threads: ThreadPoolExecutor) -> None:
    with sms.hold() as held:
        sending = threads.submit(send, sms, NUMBER)
        request = held.wait_for_request(timeout=TIMEOUT)
        assert (request.method, request.status, held.waiting) == ("POST", 200, 1)
        assert sms.assert_sent(to=NUMBER).state == "sent"
        assert not sending.done()
        assert held.release() == 1
        assert sending.result(TIMEOUT)
        send(sms)
    assert (held.waiting, held.applied, held.release()) == (0, 1, 0)
    assert sms.faults == [held]


def test_end_of_the_block_releases(sms: MockSMS, threads: ThreadPoolExecutor) -> None:
    with sms.hold(times=1) as held:
        sending = threads.submit(send, sms, NUMBER)
        held.wait_for_request(timeout=TIMEOUT)
        send(sms)
    assert sending.result(TIMEOUT)


def test_some_are_released_while_others_wait(sms: MockSMS, threads: ThreadPoolExecutor) -> None:
    with sms.hold(match={"operation": "search"}, ttl="1h") as held:
        first = threads.submit(get, sms, "/transactional/sms/search?limit=1")
        held.wait_for_request(timeout=TIMEOUT)
        second = threads.submit(get, sms, "/transactional/sms/search?limit=2")
        assert held.wait_for_request(2, timeout=TIMEOUT).target.endswith("limit=2")
        assert held.release(1) == 1
        assert first.result(TIMEOUT).status_code == 200
        assert (held.waiting, second.done()) == (1, False)
    assert second.result(TIMEOUT).status_code == 200


def test_reset_releases(sms: MockSMS, threads: ThreadPoolExecutor) -> None:
    with sms.hold() as held:
        sending = threads.submit(send, sms, NUMBER)
        held.wait_for_request(timeout=TIMEOUT)
        sms.reset()
        assert sending.result(TIMEOUT)
        assert (held.release(), held.waiting) == (0, 0)


def test_hold_has_an_end(sms: MockSMS) -> None:
    with sms.hold(duration="20ms") as held:
        send(sms)
    assert held.applied == 1


def test_missing_request_fails_with_the_others(sms: MockSMS) -> None:
    with sms.hold(match={"tag": "otp"}) as held:
        send(sms)
        with pytest.raises(AssertionError, match=r"0 of 1 requests waited within 0\.1 s\. .*/send 200\.$"):
            held.wait_for_request()
        with pytest.raises(MockRefused, match="timeout: must be at most 300"):
            held.wait_for_request(timeout=301)


@pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS)
def test_async_test_waits_without_blocking_its_application(
    sms: MockSMS, run: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]
) -> None:
    async def test() -> None:
        with sms.hold() as held:
            with pytest.raises(AssertionError, match=r"blocked the event loop; use: await held\.aio\.wait_for_request"):
                held.wait_for_request(timeout=0)
            with pytest.raises(AssertionError, match=r"newest first: none\.$"):
                await held.aio.wait_for_request(timeout=0)
            with ThreadPoolExecutor() as threads:
                sending = threads.submit(send, sms, NUMBER)
                assert (await held.aio.wait_for_request(timeout=TIMEOUT)).status == 200
                assert held.release() == 1
                assert sending.result(TIMEOUT)

    run(test)


def test_wait_ends_with_its_caller(sms: MockSMS) -> None:
    async def test() -> None:
        with sms.hold() as held, pytest.raises(TimeoutError):
            await asyncio.wait_for(held.aio.wait_for_request(timeout=TIMEOUT), 0.05)

    asyncio.run(test())


@pytest.mark.parametrize("call", [lambda held: held.wait_for_request(), lambda held: held.release()])
def test_refusal_of_the_mock_is_raised(
    sms: MockSMS, monkeypatch: pytest.MonkeyPatch, call: Callable[[Any], object]
) -> None:
    held = sms.hold()

    def refuse(*_: Any, **__: Any) -> Any:
        raise MockRefused("POST", 401, {})

    monkeypatch.setattr(sms.client, "request", refuse)
    with pytest.raises(MockRefused):
        call(held)
