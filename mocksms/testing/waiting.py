"""Blocking calls awaited: they run in a thread, so that an application in the same loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any, TypeVar

__tracebackhide__ = True

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """Return what a blocking call returns or raise what it raises, without its frames; in asyncio and in trio."""
    result, error = await _run(lambda: _caught(call))
    if error is not None:
        raise error.with_traceback(None)
    return result  # type: ignore[return-value]


def holds_up_a_loop() -> bool:
    """Return whether this thread runs a loop, which stands still while a blocking call waits."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        trio: Any = sys.modules.get("trio")
        return trio is not None and bool(trio.lowlevel.in_trio_run())
    return True


async def _run(call: Callable[[], T]) -> T:
    trio: Any = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        result: T = await trio.to_thread.run_sync(call)
        return result
    return await asyncio.to_thread(call)


def _caught(call: Callable[[], T]) -> tuple[T | None, Exception | None]:
    try:
        return call(), None
    except Exception as error:
        return None, error
