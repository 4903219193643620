"""What a request gets on the wire: one request on a connection of its own, and how its response arrived or broke."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import StrEnum
from typing import Final

from httptools import HttpResponseParser

READ_SIZE: Final = 65_536


class WireEnd(StrEnum):
    """How an exchange ended."""

    RESPONSE = "response"
    TRUNCATED = "truncated"
    RESET = "reset"
    TIMEOUT = "timeout"


class WireResponse:
    """A response as it arrives. The methods with `on_` are those of the parser.

    Attributes:
        end: how the exchange ended.
        status: the HTTP status, None if no status line arrived.
        headers: names and values as received.
        body: the bytes of the body that arrived.
    """

    def __init__(self) -> None:
        self.end = WireEnd.RESET
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.is_complete = False
        self._parser = HttpResponseParser(self)

    @property
    def expected(self) -> int | None:
        """The length of the body by the header Content-Length, None without it."""
        return next((int(value) for name, value in self.headers if name.lower() == b"content-length"), None)

    def receive(self, data: bytes) -> None:
        """Receive some bytes."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header."""
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """End the head."""
        self.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        """Receive a part of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """End the response."""
        self.is_complete = True


async def exchange(host: str, port: int, request: bytes, timeout: float) -> WireResponse:
    """Send a request on a fresh connection and return what came back, also if that is nothing.

    Args:
        host: the address to connect to.
        port: its port.
        request: head and body, with `Connection: close`.
        timeout: seconds until the exchange ends with what has arrived.

    Raises:
        OSError: no connection is possible.
    """
    reader, writer = await asyncio.open_connection(host, port)
    response = WireResponse()
    try:
        writer.write(request)
        async with asyncio.timeout(timeout):
            await _read(reader, response)
        response.end = _end_of(response)
    except TimeoutError:
        response.end = WireEnd.TIMEOUT
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return response


async def _read(reader: asyncio.StreamReader, response: WireResponse) -> None:
    with suppress(ConnectionError):
        while not response.is_complete and (data := await reader.read(READ_SIZE)):
            response.receive(data)


def _end_of(response: WireResponse) -> WireEnd:
    if response.is_complete:
        return WireEnd.RESPONSE
    return WireEnd.RESET if response.status is None else WireEnd.TRUNCATED
