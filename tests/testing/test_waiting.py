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
from mocksms.testing.waiting import in_thread

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
def test_blocking_wait_within_a_loop_says_what_to_use(
    sms: MockSMS, run: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]
) -> None:
    async def scenario(text: str) -> None:
        with pytest.raises(AssertionError, match=r"\n  loop       it stood still meanwhile; .* sms\.aio\.wait_for"):
            sms.wait_for(text=text, timeout=0)
        with pytest.raises(AssertionError) as failed:
            await sms.aio.wait_for(text=text, timeout=0)
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
