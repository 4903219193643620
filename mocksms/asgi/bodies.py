"""Bodies of requests: limited in size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, BinaryIO, Final

from mocksms.asgi.origins import Headers
from mocksms.errors import BodyTooLarge, BodyTooSlow

MAX_DRAINED_BODIES: Final = 8
"""A body above the limit is read and discarded up to this many times the limit, so that its sender gets a response."""

MAX_BODY_SECONDS: Final = 10.0
"""Seconds a body may take to arrive."""

GZIP: Final = b"\x1f\x8b"
"""The first bytes of a gzip body."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

Body = bytes | BodyTooLarge | BodyTooSlow
"""A body, or the error to raise once the caller has checked who sent it."""


class Disconnected(Exception):
    """The client disconnected before its body was complete."""


async def read_body(receive: Receive, limit: int) -> Body:
    """Return the body of a request.

    Raises:
        Disconnected: the client disconnected.
    """
    first = await receive()
    if first["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = first.get("body", b"")
    if not first.get("more_body"):
        return body if len(body) <= limit else BodyTooLarge(limit)
    try:
        async with asyncio.timeout(MAX_BODY_SECONDS):
            return await _read_rest(receive, bytearray(body), limit)
    except TimeoutError:
        return BodyTooSlow(MAX_BODY_SECONDS)


async def _read_rest(receive: Receive, body: bytearray, limit: int) -> bytes | BodyTooLarge:
    drained = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        body += event.get("body", b"")
        if len(body) > limit:
            drained += len(body)
            body.clear()
        more = event.get("more_body", False)
        if drained and (not more or drained > MAX_DRAINED_BODIES * limit):
            return BodyTooLarge(limit)
        if not more:
            return bytes(body)


async def receive_file(receive: Receive, file: BinaryIO, limit: int) -> None:
    """Write the body of a request to a file.

    Raises:
        BodyTooLarge: it has more than `limit` bytes.
        BodyTooSlow: the next part does not arrive within MAX_BODY_SECONDS.
        Disconnected: the client disconnected.
    """
    size, more = 0, True
    while more:
        try:
            async with asyncio.timeout(MAX_BODY_SECONDS):
                event = await receive()
        except TimeoutError as error:
            raise BodyTooSlow(MAX_BODY_SECONDS) from error
        if event["type"] == "http.disconnect":
            raise Disconnected
        part: bytes = event.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit)
        file.write(part)
        more = event.get("more_body", False)


def compression_of(headers: Headers, body: bytes) -> str | None:
    """Return how a body is compressed, such as gzip, by its first bytes or its Content-Encoding."""
    if body.startswith(GZIP):
        return "gzip"
    encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
    return encoding if body and encoding not in ("", "identity") else None
