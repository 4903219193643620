"""Blocking calls awaited, in whichever loop the test has."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import trio

from mocksms import MockSMS
from mocksms.errors import MockUnreachable
from mocksms.testing.threads import in_thread
from tests.support import TIMEOUT
from tests.testing.support import send

RUNS: dict[str, Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]] = {
    "asyncio": lambda test: asyncio.run(test()),
    "trio": lambda test: trio.run(test),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_call_runs_in_a_thread_of_its_own(run: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]) -> None:
    async def scenario() -> threading.Thread:
        return await in_thread(threading.current_thread)

    assert run(scenario) is not threading.current_thread()


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_blocking_wait_in_an_event_loop_names_the_async_form(
    sms: MockSMS, run: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]
) -> None:
    async def scenario(text: str) -> None:
        with pytest.raises(
            AssertionError, match=r"\n  loop       this wait blocked the event loop; .* sms\.aio\.wait_for"
        ):
            sms.wait_for(content=text, timeout=0)
        with pytest.raises(AssertionError) as failed:
            await sms.aio.wait_for(content=text, timeout=0)
        assert "loop" not in str(failed.value)

    run(lambda: scenario("never"))


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_error_comes_without_the_frames_of_the_thread(
    run: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any],
) -> None:
    def fail() -> None:
        raise AssertionError("as wanted")

    async def scenario() -> list[str]:
        with pytest.raises(AssertionError, match="as wanted") as failed:
            await in_thread(fail)
        return [frame.name for frame in traceback.extract_tb(failed.tb)]

    assert run(scenario) == ["scenario", "in_thread"]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_error_that_ends_a_test_comes_as_it_is(run: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]) -> None:
    async def scenario() -> None:
        with pytest.raises(pytest.fail.Exception, match="in a matcher"):
            await in_thread(lambda: pytest.fail("in a matcher"))

    run(scenario)


def test_more_waits_can_run_than_a_pool_has_threads(sms: MockSMS) -> None:
    async def scenario() -> None:
        waits = [asyncio.create_task(sms.aio.wait_for(content=f"<{number}>", timeout=TIMEOUT)) for number in range(40)]
        await asyncio.sleep(0)
        for number in range(40):
            await asyncio.to_thread(send, sms, content=f"<{number}>")
        await asyncio.gather(*waits)

    asyncio.run(scenario())


async def _given_up_in_asyncio(sms: MockSMS, **expected: Any) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sms.aio.wait_for(timeout=TIMEOUT * 10, **expected), 0.05)


async def _given_up_in_trio(sms: MockSMS, **expected: Any) -> None:
    with trio.move_on_after(0.05) as scope:
        await sms.aio.wait_for(timeout=TIMEOUT * 10, **expected)
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("run", "given_up"), [(RUNS["asyncio"], _given_up_in_asyncio), (RUNS["trio"], _given_up_in_trio)], ids=RUNS
)
@pytest.mark.parametrize("expected", [{}, {"text": bool}], ids=["by the mock", "by this side"])
def test_cancelled_wait_closes_its_connection(sms: MockSMS, run: Any, given_up: Any, expected: Any) -> None:
    run(lambda: given_up(sms, **expected))
    for thread in {*threading.enumerate()} - {threading.current_thread()}:
        thread.join(TIMEOUT if thread.name == "mocksms wait" else 0)
    assert "mocksms wait" not in [thread.name for thread in threading.enumerate()]
    sms.assert_nothing_sent()


def test_call_cancelled_before_it_connects_fails_at_once(sms: MockSMS) -> None:
    failures: list[MockUnreachable] = []

    def late() -> None:
        with pytest.raises(MockUnreachable, match="the wait for it was cancelled") as given_up:
            sms.wait_for(timeout=TIMEOUT)
        failures.append(given_up.value)

    thread = threading.Thread(target=late)
    sms.client.abandon(thread)
    thread.start()
    thread.join(TIMEOUT)
    assert failures


def test_call_that_outlives_its_loop_ends_quietly() -> None:
    gate, ended = threading.Event(), threading.Event()

    def call() -> None:
        gate.wait(TIMEOUT)
        ended.set()

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(in_thread(call), 0.05)

    asyncio.run(scenario())
    (thread,) = [each for each in threading.enumerate() if each.name == "mocksms wait"]
    gate.set()
    thread.join(TIMEOUT)
    assert ended.is_set()
