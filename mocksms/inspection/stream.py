"""One stream of server-sent events: resumes where its reader was, and is dropped when the reader cannot keep up."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Receive, Scope, Send

from mocksms.asgi import connection_of
from mocksms.inspection.errors import TooManyListeners
from mocksms.inspection.events import EventLog, wire
from mocksms.inspection.waiting import watch_disconnect
from mocksms.schemas.openapi import STREAM

MOST: Final = 500
RETRY: Final = b"retry: 1000\n\n"
STALL: Final = 10.0
"""Seconds a reader may take to make room for what is written to it."""

QUIET: Final = 15.0
"""Seconds without an event after which a comment shows that the connection lives."""

HEADERS: Final = [
    (b"content-type", STREAM.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Streams:
    """All event streams of one mock."""

    def __init__(self, feed: EventLog, stall: float = STALL, quiet: float = QUIET) -> None:
        self.feed = feed
        self.stall = stall
        self.quiet = quiet
        self._open: set[asyncio.Future[str]] = set()

    def open(self, account: str | None, last_event_id: str | None, cursor: int) -> Stream:
        """Return a stream to be answered with.

        Args:
            account: id of the account whose events it is for, None for all.
            last_event_id: the last event its reader has seen, None for a new one.
            cursor: the cursor to begin with.

        Raises:
            TooManyListeners: so many are open already.
        """
        if self.feed.readers >= MOST:
            raise TooManyListeners("event streams", MOST)
        return Stream(self, account, last_event_id, cursor)

    def enter(self, end: asyncio.Future[str]) -> None:
        """Count a stream in until it ends."""
        self.feed.readers += 1
        self._open.add(end)

    def leave(self, end: asyncio.Future[str]) -> None:
        """Count a stream out."""
        self.feed.readers -= 1
        self._open.discard(end)

    def stop(self) -> None:
        """End all streams, since the mock stops."""
        for end in self._open:
            _settle(end, STOPPED)


GONE: Final = "the client went away"
STOPPED: Final = "mocksms stops"
FAILED: Final = "mocksms itself failed; its log says how"
BEHIND: Final = "too slow: events that were not read yet are no longer kept; reload, then open a new stream"
STALLED: Final = "too slow: nothing was read for {:g} s; reload, then open a new stream"


class Stream:
    """An ASGI response that writes events until its reader goes, cannot keep up, or the mock stops."""

    def __init__(self, streams: Streams, account: str | None, last_event_id: str | None, cursor: int) -> None:
        self._streams = streams
        self._feed = streams.feed
        self._account = account
        self._place = self._feed.latest
        self._first_words = RETRY
        resumed = None if last_event_id is None else self._feed.place_of(last_event_id)
        if resumed is not None:
            self._place = resumed
        else:
            kind = "open" if last_event_id is None else "missed"
            self._first_words += wire(kind, {"cursor": cursor}, f"{self._feed.epoch}.{self._place}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write events until the end."""
        loop = asyncio.get_running_loop()
        end: asyncio.Future[str] = loop.create_future()
        self._streams.enter(end)
        watch = asyncio.create_task(watch_disconnect(receive, lambda: _settle(end, GONE)))
        writer = asyncio.create_task(self._write(send, end))
        writer.add_done_callback(lambda _: _settle(end, FAILED))
        try:
            reason = await end
        finally:
            writer.cancel()
            self._streams.leave(end)
        if reason != GONE:
            connection_of(scope).finish(wire("dropped", {"reason": reason}))
        await watch

    async def _write(self, send: Send, end: asyncio.Future[str]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self._say(self._first_words, send, end)
        while True:
            try:
                async with asyncio.timeout(self._streams.quiet):
                    await self._feed.wait(self._place)
            except TimeoutError:
                await self._say(b": quiet\n\n", send, end)
                continue
            if self._place + 1 < self._feed.first:
                _settle(end, BEHIND)
                return
            words, self._place = self._feed.batch(self._place, self._account)
            if words:
                await self._say(words, send, end)

    async def _say(self, words: bytes, send: Send, end: asyncio.Future[str]) -> None:
        stall = self._streams.stall
        timer = asyncio.get_running_loop().call_later(stall, _settle, end, STALLED.format(stall))
        try:
            await send({"type": "http.response.body", "body": words, "more_body": True})
        finally:
            timer.cancel()


def _settle(end: asyncio.Future[str], reason: str) -> None:
    if not end.done():
        end.set_result(reason)
