"""Waiting for messages and callbacks: an event of the engine ends the wait, there is no polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from mocksms.asgi import Receive
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.inspection.errors import CallbacksUnfinished

MAX_CALLBACK_SECONDS: Final = 60.0
"""Real time that all webhooks together may take before a wait for their callbacks fails."""

T = TypeVar("T")


class WaitEnd(Enum):
    """How a wait ended without a result."""

    TIMED_OUT = "timed out"
    DISCONNECTED = "the client disconnected"
    STOPPED = "the mock stops"


class Waiter(Generic[T]):
    """One wait; its future `result` gets the result, or how the wait ended without one.

    Args:
        check: returns the result as soon as it is there, None before.
    """

    def __init__(self, check: Callable[[], T | None]) -> None:
        self._check = check
        self.result: asyncio.Future[T | WaitEnd] = asyncio.get_running_loop().create_future()

    def notify(self) -> None:
        """Check again after an event."""
        if self.result.done():
            return
        result = self._check()
        if result is not None:
            self.result.set_result(result)

    def stop(self, end: WaitEnd) -> None:
        """End the wait without a result."""
        if not self.result.done():
            self.result.set_result(end)


class Waiters:
    """Waits that events of one engine wake.

    Args:
        engine: emits the events.
        pause: seconds between two rounds of checks; the events in between are checked together.
    """

    def __init__(self, engine: Engine, pause: float = 0.0) -> None:
        self._pause = pause
        self._waiters: dict[Waiter[Any], None] = {}
        self._is_scheduled = False
        self._woken_at = 0.0
        engine.listeners.append(self._on_event)

    def __len__(self) -> int:
        return len(self._waiters)

    async def wait(self, check: Callable[[], T | None], timeout: float) -> T | WaitEnd:
        """Return what `check` returns as soon as that is not None, or how the wait ended without it.

        Args:
            check: called now, after events and at the timeout: it may apply what is due by then.
            timeout: seconds to wait at most.
        """
        result = check()
        if result is not None:
            return result
        waiter: Waiter[T] = Waiter(check)
        self._waiters[waiter] = None
        timer = asyncio.get_running_loop().call_later(timeout, waiter.stop, WaitEnd.TIMED_OUT)
        try:
            end = await waiter.result
            result = check() if end is WaitEnd.TIMED_OUT else None
            return end if result is None else result
        finally:
            timer.cancel()
            del self._waiters[waiter]

    def stop(self) -> None:
        """End all waits because the mock stops."""
        for waiter in self._waiters:
            waiter.stop(WaitEnd.STOPPED)

    def _on_event(self, _: Account | None, __: EngineEvent) -> None:
        """Schedule a check: the engine emits in the middle of its work."""
        if self._waiters and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_at(self._woken_at + self._pause, self._notify)

    def _notify(self) -> None:
        self._woken_at = asyncio.get_running_loop().time()
        self._is_scheduled = False
        for waiter in tuple(self._waiters):
            waiter.notify()


class CallbackWaits:
    """The waits of one mock until no callback is due or in flight."""

    def __init__(self, engine: Engine, timeout: float = MAX_CALLBACK_SECONDS) -> None:
        self.waiters = Waiters(engine)
        self._outbox = engine.outbox
        self._timeout = timeout

    async def until_not_busy(self, account: Account | None) -> None:
        """Wait until no callback of an account, or of any, is due or in flight; or until the mock stops.

        Raises:
            CallbacksUnfinished: that takes too long.
        """
        end = await self.waiters.wait(lambda: None if self._outbox.is_busy(account) else True, self._timeout)
        if end is WaitEnd.TIMED_OUT:
            raise CallbacksUnfinished(self._timeout)


async def watch_disconnect(receive: Receive, act: Callable[[], object]) -> None:
    """Act as soon as the client of a request, whose body was read, disconnects."""
    with suppress(asyncio.CancelledError):
        await receive()
        act()
