"""Event stream: a log of the latest events, and the server-sent streams that read it."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, Final, NamedTuple

from starlette.types import Receive, Scope, Send

from mocksms.asgi.connection import CONNECTION, ClientConnection, chunk_of, connection_of
from mocksms.engine.account import Account, Consent, Reply
from mocksms.engine.budget import MemoryBudget
from mocksms.engine.callbacks import Callback
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.logs import parse_record_number
from mocksms.inspection.errors import TooManyOpenRequests
from mocksms.inspection.waiting import WaitEnd, Waiters, watch_disconnect
from mocksms.schemas.openapi import STREAM
from mocksms.sms.message import AnyState, Message
from mocksms.sms.surrogates import well_formed_json

MAX_EVENTS: Final = 10_000
"""Events in the log; a reader that falls further behind is dropped."""

MAX_TEXT: Final = 1_000
"""Characters of a text in an event; the record has all of it."""

MAX_STREAMS: Final = 500
MAX_BATCH: Final = 2_000
"""Events that are written at once."""

MAX_CACHED_BATCHES: Final = 8
"""Encoded batches that streams share: most streams are at the same place."""

PAUSE_SECONDS: Final = 0.1
"""Time between two batches: the first event is written at once, those of a burst together."""

STALL_SECONDS: Final = 10.0
"""Time that a reader may take to read what is written to it."""

KEEP_ALIVE_SECONDS: Final = 15.0
"""Time without an event after which a comment shows that the connection is alive."""

RETRY: Final = b"retry: 1000\n\n"
HEADERS: Final = [
    (b"content-type", STREAM.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

DISCONNECTED: Final = "the client disconnected"
STOPPED: Final = "mocksms stops"
FAILED: Final = "internal error; see the log of mocksms"
BEHIND: Final = "too slow: the next events are evicted; reload, then open a new stream"
STALLED: Final = "too slow: nothing was read for {:g} s; reload, then open a new stream"

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_text: Final = encode_basestring_ascii


StreamEvent = tuple[str | None, EngineEvent | bytes]
"""An event and the id of its account, None for an event of all; as bytes once it was written."""


class Batch(NamedTuple):
    """Encoded events, up to the event number `end`: as a part of a body, and as that is written.

    The latter is made once for all streams: for each, it would cost more than the rest of writing.
    """

    body: bytes
    chunk: bytes
    end: int


class EventLog:
    """The latest events of a mock. Their ids are `epoch.number`; each run of the mock has another epoch.

    Events refer to records until `budget` says that one was removed: encoding all of them would slow down every send.
    """

    def __init__(self, epoch: str, budget: MemoryBudget) -> None:
        self.epoch = epoch
        self.latest = 0
        self._budget = budget
        self._removals = budget.removals
        self._released = 0
        self._ring: list[StreamEvent] = [(None, b"")] * MAX_EVENTS
        self._batches: OrderedDict[tuple[int, str | None], Batch] = OrderedDict()

    @property
    def first(self) -> int:
        """The number of the oldest event in the log, 1 before the first event."""
        return max(1, self.latest - MAX_EVENTS + 1)

    def add(self, account: Account | None, event: EngineEvent) -> None:
        """Add an event; beyond the limit the oldest is evicted."""
        self.latest = number = self.latest + 1
        self._ring[number % MAX_EVENTS] = None if account is None else account.id, event
        if self._removals != self._budget.removals:
            self._release()

    def _release(self) -> None:
        """Encode all events, since a record was removed."""
        self._removals = self._budget.removals
        for number in range(max(self._released + 1, self.first), self.latest + 1):
            self._encoded(number)
        self._released = self.latest

    def _encoded(self, number: int) -> bytes:
        """Return a server-sent event, encoded once; its record does not stay in memory then."""
        account, event = self._ring[number % MAX_EVENTS]
        if not isinstance(event, bytes):
            kind, members = _describe(event)
            owner = "null" if account is None else f'"{account}"'
            text = f'id: {self.epoch}.{number}\nevent: {kind}\ndata: {{"account":{owner}{members}}}\n\n'
            event = well_formed_json(text.encode())
            self._ring[number % MAX_EVENTS] = account, event
        return event

    def batch(self, place: int, account: str | None) -> Batch:
        """Return the encoded events after a number, of one account by its id or of all."""
        known = self._batches.get((place, account))
        if known is not None and (known.end == self.latest or known.end - place == MAX_BATCH):
            return known
        end = min(self.latest, place + MAX_BATCH)
        parts = [self._encoded(number) for number in range(place + 1, end + 1) if self._is_of(number, account)]
        body = b"".join(parts)
        self._batches[place, account] = Batch(body, chunk_of(body), end)
        if len(self._batches) > MAX_CACHED_BATCHES:
            self._batches.popitem(last=False)
        return self._batches[place, account]

    def _is_of(self, number: int, account: str | None) -> bool:
        """Whether a stream for an account, by its id, shows an event; events without an account are for all."""
        return account is None or self._ring[number % MAX_EVENTS][0] in (None, account)

    def place_of(self, event_id: str) -> int | None:
        """Return the number of an event by its id, None for another epoch or an evicted event."""
        epoch, _, name = event_id.rpartition(".")
        place = parse_record_number(name)
        if epoch != self.epoch or place is None:
            return None
        return place if self.first - 1 <= place <= self.latest else None


class Streams:
    """All event streams of one mock. Events are logged from the first stream on: no reader knows one from before."""

    def __init__(
        self,
        engine: Engine,
        epoch: str,
        first_cursor: int,
        stall: float = STALL_SECONDS,
        keep_alive: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        self.log = EventLog(epoch, engine.accounts.budget)
        self.first_cursor = first_cursor
        self.stall = stall
        self.keep_alive = keep_alive
        self._open: set[asyncio.Future[str]] = set()
        self._listeners = engine.listeners
        self.waiters = Waiters(engine, pause=PAUSE_SECONDS)

    def __len__(self) -> int:
        return len(self._open)

    def open(self, account: str | None, last_event_id: str | None, cursor: int) -> Stream:
        """Return a new stream as a response.

        Args:
            account: id of the account whose events it shows, None for all.
            last_event_id: the last event that its reader has received, None for a new reader.
            cursor: the cursor that the first event names.

        Raises:
            TooManyOpenRequests: there are too many streams.
        """
        if len(self) >= MAX_STREAMS:
            raise TooManyOpenRequests("event streams", MAX_STREAMS)
        if self._on_event not in self._listeners:
            self._listeners.append(self._on_event)
        return Stream(self, account, last_event_id, cursor)

    def add(self, end: asyncio.Future[str]) -> None:
        """Add an open stream by the future that ends it."""
        self._open.add(end)

    def remove(self, end: asyncio.Future[str]) -> None:
        """Remove a stream that has ended."""
        self._open.discard(end)

    def stop(self) -> None:
        """End all streams because the mock stops."""
        for end in self._open:
            _end(end, STOPPED)

    def _on_event(self, account: Account | None, event: EngineEvent) -> None:
        self.log.add(account, event)


class Stream:
    """An ASGI response that writes events until its reader disconnects or is too slow, or the mock stops."""

    def __init__(self, streams: Streams, account: str | None, last_event_id: str | None, cursor: int) -> None:
        self._streams = streams
        self._log = streams.log
        self._account = account
        self._place = self._log.latest
        self._head = RETRY
        resumed = None if last_event_id is None else self._log.place_of(last_event_id)
        if resumed is not None:
            self._place = resumed
        else:
            kind = "open" if last_event_id is None else "missed"
            self._head += encode_event(
                kind, {"cursor": cursor, "first_cursor": streams.first_cursor}, f"{self._log.epoch}.{self._place}"
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write events until the end."""
        end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._streams.add(end)
        watch = asyncio.create_task(watch_disconnect(receive, lambda: _end(end, DISCONNECTED)))
        writer = asyncio.create_task(self._write(scope, send, end))
        writer.add_done_callback(lambda _: _end(end, FAILED))
        try:
            reason = await end
        finally:
            writer.cancel()
            self._streams.remove(end)
        if reason != DISCONNECTED:
            connection_of(scope).finish(encode_event("dropped", {"reason": reason}))
        await watch

    async def _write(self, scope: Scope, send: Send, end: asyncio.Future[str]) -> None:
        connection: ClientConnection | None = scope.get("extensions", {}).get(CONNECTION)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self._limit(send(_part(self._head)), end)
        while True:
            waited = await self._streams.waiters.wait(self._next_place, self._streams.keep_alive)
            if waited is WaitEnd.TIMED_OUT:
                await self._limit(send(_part(b": keep-alive\n\n")), end)
                continue
            if self._place + 1 < self._log.first:
                _end(end, BEHIND)
                return
            batch = self._log.batch(self._place, self._account)
            self._place = batch.end
            if batch.body:
                writes = send(_part(batch.body)) if connection is None else connection.write_chunk(batch.chunk)
                await self._limit(writes, end)

    def _next_place(self) -> int | None:
        return self._log.latest if self._log.latest > self._place else None

    async def _limit(self, writes: Awaitable[None], end: asyncio.Future[str]) -> None:
        """Write, and end the stream if that takes too long."""
        stall = self._streams.stall
        timer = asyncio.get_running_loop().call_later(stall, _end, end, STALLED.format(stall))
        try:
            await writes
        finally:
            timer.cancel()


