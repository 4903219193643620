"""Waiting for messages and callbacks: an event of the engine ends the wait, there is no polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Any, Final, Generic, TypeVar

from mocksms.asgi.bodies import Disconnected, Receive
from mocksms.asgi.slices import Slices
from mocksms.engine.account import Account
from mocksms.engine.advance import Advance
from mocksms.engine.callbacks import describe_callback
from mocksms.engine.clock import Stopwatch
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.inspection.errors import CallbacksUnfinished, EndlessCallbacks, ShuttingDown
from mocksms.schemas.explanations import describe_message
from mocksms.sms.text import content_of

MAX_CALLBACK_SECONDS: Final = 60.0
"""Real time that all webhooks together may take before a wait for their callbacks fails."""

MAX_UNSENT_SECONDS: Final = 1.0
"""Real time that an advance waits for a response which holds back callbacks."""

MAX_GENERATIONS: Final = 1_000
"""Sends at different instants, each caused by a callback of the one before, before they count as endless."""

MAX_ROUNDS: Final = 300
"""Rounds of callbacks at one instant, each caused by those of the round before; a fast application takes a second."""

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
    """Waits that events of one engine wake. It listens only while there are any, since each send emits events.

    Args:
        engine: emits the events.
    """

    def __init__(self, engine: Engine) -> None:
        self._listeners = engine.listeners
        self._waiters: dict[Waiter[Any], None] = {}
        self._is_scheduled = False

    def __len__(self) -> int:
        return len(self._waiters)

    async def wait(self, check: Callable[[], T | None], timeout: float, receive: Receive | None = None) -> T | WaitEnd:
        """Return what `check` returns as soon as that is not None, or how the wait ended without it.

        Args:
            check: called now, after events and at the timeout: it may apply what is due by then.
            timeout: seconds to wait at most.
            receive: of a request, whose body was read; the wait ends when its client disconnects.
        """
        result = check()
        if result is not None:
            return result
        waiter: Waiter[T] = Waiter(check)
        if not self._waiters:
            self._listeners.append(self._on_event)
        self._waiters[waiter] = None
        timer = asyncio.get_running_loop().call_later(timeout, waiter.stop, WaitEnd.TIMED_OUT)
        disconnect = partial(waiter.stop, WaitEnd.DISCONNECTED)
        watch = receive and asyncio.create_task(watch_disconnect(receive, disconnect))
        try:
            end = await waiter.result
            result = check() if end is WaitEnd.TIMED_OUT else None
            return end if result is None else result
        finally:
            timer.cancel()
            if watch:
                watch.cancel()
            del self._waiters[waiter]
            if not self._waiters:
                self._listeners.remove(self._on_event)

    def stop(self) -> None:
        """End all waits because the mock stops."""
        for waiter in self._waiters:
            waiter.stop(WaitEnd.STOPPED)

    def _on_event(self, _: Account | None, __: EngineEvent) -> None:
        """Schedule a check: the engine emits in the middle of its work."""
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self.notify)

    def notify(self) -> None:
        """Check all waits."""
        self._is_scheduled = False
        for waiter in tuple(self._waiters):
            waiter.notify()


class WaitingClient:
    """A client that waits: since when, and whether it has disconnected."""

    def __init__(self) -> None:
        self.watch = Stopwatch()
        self.is_disconnected = False


class CallbackWaits:
    """The waits of one mock until no callback is due or in flight."""

    def __init__(self, engine: Engine, slices: Slices | None = None, timeout: float = MAX_CALLBACK_SECONDS) -> None:
        self.waiters = Waiters(engine)
        self._engine = engine
        self._slices = slices or Slices()
        self._timeout = timeout

    async def finish(self, advance: Advance, receive: Receive | None = None) -> set[int]:
        """Run an advance to its target: at each instant, wait for callbacks and the sends they cause.

        Returns:
            the requests whose responses are not sent yet, and hold back callbacks that are due.

        Raises:
            CallbacksUnfinished: that takes too long.
            EndlessCallbacks: callbacks cause sends without end.
            ShuttingDown: the mock stops.
            Disconnected: the client of the request disconnected.
        """
        client, unsent = WaitingClient(), set[int]()
        watch = receive and asyncio.create_task(watch_disconnect(receive, partial(self._disconnect, client)))
        try:
            with advance:
                while True:
                    await self._finish_instant(advance, unsent, client)
                    if advance.is_complete:
                        return unsent & self._engine.outbox.holding(advance.account)
                    await self._slices.run(advance.to_next_callbacks())
        finally:
            if watch:
                watch.cancel()

    async def _finish_instant(self, advance: Advance, unsent: set[int], client: WaitingClient) -> None:
        """Wait for the callbacks that are due and the sends they cause; add requests that hold back callbacks."""
        for _ in range(MAX_ROUNDS):
            await self.until_not_busy(advance.account, self._engine.cursor, client)
            unsent |= await self._until_sent(advance.account, unsent)
            if not self._engine.outbox.is_busy(advance.account):
                if advance.end_instant() > MAX_GENERATIONS:
                    raise _endless(advance, MAX_GENERATIONS, "at later and later instants")
                return
        raise _endless(advance, MAX_ROUNDS, "at this instant")

    def _disconnect(self, client: WaitingClient) -> None:
        client.is_disconnected = True
        self.waiters.notify()

    async def until_not_busy(
        self, account: Account | None, up_to: int | None = None, client: WaitingClient | None = None
    ) -> None:
        """Wait until no callback of an account, or of any, is due or in flight, with `up_to` none up to that number.

        Raises:
            CallbacksUnfinished: that takes too long, with all waits of the client before.
            ShuttingDown: the mock stops.
            Disconnected: the client has disconnected.
        """
        outbox, client = self._engine.outbox, client or WaitingClient()

        def check() -> WaitEnd | bool | None:
            if client.is_disconnected:
                return WaitEnd.DISCONNECTED
            return None if outbox.is_busy(account, up_to) else True

        match await self.waiters.wait(check, self._timeout - client.watch.seconds):
            case WaitEnd.TIMED_OUT:
                now = (account or self._engine.accounts).clock.now()
                raise CallbacksUnfinished(self._timeout, now, list(map(describe_callback, outbox.in_flight(account))))
            case WaitEnd.STOPPED:
                raise ShuttingDown
            case WaitEnd.DISCONNECTED:
                raise Disconnected

    async def _until_sent(self, account: Account | None, known: set[int]) -> set[int]:
        """Wait until no response holds back callbacks, but not for long, and not for known ones; return those that do.

        A client may read its response late, or after the operation that waits here; a fault may delay a response.
        """
        holding = partial(self._engine.outbox.holding, account)
        await self.waiters.wait(lambda: True if holding() <= known else None, MAX_UNSENT_SECONDS)
        return holding()


def _endless(advance: Advance, times: int, where: str) -> EndlessCallbacks:
    message = advance.latest_message()
    latest = message and describe_message(message.transaction_id, message.mobile_number, content_of(message))
    return EndlessCallbacks(advance.now, times, where, latest)


async def watch_disconnect(receive: Receive, act: Callable[[], object]) -> None:
    """Act as soon as the client of a request, whose body was read, disconnects."""
    with suppress(asyncio.CancelledError):
        await receive()
        act()
