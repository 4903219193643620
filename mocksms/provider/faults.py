"""Answers going out: rightly, or wrong in the way a fault asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from mocksms.asgi import CONNECTION, ClientConnection, connection_of
from mocksms.provider.responses import ProviderResponse
from mocksms.sms.outcomes import Fault, FaultKind

DRIBBLE_STEPS: Final = 200
"""Pieces a dribbled answer is cut into at most, so that its length does not change how long it takes."""

JSON_TYPE: Final = (b"content-type", b"application/json; charset=utf-8")


class Responder:
    """Sends answers. `stopping`, once set, cuts every wait short: the answer then goes out at once."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping

    async def send(
        self, answer: ProviderResponse, fault: Fault | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send an answer, or what a fault leaves of it."""
        if fault is None:
            return await _whole(answer, scope, send)
        match fault.kind:
            case FaultKind.RESET_AFTER_ACCEPT | FaultKind.RESET_BEFORE_ACCEPT:
                connection_of(scope).reset()
                await _until_disconnected(receive)
            case FaultKind.TRUNCATED:
                await send(_head(answer))
                await _body(answer.body[: len(answer.body) // 2], send, more=True)
                connection_of(scope).close()
                await _until_disconnected(receive)
            case FaultKind.MALFORMED:
                await _whole(answer._replace(body=answer.body[:-1]), scope, send)
            case FaultKind.EMPTY:
                await _whole(answer._replace(body=b""), scope, send)
            case FaultKind.DELAY:
                await self._wait(fault.duration)
                await _whole(answer, scope, send)
            case FaultKind.DRIBBLE:
                await self._dribble(answer, fault.duration, send)
            case _:
                await _whole(answer, scope, send)

    async def _dribble(self, answer: ProviderResponse, duration: timedelta, send: Send) -> None:
        await send(_head(answer))
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


async def has_left(scope: Scope) -> None:
    """Wait until an answer has left this process; where there is no socket under it, it has."""
    connection: ClientConnection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is not None:
        await connection.left()


def _pieces(body: bytes) -> Iterator[bytes]:
    size = -(-len(body) // DRIBBLE_STEPS)
    return (body[start : start + size] for start in range(0, len(body), size))


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _whole(answer: ProviderResponse, scope: Scope, send: Send) -> None:
    """Send head and body; in one piece where the server can, which saves a system call for each answer."""
    connection: ClientConnection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is not None:
        connection.hold()
    await send(_head(answer))
    await _body(answer.body, send)
    if connection is not None:
        connection.release()


def _head(answer: ProviderResponse) -> Message:
    length = (b"content-length", b"%d" % len(answer.body))
    kind = JSON_TYPE if answer.media_type is None else (b"content-type", answer.media_type)
    return {"type": "http.response.start", "status": answer.status, "headers": [kind, length, *answer.headers]}


async def _body(body: bytes, send: Send, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
