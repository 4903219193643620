"""Waiting for messages and callbacks: an event of the engine ends the wait, there is no polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from types import UnionType
from typing import Any, Final, Generic, TypeVar

from mocksms.asgi import Receive
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.messages import MessageQuery
from mocksms.errors import MocksmsError
from mocksms.inspection.errors import CallbacksUnfinished, TooManyOpenRequests
from mocksms.inspection.scope import AccountScope, OwnedMessage
from mocksms.sms.message import Message

MAX_MESSAGE_WAITS: Final = 5_000
MAX_CALLBACK_SECONDS: Final = 60.0
"""Real time that all webhooks together may take before a wait for their callbacks fails."""

T = TypeVar("T")

EmittedEvent = tuple[Account | None, EngineEvent]
"""An event with its account, None for all."""


class WaitEnd(Enum):
    """How a wait ended without a result."""

    TIMED_OUT = "timed out"
    DISCONNECTED = "the client disconnected"
    STOPPED = "the mock stops"


class Waiter(Generic[T]):
    """One wait; its future `result` gets the result, or how the wait ended without one.

    Args:
        check: returns the result as soon as it is there, None before.
        concerns: whether events can have changed what `check` returns.
    """

    def __init__(self, check: Callable[[], T | None], concerns: Callable[[Sequence[EmittedEvent]], bool]) -> None:
        self._check = check
        self._concerns = concerns
        self.result: asyncio.Future[T | WaitEnd] = asyncio.get_running_loop().create_future()

    def notify(self, events: Sequence[EmittedEvent]) -> None:
        """Check again after events."""
        if self.result.done():
            return
        try:
            result = self._check() if self._concerns(events) else None
        except MocksmsError as error:
            self.result.set_exception(error)
            return
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
        kind: the type of the events that matter.
        pause: seconds between two rounds of checks; the events in between are checked together.
    """

    def __init__(self, engine: Engine, kind: type | UnionType = object, pause: float = 0.0) -> None:
        self.kind = kind
        self._pause = pause
        self._waiters: dict[Waiter[Any], None] = {}
        self._events: list[EmittedEvent] = []
        self._woken_at = 0.0
        engine.listeners.append(self._on_event)

    def __len__(self) -> int:
        return len(self._waiters)

    async def wait(
        self,
        check: Callable[[], T | None],
        timeout: float,
        concerns: Callable[[Sequence[EmittedEvent]], bool] = bool,
        receive: Receive | None = None,
    ) -> T | WaitEnd:
        """Return what `check` returns as soon as that is not None, or how the wait ended without it.

        Args:
            check: called now, after events and at the timeout: it may apply what is due by then.
            timeout: seconds to wait at most.
            concerns: whether a series of events makes another check necessary.
            receive: receives the end of the connection of the client that waits.

        Raises:
            MocksmsError: raised by `check` or `concerns`.
        """
        result = check()
        if result is not None:
            return result
        waiter: Waiter[T] = Waiter(check, concerns)
        self._waiters[waiter] = None
        timer = asyncio.get_running_loop().call_later(timeout, waiter.stop, WaitEnd.TIMED_OUT)
        watch = receive and asyncio.create_task(watch_disconnect(receive, lambda: waiter.stop(WaitEnd.DISCONNECTED)))
        try:
            end = await waiter.result
            result = check() if end is WaitEnd.TIMED_OUT else None
            return end if result is None else result
        finally:
            timer.cancel()
            if watch:
                watch.cancel()
            del self._waiters[waiter]

    def stop(self) -> None:
        """End all waits because the mock stops."""
        for waiter in self._waiters:
            waiter.stop(WaitEnd.STOPPED)

    def _on_event(self, account: Account | None, event: EngineEvent) -> None:
        """Schedule a check: the engine emits in the middle of its work."""
        if not self._waiters or not isinstance(event, self.kind):
            return
        if not self._events:
            asyncio.get_running_loop().call_at(self._woken_at + self._pause, self._notify)
        self._events.append((account, event))

    def _notify(self) -> None:
        self._woken_at = asyncio.get_running_loop().time()
        events, self._events = self._events, []
        for waiter in tuple(self._waiters):
            waiter.notify(events)


class MessageWaits:
    """The waits for messages of one mock."""

    def __init__(self, engine: Engine) -> None:
        self.waiters = Waiters(engine, Message)

    async def until(
        self, scope: AccountScope, query: MessageQuery, count: int, timeout: float, receive: Receive
    ) -> list[OwnedMessage] | WaitEnd:
        """Return the newest `count` messages that match as soon as they are there, or how the wait ended.

        Raises:
            TooManyOpenRequests: there are too many waits.
            PatternTooSlow: the regular expression takes too long on a text.
        """
        if len(self.waiters) >= MAX_MESSAGE_WAITS:
            raise TooManyOpenRequests("waits", MAX_MESSAGE_WAITS)

        def check() -> list[OwnedMessage] | None:
            query.begin()
            found = scope.search(query, count)
            return found if len(found) >= count else None

        def concerns(events: Sequence[EmittedEvent]) -> bool:
            query.begin()
            return any(
                account is not None and scope.holds(account) and isinstance(event, Message) and query.matches(event)
                for account, event in events
            )

        return await self.waiters.wait(check, timeout, concerns, receive)


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
