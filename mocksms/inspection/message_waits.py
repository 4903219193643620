"""Waits for messages: each new or changed message is compared once with each filter, however many waits have it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final, NamedTuple

from mocksms.asgi.bodies import Receive
from mocksms.asgi.slices import Slices, Stopping
from mocksms.engine.account import Account
from mocksms.engine.engine import Engine, EngineEvent, ManualChange
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.steps import Steps, select
from mocksms.errors import PatternTooSlow
from mocksms.inspection.errors import TooManyOpenRequests
from mocksms.inspection.scope import AccountScope, OwnedMessage
from mocksms.inspection.waiting import WaitEnd, watch_disconnect
from mocksms.sms.message import Message

MAX_MESSAGE_WAITS: Final = 5_000


class FoundMessages(NamedTuple):
    """The messages that end a wait, newest first, and the cursor up to which they were searched."""

    messages: list[OwnedMessage]
    cursor: int


class MessageWait:
    """One wait. `end` is how it ended without a result, None before; `error` is what its filter raised."""

    def __init__(self, scope: AccountScope, query: MessageQuery) -> None:
        self.scope = scope
        self.query = query
        self.end: WaitEnd | None = None
        self.error: PatternTooSlow | None = None
        self.woken = asyncio.Event()

    def stop(self, end: WaitEnd) -> None:
        """End the wait without a result."""
        self.end = self.end or end
        self.woken.set()

    def fail(self, error: PatternTooSlow) -> None:
        """End the wait with an error."""
        self.error = error
        self.woken.set()


class NewMessages:
    """New and changed messages, to be compared with the filters of waits."""

    def __init__(self, owned: Iterable[OwnedMessage]) -> None:
        self._all = [*owned]
        self._by_digits: dict[str, list[OwnedMessage]] = {}
        for each in self._all:
            self._by_digits.setdefault(each.message.digits, []).append(each)
        self._known: dict[MessageQuery, list[OwnedMessage] | PatternTooSlow] = {}

    def matching(self, query: MessageQuery) -> Steps[list[OwnedMessage]]:
        """Return those that match; they are compared once with equal filters.

        Raises:
            PatternTooSlow: the regular expression takes too long.
        """
        known = self._known.get(query)
        if known is None:
            known = self._known[query] = yield from self._compare(query)
        if isinstance(known, PatternTooSlow):
            raise known
        return known

    def _compare(self, query: MessageQuery) -> Steps[list[OwnedMessage] | PatternTooSlow]:
        messages = self._all if query.digits is None else self._by_digits.get(query.digits, [])
        query.begin()
        try:
            return (yield from select(messages, lambda owned: query.matches(owned.message), None, query.step_size))
        except PatternTooSlow as error:
            return error


class MessageWaits:
    """The waits for messages of one mock. It listens only while there are any, since each send emits events."""

    def __init__(self, engine: Engine, slices: Slices) -> None:
        self._engine = engine
        self._slices = slices
        self._waits: dict[MessageWait, None] = {}
        self._new: list[OwnedMessage] = []
        self._comparison: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waits)

    async def until(
        self, scope: AccountScope, query: MessageQuery, count: int, timeout: float, receive: Receive
    ) -> FoundMessages | WaitEnd:
        """Return the newest `count` messages that match as soon as they are there, or how the wait ended.

        Raises:
            TooManyOpenRequests: there are too many waits.
            PatternTooSlow: the regular expression takes too long on a text.
        """
        if len(self) >= MAX_MESSAGE_WAITS:
            raise TooManyOpenRequests("waits", MAX_MESSAGE_WAITS)
        wait = MessageWait(scope, query)
        if not self._waits:
            self._engine.listeners.append(self._on_event)
        self._waits[wait] = None
        timer = asyncio.get_running_loop().call_later(timeout, wait.stop, WaitEnd.TIMED_OUT)
        watch = asyncio.create_task(watch_disconnect(receive, lambda: wait.stop(WaitEnd.DISCONNECTED)))
        try:
            return await self._search(wait, count)
        finally:
            timer.cancel()
            watch.cancel()
            del self._waits[wait]
            if not self._waits:
                self._engine.listeners.remove(self._on_event)

    async def _search(self, wait: MessageWait, count: int) -> FoundMessages | WaitEnd:
        """Search now, whenever a new message matches, and at the timeout, when more may be due."""
        while True:
            wait.woken.clear()
            end, cursor = wait.end, self._engine.cursor
            wait.query.begin()
            found = await self._slices.run(wait.scope.search(wait.query, count))
            if len(found) >= count:
                return FoundMessages(found, cursor)
            if end is not None:
                return end
            await wait.woken.wait()
            if wait.error is not None:
                raise wait.error
            if wait.end not in (None, WaitEnd.TIMED_OUT):
                return wait.end

    def stop(self) -> None:
        """End all waits because the mock stops."""
        for wait in self._waits:
            wait.stop(WaitEnd.STOPPED)

    def _on_event(self, account: Account | None, event: EngineEvent) -> None:
        """Compare soon, not now: the engine emits in the middle of its work."""
        if event is ManualChange.RESET:  # messages may have been restored
            for wait in self._waits:
                if account is None or wait.scope.holds(account):
                    wait.woken.set()
        if account is None or not isinstance(event, Message):
            return
        self._new.append(OwnedMessage(account, event))
        if self._comparison is None:
            self._comparison = asyncio.get_running_loop().create_task(self._compare())

    async def _compare(self) -> None:
        """Compare new messages with all waits until there are none."""
        try:
            while self._new:
                new, self._new = NewMessages(self._new), []
                await self._slices.run(self._wake(new))
        except Stopping:
            return  # all waits end
        finally:
            self._comparison = None

    def _wake(self, new: NewMessages) -> Steps[None]:
        """Wake the waits that new messages concern; those whose filters may take long on a text last."""
        for wait in sorted(self._waits, key=lambda wait: wait.query.is_slow):
            yield
            try:
                matching = yield from new.matching(wait.query)
            except PatternTooSlow as error:
                wait.fail(error)
            else:
                if any(wait.scope.holds(account) for account, _ in matching):
                    wait.woken.set()