def _part(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


def encode_event(kind: str, data: dict[str, Any], event_id: str = "") -> bytes:
    """Return a server-sent event."""
    head = f"id: {event_id}\n" if event_id else ""
    return well_formed_json(f"{head}event: {kind}\ndata: {_encode(data)}\n\n".encode())


def _end(end: asyncio.Future[str], reason: str) -> None:
    if not end.done():
        end.set_result(reason)


def _describe(event: EngineEvent) -> tuple[str, str]:
    """Return the kind of an event, and as members of a JSON object what tells a reader which records to read again."""
    match event:
        case Message():
            return "message", _message(event)
        case RecordedRequest():
            return "request", _request(event)
        case Callback():
            return "callback", _members(
                id=event.number,
                event=event.event,
                state=event.state,
                attempts=len(event.attempts),
                transaction_id=event.details.transaction_id,
                number=event.details.digits,
            )
        case Consent():
            cause = event.cause[:MAX_TEXT]
            return "consent", _members(cursor=event.number, number=event.digits, choice=event.choice, cause=cause)
        case Reply():
            return "reply", _members(cursor=event.number, number=event.digits, text=event.text[:MAX_TEXT])
        case _:
            return str(event), ""


def _members(**members: object) -> str:
    return "," + _encode(members)[1:-1]


def _message(message: Message) -> str:
    # Written by hand, as below: the encoder takes three times as long, and each send has these two events.
    return (
        f',"cursor":{message.sequence},"transaction_id":"{message.transaction_id}","number":{_text(message.digits)}'
        f',{_state(message.state)},"clicks":{len(message.clicks)}'
    )


@lru_cache(maxsize=64)
def _state(state: AnyState) -> str:
    return _members(status=state.status, reject_reason=state.reason)[1:]


def _request(request: RecordedRequest) -> str:
    return (
        f',"id":{request.number},{_asked(request.method, request.target, request.handling.status)}'
        f',"messages":{len(request.messages)}'
    )


@lru_cache(maxsize=64)
def _asked(method: str, target: str, status: int | None) -> str:
    return _members(method=method, target=target[:MAX_TEXT], status=status)[1:]
