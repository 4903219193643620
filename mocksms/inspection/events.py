"""The feed of what happens: kept for a while, numbered, and read by any number of streams without slowing the mock."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from typing import Any, Final

from mocksms.engine.account import Account, Reply
from mocksms.engine.callbacks import Callback
from mocksms.engine.consents import Consent
from mocksms.engine.engine import Engine, EngineEvent
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.logs import parse_record_number
from mocksms.sms.message import Message

KEPT: Final = 10_000
"""Events that can be read later; a reader that falls further behind has missed some."""

BATCH: Final = 500
"""Events that are written at once."""

PACE: Final = 0.05
"""Seconds between two wakings of the readers: the first event is told at once, those of a burst together."""

SHARED: Final = 8
"""Batches kept because other streams, at the same place, will want the very same bytes."""

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class StreamEvent:
    """Something that happened; what is written about it is made when first wanted."""

    __slots__ = ("_wire", "account", "id", "news")

    def __init__(self, number: int, account: Account | None, news: EngineEvent) -> None:
        self.id = number
        self.account = account
        self.news = news
        self._wire: bytes | None = None

    def wire(self, epoch: str) -> bytes:
        """Return the event as server-sent."""
        if self._wire is None:
            kind, data = _described(self.account, self.news)
            self._wire = wire(kind, data, f"{epoch}.{self.id}")
        return self._wire


class EventLog:
    """The latest events of a mock. Their ids are `epoch.number`: another epoch is another run of the mock.

    Readers wait for `news`, which is set anew for each batch of them.
    """

    def __init__(self, engine: Engine, epoch: str) -> None:
        self.epoch = epoch
        self.readers = 0
        self.latest = 0
        self._ring: list[StreamEvent | None] = [None] * KEPT
        self._batches: OrderedDict[tuple[int, str | None], tuple[bytes, int]] = OrderedDict()
        self._waker: asyncio.TimerHandle | None = None
        self._woken_at = 0.0
        self._news = asyncio.Event()
        engine.listeners.append(self._hear)

    @property
    def first(self) -> int:
        """The number of the oldest event that can still be read, 1 while nothing has happened."""
        return max(1, self.latest - KEPT + 1)

    async def wait(self, place: int) -> None:
        """Wait for an event after the number `place`."""
        while self.latest <= place:
            await self._news.wait()

    def batch(self, place: int, account: str | None) -> tuple[bytes, int]:
        """Return the next events after a number, of one account by its id or of all, and the number they reach."""
        known = self._batches.get((place, account))
        if known is not None and (known[1] == self.latest or known[1] - place == BATCH):
            return known
        end = min(self.latest, place + BATCH)
        events = (self._ring[number % KEPT] for number in range(place + 1, end + 1))
        parts = [event.wire(self.epoch) for event in events if event is not None and _is_of(event, account)]
        self._batches[place, account] = (b"".join(parts), end)
        if len(self._batches) > SHARED:
            self._batches.popitem(last=False)
        return self._batches[place, account]

    def place_of(self, event_id: str) -> int | None:
        """Return the number of an event by its id, None when it is of another run or cannot be read on from."""
        epoch, _, name = event_id.rpartition(".")
        place = parse_record_number(name)
        if epoch != self.epoch or place is None:
            return None
        return place if self.first - 1 <= place <= self.latest else None

    def _hear(self, account: Account | None, news: EngineEvent) -> None:
        self.latest = number = self.latest + 1
        self._ring[number % KEPT] = StreamEvent(number, account, news)
        if self.readers and self._waker is None:
            loop = asyncio.get_running_loop()
            self._waker = loop.call_at(self._woken_at + PACE, self._wake)

    def _wake(self) -> None:
        self._waker = None
        self._woken_at = asyncio.get_running_loop().time()
        self._news.set()
        self._news = asyncio.Event()


def wire(kind: str, data: dict[str, Any], event_id: str = "") -> bytes:
    """Return an event as server-sent."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {kind}\ndata: {_encode(data)}\n\n".encode()


def _is_of(event: StreamEvent, account: str | None) -> bool:
    return account is None or event.account is None or event.account.id == account


def _described(account: Account | None, news: EngineEvent) -> tuple[str, dict[str, Any]]:
    """Return the kind of an event and its data: enough to know what to read, not all there is to it."""
    owner = {"account": account.id if account else None}
    match news:
        case Message():
            return "message", {**owner, **_message(news)}
        case RecordedRequest():
            return "request", {**owner, **_exchange(news)}
        case Callback():
            return "callback", {**owner, **_callback(news)}
        case Consent():
            consent = {"cursor": news.number, "number": news.digits, "choice": news.choice, "cause": news.cause}
            return "consent", {**owner, **consent}
        case Reply():
            return "inbound", {**owner, "cursor": news.number, "number": news.digits, "text": news.text}
        case _:
            return str(news), owner


def _message(message: Message) -> dict[str, Any]:
    state = message.state
    return {
        "cursor": message.sequence,
        "transaction_id": message.transaction_id,
        "number": message.digits,
        "status": state.status,
        "reject_reason": state.reason,
        "clicks": len(message.clicks),
    }


def _callback(callback: Callback) -> dict[str, Any]:
    return {
        "id": callback.number,
        "event": callback.event,
        "state": callback.state,
        "attempts": len(callback.attempts),
        "transaction_id": callback.details.transaction_id,
    }


def _exchange(exchange: RecordedRequest) -> dict[str, Any]:
    return {
        "id": exchange.number,
        "method": exchange.method,
        "target": exchange.target,
        "status": exchange.status,
        "messages": len(exchange.messages),
    }
