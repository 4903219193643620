"""Responder: sends a response as it is, or damaged by a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from mocksms.asgi.connection import COMPLETE_RESPONSE, CONNECTION, ClientConnection, connection_of
from mocksms.provider.responses import ProviderResponse
from mocksms.sms.outcomes import BODILESS, Fault, FaultKind

DRIBBLE_STEPS: Final = 200
"""Maximum of pieces of a dribbled response. Each takes a share of the duration, however long the body is."""

JSON_TYPE: Final = (b"content-type", b"application/json; charset=utf-8")


class Responder:
    """Sends responses. Once `stopping` is set, delays end and the rest is sent at once."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping

    async def send(self, response: ProviderResponse, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a response, changed as the fault says."""
        await asyncio.sleep(0)  # from here on in a task, which the timeouts of faults need
        match fault.kind:
            case FaultKind.RESET_AFTER_ACCEPT | FaultKind.RESET_BEFORE_ACCEPT:
                connection_of(scope).reset()
                await until_disconnected(receive)
            case FaultKind.TRUNCATED:
                await send(_start_event(response))
                await _send_body(response.body[: len(response.body) // 2], send, more=True)
                connection_of(scope).close()
                await until_disconnected(receive)
            case FaultKind.MALFORMED:
                await send_all(response._replace(body=response.body[:-1]), scope, send)
            case FaultKind.EMPTY:
                await send_all(response._replace(body=b""), scope, send)
            case FaultKind.DELAY:
                await self._wait(fault.duration)
                await send_all(response, scope, send)
            case FaultKind.DRIBBLE:
                await self._dribble(response, fault.duration, send)
            case _:
                await send_all(response, scope, send)

    async def _dribble(self, response: ProviderResponse, duration: timedelta, send: Send) -> None:
        await send(_start_event(response))
        pieces = list(_pieces(response.body))
        for piece in pieces:
            await self._wait(duration / len(pieces))
            await _send_body(piece, send, more=True)
        await _send_body(b"", send)

    async def _wait(self, duration: timedelta) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), duration.total_seconds())
        except TimeoutError:
            return


async def response_written(scope: Scope) -> None:
    """Wait until the operating system has taken the whole response; without a socket, return at once."""
    connection: ClientConnection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is not None:
        await connection.flush()


def _pieces(body: bytes) -> Iterator[bytes]:
    size = -(-len(body) // DRIBBLE_STEPS)
    return (body[start : start + size] for start in range(0, len(body), size))


async def until_disconnected(receive: Receive) -> None:
    """Wait until the client of a request, whose body was read, disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_all(response: ProviderResponse, scope: Scope, send: Send) -> None:
    """Send head and body; as one event if the server takes that, which saves a system call."""
    if not response.headers and COMPLETE_RESPONSE in scope.get("extensions", ()):
        headers = _headers(response)
        await send({"type": COMPLETE_RESPONSE, "status": response.status, "headers": headers, "body": response.body})
    else:
        await send(_start_event(response))
        await _send_body(response.body, send)


def _start_event(response: ProviderResponse) -> Message:
    return {"type": "http.response.start", "status": response.status, "headers": _headers(response)}


def _headers(response: ProviderResponse) -> list[tuple[bytes, bytes]]:
    kind = JSON_TYPE if response.media_type is None else (b"content-type", response.media_type)
    headers = [kind] if kind[1] else []
    if response.status not in BODILESS:
        headers.append((b"content-length", b"%d" % len(response.body)))
    return [*headers, *response.headers] if response.headers else headers


async def _send_body(body: bytes, send: Send, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
