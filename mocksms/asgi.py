"""Shared by all HTTP applications: reads a limited body, checks the origin, controls the connection."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, Protocol

from mocksms.errors import BodyTooLarge, BodyTooSlow, CrossOriginRequest, HostNotAllowed

MAX_DRAINED_BODIES: Final = 8
"""A body above the limit is read and discarded up to this many times the limit, so that its sender gets a response."""

MAX_BODY_SECONDS: Final = 10.0
"""Seconds a body may take to arrive."""

GZIP: Final = b"\x1f\x8b"
"""The first bytes of a gzip body."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = Mapping[bytes, bytes]

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


def check_origin(headers: Headers) -> None:
    """Refuse requests that a browser sends for a page of another site.

    Raises:
        CrossOriginRequest: the headers name another origin, or say that the request is cross-site.
    """
    origin = headers.get(b"origin")
    if origin is not None and origin.lower().split(b"://")[1:] != [headers.get(b"host", b"").lower()]:
        raise CrossOriginRequest(origin.decode("latin-1"))
    if headers.get(b"sec-fetch-site") == b"cross-site":
        raise CrossOriginRequest("another site")


def check_host(headers: Headers, allowed: tuple[str, ...]) -> None:
    """Refuse requests to other hosts.

    Raises:
        HostNotAllowed: the Host is not a name of this machine.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if not is_own_host(host, allowed):
        raise HostNotAllowed(host)


def check_page(headers: Headers, allowed: tuple[str, ...]) -> None:
    """Refuse requests of pages of other sites, also of one whose domain resolves to this machine.

    Browsers say so by Origin or Sec-Fetch-Site; other clients may use any Host.

    Raises:
        CrossOriginRequest: see `check_origin`.
        HostNotAllowed: see `check_host`.
    """
    check_origin(headers)
    if b"origin" in headers or b"sec-fetch-site" in headers:
        check_host(headers, allowed)


def compression_of(headers: Headers, body: bytes) -> str | None:
    """Return how a body is compressed, such as gzip, by its first bytes or its Content-Encoding."""
    if body.startswith(GZIP):
        return "gzip"
    encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
    return encoding if body and encoding not in ("", "identity") else None


def is_own_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host header may be a name of this machine.

    That is a loopback name, an IP literal, a single label such as the service name of a container, or one of
    `allowed`. This excludes pages whose own domain resolves to this machine (DNS rebinding).
    """
    name = _without_port(host).lower().rstrip(".")
    if name in {entry.lower().rstrip(".") for entry in allowed}:
        return True
    if name.startswith("["):
        return _is_address(name[1:-1])
    return _is_address(name) or "." not in name or name.endswith(".localhost")


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


CONNECTION: Final = "mocksms.connection"
"""The ASGI extension in which a server passes the ClientConnection."""


class ClientConnection(Protocol):
    """The TCP connection of a request."""

    def hold(self) -> None:
        """Buffer what is written until `release`."""

    def release(self) -> None:
        """Write the buffer at once."""

    async def flush(self) -> None:
        """Wait until all that was written is sent, or can no longer be sent."""

    def close(self) -> None:
        """Close it after what was written is sent."""

    def finish(self, last: bytes) -> None:
        """Write the last bytes of a body without length, without waiting for a slow reader, and close."""

    def reset(self) -> None:
        """Reset it (TCP RST)."""


def connection_of(scope: Mapping[str, Any]) -> ClientConnection:
    """Return the connection of a request.

    Raises:
        ConnectionResetError: there is none, as in a test without a socket.
    """
    connection: ClientConnection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is None:
        raise ConnectionResetError("the connection should be reset or closed, but this request has no socket")
    return connection
