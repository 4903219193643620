"""The time limit of a run."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import anyio
import pytest

from mocksms.testing.audit.async_limit import cancellable
from mocksms.testing.audit.rerun import error_of
from mocksms.testing.audit.time_limit import TimeLimit

SHORT = timedelta(milliseconds=20)


def wait_forever() -> NoReturn:
    """Wait forever, in short parts: a system without SIGALRM interrupts nothing else."""
    while True:
        threading.Event().wait(0.005)


def wait(limit: TimeLimit) -> BaseException:
    """Wait under a limit, and return what ends the wait."""
    try:
        with limit.applied():
            wait_forever()
    except BaseException as error:
        return error


def test_limit_ends_a_wait() -> None:
    limit = TimeLimit(SHORT)
    assert isinstance(wait(limit), pytest.fail.Exception)
    assert limit.has_ended
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_limit_that_is_not_reached_changes_nothing() -> None:
    limit = TimeLimit(timedelta(seconds=30))
    handler = signal.getsignal(signal.SIGALRM)
    with limit.applied():
        own: Any = signal.getsignal(signal.SIGALRM)
    own()  # a signal that comes too late
    assert (limit.has_ended, signal.getsignal(signal.SIGALRM)) == (False, handler)


def test_timer_of_another_plugin_goes_on() -> None:
    ended = threading.Event()
    handler = signal.signal(signal.SIGALRM, lambda *_: ended.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.03)
        assert isinstance(wait(TimeLimit(SHORT)), pytest.fail.Exception)
        assert ended.wait(30)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def test_limit_works_without_sigalrm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGALRM")
    limit = TimeLimit(SHORT)
    assert isinstance(wait(limit), KeyboardInterrupt)
    assert limit.has_ended
    unused = TimeLimit(timedelta(seconds=30))
    with unused.applied():
        pass
    assert not unused.has_ended


def test_limit_works_where_ctrl_c_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGALRM")
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert isinstance(wait(TimeLimit(SHORT)), KeyboardInterrupt)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, handler)


def test_ctrl_c_ends_the_test_run() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        error_of(interrupt, TimeLimit(SHORT))


def test_limit_without_sigalrm_ends_the_test_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGALRM")
    limit = TimeLimit(SHORT)
    assert isinstance(error_of(wait_forever, limit), KeyboardInterrupt)


async def wait_async() -> None:
    await anyio.sleep(30)


async def loop_async() -> None:
    while True:
        pass


async def wait_in_tasks() -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 30)


@pytest.mark.parametrize("library", ["asyncio", "trio"])
@pytest.mark.parametrize("function", [wait_async, loop_async, wait_in_tasks])
def test_event_loop_ends_an_async_test(function: Callable[[], Any], library: str) -> None:
    limit = TimeLimit(SHORT)

    async def run() -> None:
        with limit.applied():  # a loop that starts may take longer than the limit
            await cancellable(function, limit)()

    with pytest.raises(pytest.fail.Exception, match="time limit"):
        anyio.run(run, backend=library)
    assert limit.has_ended


def test_other_cancellation_is_not_the_limit() -> None:
    async def cancel() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancellable(cancel, TimeLimit(SHORT))())
    assert anyio.run(cancellable(anyio.sleep, TimeLimit(SHORT)), 0, backend="trio") is None


def test_other_threads_have_no_limit() -> None:
    limit = TimeLimit(SHORT)
    found: list[bool] = []

    def run() -> None:
        with limit.applied():
            found.append(threading.Event().wait(0.05))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert (found, limit.has_ended) == ([False], False)
