"""Shared by all HTTP applications: limited bodies, the origin, the connection, and the time of long operations."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final, Protocol, TypeVar

from mocksms.engine.clock import timer
from mocksms.engine.steps import Steps
from mocksms.errors import BodyTooLarge, BodyTooSlow, CrossOriginRequest, HostNotAllowed

MAX_DRAINED_BODIES: Final = 8
"""A body above the limit is read and discarded up to this many times the limit, so that its sender gets a response."""

MAX_BODY_SECONDS: Final = 10.0
"""Seconds a body may take to arrive."""

GZIP: Final = b"\x1f\x8b"
"""The first bytes of a gzip body."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = Mapping[bytes, bytes]
T = TypeVar("T")

Body = bytes | BodyTooLarge | BodyTooSlow
"""A body, or the error to raise once the caller has checked who sent it."""


class Stopping(Exception):
    """The mock stops before a long operation is done."""


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

    Other clients than browsers may use any Host.

    Raises:
        CrossOriginRequest: see `check_origin`.
        HostNotAllowed: see `check_host`.
    """
    check_origin(headers)
    if is_browser(headers):
        check_host(headers, allowed)


def is_browser(headers: Headers) -> bool:
    """Whether a request comes from a browser.

    A GET of a page to its own host has neither Origin nor, without TLS, Sec-Fetch-Site; every browser names Mozilla.
    """
    agent = headers.get(b"user-agent", b"")
    return b"origin" in headers or b"sec-fetch-site" in headers or agent.startswith(b"Mozilla/")


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


MAX_INLINE_BYTES: Final = 16_384
"""Bytes of a body that is parsed at once; a longer one is parsed in a thread."""

SLICE_SECONDS: Final = 0.01
"""Seconds that long operations together may take in one pass of the event loop."""


class Slices:
    """Shares the event loop between long operations and all other requests.

    In one pass of the loop, long operations together get SLICE_SECONDS. Then those that are not done wait, and one of
    them continues in each pass: the one that had the fewest slices, and of several the newest. So a short operation
    overtakes long ones.
    """

    def __init__(self) -> None:
        self._ends_at: float | None = None
        self._is_scheduled = False
        self._is_stopped = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._tiebreaker = count()
        self._thread = asyncio.Semaphore(1)

    async def run(self, steps: Steps[T], *, to_end: bool = False) -> T:
        """Run a long operation, and return its result.

        Args:
            steps: the operation.
            to_end: whether it continues, without a pause, when the mock stops.

        Raises:
            Stopping: the mock stops during a pause.
        """
        slices = 0
        try:
            while True:
                if self._is_over() and not (to_end and self._is_stopped):
                    try:
                        await self._pause(slices)
                    except Stopping:
                        if not to_end:
                            raise
                    slices += 1
                next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    def stop(self) -> None:
        """End the operations that pause, and all that would, because the mock stops."""
        self._is_stopped = True
        for _, _, future in self._waiting:
            if not future.done():
                future.set_exception(Stopping())
        self._waiting.clear()

    async def run_in_thread(self, function: Callable[..., T], *arguments: object, **more: object) -> T:
        """Run a function that reads nothing but its arguments in a thread, while the loop continues; one at a time."""
        async with self._thread:
            return await asyncio.to_thread(function, *arguments, **more)

    def _is_over(self) -> bool:
        """Whether the slice of this pass of the loop is over; the first operation of a pass starts it."""
        if self._ends_at is None:
            self._start_slice()
            return False
        return timer() >= self._ends_at

    def _start_slice(self) -> None:
        self._ends_at = timer() + SLICE_SECONDS
        self._schedule()

    async def _pause(self, slices: int) -> None:
        if self._is_stopped:
            raise Stopping
        future = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (slices, -next(self._tiebreaker), future))
        await future
        self._start_slice()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._start_pass)

    def _start_pass(self) -> None:
        """End the slice of the last pass, and wake the next operation that waits."""
        self._is_scheduled, self._ends_at = False, None
        while self._waiting:
            future = heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
                break
        if self._waiting:
            self._schedule()
