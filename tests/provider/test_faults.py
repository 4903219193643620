from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message as Event

from mocksms.connection import CONNECTION
from mocksms.provider.answers import Answer
from mocksms.provider.faults import DRIBBLE_STEPS, Exit
from mocksms.sms.outcome import Fault, FaultKind
from tests.provider.inprocess import Line

ANSWER = Answer(200, b'[{"a":1}]', ((b"x", b"y"),))
HOUR = timedelta(hours=1)


class Exchange:
    """An exchange with hand-made callables: what was sent, and what was done to the connection under it."""

    def __init__(self, *, connected: bool = True) -> None:
        self.line = Line()
        self.scope: dict[str, Any] = {"extensions": {CONNECTION: self.line}} if connected else {}
        self.sent: list[Event] = []
        self.coming: list[Event] = [{"type": "http.request"}, {"type": "http.disconnect"}]

    async def receive(self) -> Event:
        return self.coming.pop(0)

    async def send(self, event: Event) -> None:
        self.sent.append(event)

    def body(self) -> bytes:
        return b"".join(event["body"] for event in self.sent[1:])


def _sent(fault: Fault | None, answer: Answer = ANSWER, *, stopping: bool = True) -> Exchange:
    exchange = Exchange()

    async def leave() -> None:
        stop = asyncio.Event()
        if stopping:
            stop.set()
        await Exit(stop).send(answer, fault, exchange.scope, exchange.receive, exchange.send)

    asyncio.run(leave())
    return exchange


def _fault(kind: FaultKind, duration: timedelta = timedelta()) -> Fault:
    return Fault(kind=kind, duration=duration)


def _start(length: int) -> Event:
    kept = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(length).encode()),
        (b"x", b"y"),
    ]
    return {"type": "http.response.start", "status": 200, "headers": kept}


@pytest.mark.parametrize("fault", [None, Fault(kind=FaultKind.STATUS, status=500)], ids=["no-fault", "status"])
def test_exit_sends_an_answer_whole(fault: Fault | None) -> None:
    exchange = _sent(fault)
    assert exchange.sent == [
        _start(len(ANSWER.body)),
        {"type": "http.response.body", "body": ANSWER.body, "more_body": False},
    ]
    assert exchange.line.done == []


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER_ACCEPT, FaultKind.RESET_BEFORE_ACCEPT])
def test_exit_resets_the_connection_and_sends_nothing(kind: FaultKind) -> None:
    exchange = _sent(_fault(kind))
    assert exchange.sent == []
    assert exchange.line.done == ["reset"]
    assert exchange.coming == []


def test_exit_cuts_an_answer_in_half_and_closes() -> None:
    exchange = _sent(_fault(FaultKind.TRUNCATED))
    half = ANSWER.body[: len(ANSWER.body) // 2]
    assert exchange.sent == [
        _start(len(ANSWER.body)),
        {"type": "http.response.body", "body": half, "more_body": True},
    ]
    assert exchange.line.done == ["close"]
    assert exchange.coming == []


def test_exit_leaves_the_last_byte_of_json_out_and_says_so_in_the_length() -> None:
    exchange = _sent(_fault(FaultKind.MALFORMED))
    assert exchange.sent[0] == _start(len(ANSWER.body) - 1)
    assert exchange.body() == ANSWER.body[:-1]


@pytest.mark.parametrize(("duration", "stopping"), [(HOUR, True), (timedelta(), False)], ids=["cut-short", "no-time"])
@pytest.mark.parametrize("kind", [FaultKind.DELAY, FaultKind.DRIBBLE])
def test_exit_sends_a_slow_answer_whole_in_the_end(kind: FaultKind, duration: timedelta, stopping: bool) -> None:
    exchange = _sent(_fault(kind, duration), stopping=stopping)
    assert exchange.sent[0] == _start(len(ANSWER.body))
    assert exchange.body() == ANSWER.body
    assert [event["more_body"] for event in exchange.sent[1:]][-1] is False
    assert exchange.line.done == []


def test_exit_dribbles_a_short_answer_byte_by_byte() -> None:
    exchange = _sent(_fault(FaultKind.DRIBBLE))
    assert [event["body"] for event in exchange.sent[1:]] == [*(bytes([byte]) for byte in ANSWER.body), b""]
    assert all(event["more_body"] for event in exchange.sent[1:-1])


@settings(deadline=None)
@given(st.integers(1, 5000))
def test_exit_dribbles_any_answer_in_a_limited_number_of_pieces(length: int) -> None:
    body = bytes(index % 251 for index in range(length))
    exchange = _sent(_fault(FaultKind.DRIBBLE, HOUR), Answer(200, body))
    pieces = [event["body"] for event in exchange.sent[1:-1]]
    assert b"".join(pieces) == body
    assert all(pieces)
    assert len(pieces) <= DRIBBLE_STEPS


class Stop(asyncio.Event):
    """Is set as soon as somebody waits for it; remembers how much had been sent by then."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self.seen: list[int] = []
        self._exchange = exchange

    async def wait(self) -> Literal[True]:
        self.seen.append(len(self._exchange.body()))
        self.set()
        return await super().wait()


def _seen_by_waits(kind: FaultKind) -> list[int]:
    exchange = Exchange()

    async def leave() -> list[int]:
        stop = Stop(exchange)
        await Exit(stop).send(ANSWER, _fault(kind, HOUR), exchange.scope, exchange.receive, exchange.send)
        return stop.seen

    return asyncio.run(leave())


def test_exit_waits_before_a_delayed_answer() -> None:
    assert _seen_by_waits(FaultKind.DELAY) == [0]


def test_exit_waits_before_each_byte_of_a_dribbled_answer() -> None:
    assert _seen_by_waits(FaultKind.DRIBBLE) == list(range(len(ANSWER.body)))


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER_ACCEPT, FaultKind.RESET_BEFORE_ACCEPT, FaultKind.TRUNCATED])
def test_exit_explains_that_there_is_no_connection_to_break(kind: FaultKind) -> None:
    exchange = Exchange(connected=False)
    with pytest.raises(ConnectionResetError, match="no socket under it"):
        asyncio.run(Exit(asyncio.Event()).send(ANSWER, _fault(kind), exchange.scope, exchange.receive, exchange.send))
