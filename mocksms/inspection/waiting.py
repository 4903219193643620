"""Waiting for messages: woken by the engine's news, never polled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mocksms.asgi import Receive
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.messages import MessageQuery
from mocksms.errors import MocksmsError
from mocksms.inspection.errors import TooManyListeners
from mocksms.inspection.scope import AccountScope, OwnedMessage
from mocksms.sms.message import Message

MOST: Final = 5_000


class WaitEnd(Enum):
    """How a wait ended before what it waited for came."""

    LATE = "the time was over"
    GONE = "the client went away"
    STOPPED = "the mock stops"


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody who waits for `count` messages that match; `end` is set with them, or with why they never came."""

    scope: AccountScope
    query: MessageQuery
    count: int
    end: asyncio.Future[list[OwnedMessage] | WaitEnd]

    def hear(self, account: Account, messages: list[Message]) -> None:
        """Look again if one of these messages matches."""
        if self.end.done() or not self.scope.holds(account):
            return
        self.query.begin()
        try:
            concerned = any(map(self.query.matches, messages))
        except MocksmsError as error:
            self.end.set_exception(error)
            return
        if concerned:
            self.look()

    def look(self) -> None:
        """End the wait if all is there."""
        try:
            found = self.scope.search(self.query, self.count)
        except MocksmsError as error:
            self.end.set_exception(error)
            return
        if len(found) >= self.count:
            self.end.set_result(found)

    def stop(self, end: WaitEnd) -> None:
        """End the wait without what it was for."""
        if not self.end.done():
            self.end.set_result(end)


class Waits:
    """All who wait at one mock."""

    def __init__(self, engine: Engine) -> None:
        self._waiters: dict[Waiter, None] = {}
        self._news: dict[Account, list[Message]] = {}
        engine.listeners.append(self._hear)

    def __len__(self) -> int:
        return len(self._waiters)

    async def until(
        self, scope: AccountScope, query: MessageQuery, count: int, timeout: float, receive: Receive
    ) -> list[OwnedMessage] | WaitEnd:
        """Return the newest `count` messages that match as soon as there are so many, or why they never came.

        Args:
            scope: whose messages.
            query: which messages.
            count: how many.
            timeout: seconds to wait at most.
            receive: tells when the client goes away.

        Raises:
            TooManyListeners: so many wait already.
            PatternTooSlow: the regular expression takes too long on a text.
        """
        if len(self._waiters) >= MOST:
            raise TooManyListeners("waits", MOST)
        loop = asyncio.get_running_loop()
        waiter = Waiter(scope, query, count, loop.create_future())
        self._waiters[waiter] = None
        timer = loop.call_later(timeout, waiter.stop, WaitEnd.LATE)
        watch = asyncio.create_task(watch_disconnect(receive, lambda: waiter.stop(WaitEnd.GONE)))
        try:
            waiter.look()
            return await waiter.end
        finally:
            timer.cancel()
            watch.cancel()
            del self._waiters[waiter]

    def stop(self) -> None:
        """End all waits, since the mock stops."""
        for waiter in self._waiters:
            waiter.stop(WaitEnd.STOPPED)

    def _hear(self, account: Account | None, news: EngineEvent) -> None:
        """Note a message; the waiters look once the engine is done with it."""
        if not self._waiters or account is None or not isinstance(news, Message):
            return
        if not self._news:
            asyncio.get_running_loop().call_soon(self._look)
        self._news.setdefault(account, []).append(news)

    def _look(self) -> None:
        fresh, self._news = self._news, {}
        for waiter in tuple(self._waiters):
            for account, messages in fresh.items():
                waiter.hear(account, messages)


async def watch_disconnect(receive: Receive, act: Callable[[], object]) -> None:
    """Act once the client of a request that was read whole has gone."""
    with suppress(asyncio.CancelledError):
        await receive()
        act()
