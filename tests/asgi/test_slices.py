from __future__ import annotations

import asyncio
import threading

import pytest

from mocksms.asgi import slices
from mocksms.asgi.slices import Slices, Stopping
from mocksms.engine.steps import Steps


def counting(steps: int, log: list[str], name: str = "long") -> Steps[int]:
    """A long operation that logs its name at each step."""
    for _ in range(steps):
        log.append(name)
        yield
    return steps


@pytest.fixture
def one_step_per_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice that is over after its first step."""
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)


@pytest.mark.usefixtures("one_step_per_pass")
def test_other_requests_are_handled_while_a_long_operation_pauses() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        operation = asyncio.create_task(Slices().run(counting(3, log)))
        while not operation.done():
            log.append("other")
            await asyncio.sleep(0)
        assert await operation == 3
        return log

    log = asyncio.run(story())
    assert log.count("long") == 3
    assert "other" in log[log.index("long") : -1]


def test_short_operation_needs_no_pause() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        operation = asyncio.create_task(Slices().run(counting(3, log)))
        await asyncio.sleep(0)
        assert operation.done()
        return log

    assert asyncio.run(story()) == ["long"] * 3


@pytest.mark.usefixtures("one_step_per_pass")
def test_short_operation_overtakes_long_ones() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        slices = Slices()
        long = [asyncio.create_task(slices.run(counting(50, log))) for _ in range(3)]
        while log.count("long") < 20:
            await asyncio.sleep(0)
        await slices.run(counting(2, log, "short"))
        end = len(log)
        await asyncio.gather(*long)
        return log[20:end]

    assert asyncio.run(story()).count("long") < 10


@pytest.mark.usefixtures("one_step_per_pass")
def test_operations_take_turns() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        slices = Slices()
        await asyncio.gather(*(slices.run(counting(10, log, name)) for name in "abc"))
        return log

    log = asyncio.run(story())
    assert {log[:15].count(name) for name in "abc"} <= {4, 5, 6}


@pytest.mark.usefixtures("one_step_per_pass")
def test_cancelled_operation_is_closed_and_the_others_continue() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        slices = Slices()
        first, second = (asyncio.create_task(slices.run(counting(20, log, name))) for name in ("first", "second"))
        while log.count("first") < 3:
            await asyncio.sleep(0)
        first.cancel()
        assert await second == 20
        assert first.cancelled()
        return log

    assert asyncio.run(story()).count("first") < 6


def test_error_of_a_long_operation_is_raised() -> None:
    def failing() -> Steps[None]:
        yield
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(Slices().run(failing()))


def test_threads_run_one_at_a_time() -> None:
    running: list[int] = []

    def work(number: int) -> int:
        running.append(number)
        assert len(running) == 1
        threading.Event().wait(0.001)
        running.remove(number)
        return number

    async def story() -> list[int]:
        slices = Slices()
        return await asyncio.gather(*(slices.run_in_thread(work, number) for number in range(5)))

    assert asyncio.run(story()) == [*range(5)]


@pytest.mark.usefixtures("one_step_per_pass")
def test_operations_that_pause_end_when_the_mock_stops() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        slices = Slices()
        ends = asyncio.create_task(slices.run(counting(100, log, "ends")))
        cancelled = asyncio.create_task(slices.run(counting(100, log, "cancelled")))
        continues = asyncio.create_task(slices.run(counting(100, log, "continues"), to_end=True))
        for _ in range(20):
            await asyncio.sleep(0)
        cancelled.cancel()
        slices.stop()
        assert await continues == 100
        with pytest.raises(Stopping):
            await ends
        with pytest.raises(Stopping):
            await slices.run(counting(100, log, "later"))
        return log

    log = asyncio.run(story())
    assert log.count("continues") == 100
    assert log.count("ends") < 20
    assert log.count("later") == 1
