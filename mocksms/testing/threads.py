"""Blocking calls in async tests: each runs in a thread of its own, so the event loop is not blocked."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from inspect import isawaitable
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from mocksms.testing.event_loops import runs_trio

__tracebackhide__ = True

T = TypeVar("T")


async def in_thread(call: Callable[[], T], cancel: Callable[[Thread], object] = lambda _: None) -> T:
    """Await a blocking call, in asyncio or trio: return what it returns, or raise its error without its frames.

    Args:
        call: runs in a daemon thread of its own.
        cancel: ends that thread when the caller is cancelled.
    """
    signal = _signal()
    results: list[tuple[T | None, BaseException | None]] = []

    def run() -> None:
        results.append(_result_of(call))
        with suppress(RuntimeError):  # the loop may have ended
            signal.set()

    thread = Thread(target=partial(copy_context().run, run), name="mocksms wait", daemon=True)
    thread.start()
    try:
        await signal.wait()
    except BaseException:
        cancel(thread)
        raise
    result, error = results[0]
    if error is not None:
        raise error.with_traceback(None)
    return result  # type: ignore[return-value]


def to_loop() -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Return what lets another thread call a function in the event loop of this thread, and await its result there."""
    if runs_trio():
        trio: Any = sys.modules["trio"]
        token = trio.lowlevel.current_trio_token()
        return lambda call: partial(trio.from_thread.run, _awaited, call, trio_token=token)
    loop = asyncio.get_running_loop()
    return lambda call: lambda: asyncio.run_coroutine_threadsafe(_awaited(call), loop).result()


async def _awaited(call: Callable[[], object]) -> object:
    result = call()
    return await result if isawaitable(result) else result


class _Signal(NamedTuple):
    """An event that one thread sets and an event loop in another thread awaits."""

    wait: Callable[[], Any]
    set: Callable[[], object]


def _signal() -> _Signal:
    if runs_trio():
        trio: Any = sys.modules["trio"]
        trio_event = trio.Event()
        return _Signal(trio_event.wait, partial(trio.lowlevel.current_trio_token().run_sync_soon, trio_event.set))
    event = asyncio.Event()
    return _Signal(event.wait, partial(asyncio.get_running_loop().call_soon_threadsafe, event.set))


def _result_of(call: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return call(), None
    except BaseException as error:
        return None, error
