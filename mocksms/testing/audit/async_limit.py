"""Time limit of async tests: their event loop cancels them, since an exception in the loop itself would break it."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mocksms.testing.audit.time_limit import TimeLimit, limit_reached
from mocksms.testing.event_loops import runs_trio


def cancellable(function: Callable[..., Any], limit: TimeLimit) -> Callable[..., Any]:
    """Return an async function that does the same, and that its event loop cancels when the limit is reached."""

    @functools.wraps(function)
    async def run(*arguments: Any, **named: Any) -> Any:
        with (_cancelled_by_trio if runs_trio() else _cancelled_by_asyncio)(limit):
            return await function(*arguments, **named)

    return run


@contextmanager
def _cancelled_by_asyncio(limit: TimeLimit) -> Iterator[None]:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def cancel() -> bool:
        if asyncio.current_task(loop) is not None:
            return False
        loop.call_soon_threadsafe(task.cancel)
        return True

    with limit.ended_by(cancel):
        try:
            yield
        except asyncio.CancelledError:
            if not limit.has_ended:
                raise
            task.uncancel()
            raise limit_reached() from None


@contextmanager
def _cancelled_by_trio(limit: TimeLimit) -> Iterator[None]:
    trio: Any = sys.modules["trio"]
    token = trio.lowlevel.current_trio_token()
    scope = trio.CancelScope()

    def cancel() -> bool:
        if trio.lowlevel.in_trio_task():
            return False
        token.run_sync_soon(scope.cancel)
        return True

    with limit.ended_by(cancel), scope:
        yield
    if scope.cancelled_caught:
        raise limit_reached()
