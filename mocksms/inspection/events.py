"""Event stream: a log of the latest events, and the server-sent streams that read it."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, Final, NamedTuple

from starlette.types import Receive, Scope, Send

from mocksms.asgi.connection import chunk_of, connection_of
from mocksms.engine.account import Account, Consent, Reply
from mocksms.engine.budget import MemoryBudget
from mocksms.engine.callbacks import Callback
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.logs import parse_record_number
from mocksms.inspection.errors import TooManyOpenRequests
from mocksms.inspection.waiting import watch_disconnect
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
"""Time between two beats: at each, a stream without new events writes a comment, which shows that it is alive."""

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


class Batch(NamedTuple):
    """Events up to the number `end`, encoded as a chunk that all streams write; it is empty without events."""

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
        self._owners: list[str | None] = [None] * MAX_EVENTS
        self._events: list[EngineEvent | str] = [""] * MAX_EVENTS
        self._batches: OrderedDict[tuple[int, str | None], Batch] = OrderedDict()

    @property
    def first(self) -> int:
        """The number of the oldest event in the log, 1 before the first event."""
        return max(1, self.latest - MAX_EVENTS + 1)

    def add(self, account: Account | None, event: EngineEvent) -> None:
        """Add an event; beyond the limit the oldest is evicted."""
        self.latest = number = self.latest + 1
        place = number % MAX_EVENTS
        self._owners[place] = None if account is None else account.id
        self._events[place] = event
        if self._removals != self._budget.removals:
            self._release()

    def _release(self) -> None:
        """Encode all events, since a record was removed."""
        self._removals = self._budget.removals
        for number in range(max(self._released + 1, self.first), self.latest + 1):
            self._encoded(number)
        self._released = self.latest

    def _encoded(self, number: int) -> str:
        """Return a server-sent event, encoded once; its record does not stay in memory then."""
        place = number % MAX_EVENTS
        event = self._events[place]
        if type(event) is str:  # not a ManualChange, which is a str too
            return event
        account, record = self._owners[place], _RECORDS.get(type(event))
        owner = "null" if account is None else f'"{account}"'
        kind, members = (event, "") if record is None else (record.kind, record.members_of(event))
        text = f'id: {self.epoch}.{number}\nevent: {kind}\ndata: {{"account":{owner}{members}}}\n\n'
        self._events[place] = text
        return text

    def batch(self, place: int, account: str | None) -> Batch:
        """Return the encoded events after a number, of one account by its id or of all."""
        known = self._batches.get((place, account))
        if known is not None and (known.end == self.latest or known.end - place == MAX_BATCH):
            return known
        end = min(self.latest, place + MAX_BATCH)
        parts = [self._encoded(number) for number in range(place + 1, end + 1) if self._is_of(number, account)]
        body = well_formed_json("".join(parts).encode())
        self._batches[place, account] = Batch(chunk_of(body) if body else b"", end)
        if len(self._batches) > MAX_CACHED_BATCHES:
            self._batches.popitem(last=False)
        return self._batches[place, account]

    def _is_of(self, number: int, account: str | None) -> bool:
        """Whether a stream for an account, by its id, shows an event; events without an account are for all."""
        return account is None or self._owners[number % MAX_EVENTS] in (None, account)

    def place_of(self, event_id: str) -> int | None:
        """Return the number of an event by its id, None for another epoch or an evicted event."""
        epoch, _, name = event_id.rpartition(".")
        place = parse_record_number(name)
        if epoch != self.epoch or place is None:
            return None
        return place if self.first - 1 <= place <= self.latest else None


class Streams:
    """All event streams of one mock. Events are logged from the first stream on: no reader knows one from before.

    All streams are woken together, by events and at each beat: timers for each would cost more than the writes.
    """

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
        self._woken = asyncio.Event()
        self._woken_at = 0.0
        self._is_scheduled = False
        self._is_beat = False
        self._beat: asyncio.TimerHandle | None = None

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
        if not self._open:
            self._schedule_beat()
        self._open.add(end)

    def remove(self, end: asyncio.Future[str]) -> None:
        """Remove a stream that has ended."""
        self._open.discard(end)
        if not self._open and self._beat is not None:
            self._beat.cancel()

    async def wait(self) -> bool:
        """Wait until there are events, or for the next beat; return whether it is a beat."""
        await self._woken.wait()
        return self._is_beat

    def stop(self) -> None:
        """End all streams because the mock stops."""
        for end in self._open:
            _end(end, STOPPED)

    def _on_event(self, account: Account | None, event: EngineEvent) -> None:
        self.log.add(account, event)
        if self._open and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_at(self._woken_at + PAUSE_SECONDS, self._wake)

    def _wake(self, *, is_beat: bool = False) -> None:
        self._is_scheduled, self._is_beat = False, is_beat
        self._woken_at = asyncio.get_running_loop().time()
        self._woken.set()
        self._woken.clear()

    def _schedule_beat(self) -> None:
        self._beat = asyncio.get_running_loop().call_later(self.keep_alive, self._on_beat)

    def _on_beat(self) -> None:
        self._schedule_beat()
        self._wake(is_beat=True)


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
        connection = connection_of(scope)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self._limit(send(_part(self._head)), end)
        while True:
            is_beat = self._place == self._log.latest and await self._streams.wait()
            if self._place + 1 < self._log.first:
                _end(end, BEHIND)
                return
            batch = self._log.batch(self._place, self._account)
            self._place = batch.end
            if batch.chunk:
                if not connection.try_write_chunk(batch.chunk):
                    await self._limit(connection.write_chunk(batch.chunk), end)
            elif is_beat:
                await self._limit(send(_part(b": keep-alive\n\n")), end)

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


def _callback(callback: Callback) -> str:
    return _members(
        id=callback.number,
        event=callback.event,
        state=callback.state,
        attempts=len(callback.attempts),
        transaction_id=callback.details.transaction_id,
        number=callback.details.digits,
    )


def _consent(consent: Consent) -> str:
    cause = consent.cause[:MAX_TEXT]
    return _members(cursor=consent.number, number=consent.digits, choice=consent.choice, cause=cause)


def _reply(reply: Reply) -> str:
    return _members(cursor=reply.number, number=reply.digits, text=reply.text[:MAX_TEXT])


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


class _Record(NamedTuple):
    """How an event is written that is a record: its kind, and as members of JSON which records to read again."""

    kind: str
    members_of: Callable[[Any], str]


_RECORDS: Final[dict[type, _Record]] = {
    Message: _Record("message", _message),
    RecordedRequest: _Record("request", _request),
    Callback: _Record("callback", _callback),
    Consent: _Record("consent", _consent),
    Reply: _Record("reply", _reply),
}
"""The events that are records. Another one, a manual change, is its kind and has no members."""
