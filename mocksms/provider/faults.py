"""Answers going out: rightly, or wrong in the way a fault asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Protocol

from starlette.types import Receive, Scope, Send

from mocksms.provider.answers import Answer
from mocksms.sms.outcome import Fault, FaultKind

CONNECTION: Final = "mocksms.connection"
"""The ASGI extension under which a server offers what a Connection can do."""

DRIBBLE_STEPS: Final = 200
"""Pieces a dribbled answer is cut into at most, so that its length does not change how long it takes."""

JSON_TYPE: Final = (b"content-type", b"application/json; charset=utf-8")


class Connection(Protocol):
    """The connection under an exchange."""

    def close(self) -> None:
        """End it in order, after what was written."""

    def reset(self) -> None:
        """Tear it down with a TCP reset."""


class Exit:
    """Sends answers. `stopping`, once set, cuts every wait short: the answer then goes out at once."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping

    async def send(self, answer: Answer, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an answer, or what a fault leaves of it."""
        match fault.kind if fault else None:
            case FaultKind.RESET_AFTER_ACCEPT | FaultKind.RESET_BEFORE_ACCEPT:
                _connection(scope).reset()
                await _until_disconnected(receive)
            case FaultKind.TRUNCATED:
                await _start(answer, send)
                await _body(answer.body[: len(answer.body) // 2], send, more=True)
                _connection(scope).close()
                await _until_disconnected(receive)
            case FaultKind.MALFORMED:
                await _whole(answer._replace(body=answer.body[:-1]), send)
            case FaultKind.DELAY if fault:
                await self._wait(fault.duration)
                await _whole(answer, send)
            case FaultKind.DRIBBLE if fault:
                await self._dribble(answer, fault.duration, send)
            case _:
                await _whole(answer, send)

    async def _dribble(self, answer: Answer, duration: timedelta, send: Send) -> None:
        await _start(answer, send)
        pieces = list(_pieces(answer.body))
        for piece in pieces:
            await self._wait(duration / len(pieces))
            await _body(piece, send, more=True)
        await _body(b"", send)

    async def _wait(self, duration: timedelta) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), duration.total_seconds())
        except TimeoutError:
            return


def _pieces(body: bytes) -> Iterator[bytes]:
    size = -(-len(body) // DRIBBLE_STEPS)
    return (body[start : start + size] for start in range(0, len(body), size))


def _connection(scope: Scope) -> Connection:
    connection: Connection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is None:
        raise ConnectionResetError("a fault ended this connection, and there is no socket under it to reset")
    return connection


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _whole(answer: Answer, send: Send) -> None:
    await _start(answer, send)
    await _body(answer.body, send)


async def _start(answer: Answer, send: Send) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    headers = [JSON_TYPE, length, *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _body(body: bytes, send: Send, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
