"""What every HTTP entry point checks and uses: limits of the body, the origin, and the connection."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, Protocol

from mocksms.errors import BodyTooLarge, BodyTooSlow, CrossOriginRequest

MAX_DRAINED_BODIES: Final = 8
"""A longer body is read and thrown away up to so many times the limit, so that its sender hears why."""

MAX_BODY_SECONDS: Final = 10.0
"""Seconds a body may take to arrive."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = Mapping[bytes, bytes]


class Disconnected(Exception):
    """The client went away before its body was whole."""


async def read_body(receive: Receive, limit: int) -> bytes | BodyTooLarge | BodyTooSlow:
    """Return the body of a request, or what is wrong with it: a door first looks at who sent it.

    Raises:
        Disconnected: the client went away.
    """
    first = await receive()
    if first["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = first.get("body", b"")
    if not first.get("more_body"):
        return body if len(body) <= limit else BodyTooLarge(limit)
    try:
        async with asyncio.timeout(MAX_BODY_SECONDS):
            return await _read_on(receive, bytearray(body), limit)
    except TimeoutError:
        return BodyTooSlow(MAX_BODY_SECONDS)


async def _read_on(receive: Receive, body: bytearray, limit: int) -> bytes | BodyTooLarge:
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
    """Refuse what a browser sends for another site's page.

    Raises:
        CrossOriginRequest: the request names another origin, or says itself that it crosses sites.
    """
    origin = headers.get(b"origin")
    if origin is not None and origin.lower().split(b"://")[1:] != [headers.get(b"host", b"").lower()]:
        raise CrossOriginRequest(origin.decode("latin-1"))
    if headers.get(b"sec-fetch-site") == b"cross-site":
        raise CrossOriginRequest("another site")


def is_own_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Return whether a Host header names this machine rather than somebody's domain.

    That is: a loopback name, an IP literal, a single label such as a container's service name, or one of `allowed`.
    A page that has made its own domain resolve to this machine is thereby shut out.
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
"""The ASGI extension under which a server offers what a Connection can do."""


class ClientConnection(Protocol):
    """The connection under an exchange."""

    def hold(self) -> None:
        """Keep what is written from here on until it is released."""

    def release(self) -> None:
        """Write what was held, in one piece."""

    async def left(self) -> None:
        """Wait until all that was written has left this process, or cannot leave any more."""

    def close(self) -> None:
        """End it in order, after what was written."""

    def finish(self, last: bytes) -> None:
        """End a body of unknown length with some last bytes, however slow its reader is, and then the connection."""

    def reset(self) -> None:
        """Tear it down with a TCP reset."""


def connection_of(scope: Mapping[str, Any]) -> ClientConnection:
    """Return the connection under an exchange.

    Raises:
        ConnectionResetError: there is none, as in a test without a socket.
    """
    connection: ClientConnection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is None:
        raise ConnectionResetError("this exchange was to end with its connection, and there is no socket under it")
    return connection
