"""Blocking calls awaited: each in a thread of its own, so that an application in the same loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import Any, NamedTuple, TypeVar

__tracebackhide__ = True

T = TypeVar("T")


async def in_thread(call: Callable[[], T], give_up: Callable[[Thread], object] = lambda _: None) -> T:
    """Return what a blocking call returns or raise what it raises, without its frames; in asyncio and in trio.

    Args:
        call: runs in a daemon thread that no other call waits for.
        give_up: lets that thread end, when nobody awaits it any more.
    """
    bell = _bell()
    outcome: list[tuple[T | None, BaseException | None]] = []

    def run() -> None:
        outcome.append(_caught(call))
        # The loop may be over by now.
        with suppress(RuntimeError):
            bell.ring()

    thread = Thread(target=partial(copy_context().run, run), name="mocksms wait", daemon=True)
    thread.start()
    try:
        await bell.wait()
    except BaseException:
        give_up(thread)
        raise
    result, error = outcome[0]
    if error is not None:
        raise error.with_traceback(None)
    return result  # type: ignore[return-value]


def holds_up_a_loop() -> bool:
    """Return whether this thread runs a loop, which stands still while a blocking call waits."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _in_trio()
    return True


class _Bell(NamedTuple):
    """Rung in one thread, it wakes who waits in the loop."""

    wait: Callable[[], Any]
    ring: Callable[[], object]


def _bell() -> _Bell:
    if _in_trio():
        trio: Any = sys.modules["trio"]
        rung = trio.Event()
        return _Bell(rung.wait, partial(trio.lowlevel.current_trio_token().run_sync_soon, rung.set))
    event = asyncio.Event()
    return _Bell(event.wait, partial(asyncio.get_running_loop().call_soon_threadsafe, event.set))


def _in_trio() -> bool:
    trio: Any = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())


def _caught(call: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return call(), None
    except BaseException as error:
        return None, error
