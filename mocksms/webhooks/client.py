"""HTTP client for callbacks: connects only to the address it checked, no redirects, limited time and size.

It uses `socket`, `http.client` and the real time as they are when this module is imported. So a test that replaces its
HTTP libraries, `socket.getaddrinfo` or its clock does not change callbacks.
"""

from __future__ import annotations

import io
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, RemoteDisconnected
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from socket import (
    AF_INET,
    AF_INET6,
    IPPROTO_TCP,
    SHUT_RDWR,
    SOCK_STREAM,
    TCP_NODELAY,
    gaierror,
    getaddrinfo,
    if_nametoindex,
    socket,
)
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

from mocksms.engine.callbacks import Attempt
from mocksms.engine.clock import Stopwatch
from mocksms.errors import WebhookForbidden
from mocksms.settings import is_address
from mocksms.sms.display import error_reason, without_credentials
from mocksms.webhooks.allow_list import AllowList
from mocksms.webhooks.payloads import CallbackRequest

MAX_RECORDED_BODY: Final = 4_096
"""Bytes of a response body that an attempt keeps."""

MAX_RESPONSE_BODY: Final = 1_048_576
"""Bytes of a response body that are read; the connection of a longer one is closed."""

MAX_RESPONSE: Final = 8_388_608
"""Bytes that are read of one response in all, however it is framed."""

MAX_LOCATION_LENGTH: Final = 200
"""Characters of a redirect's Location that an error shows."""

MAX_HEADS: Final = 131_072
"""Bytes that are read of the head of a response, together with all interim responses before it."""

INTERIM_STATUSES: Final = frozenset({*range(100, 200)} - {HTTPStatus.SWITCHING_PROTOCOLS})
"""Statuses of responses that the final one follows. 101 is final: after it comes another protocol."""

READ_BUFFER: Final = 8_192

Resolver = Callable[[str, int], Sequence[str]]
"""Resolves a host name: returns its addresses, in the order they should be tried."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host name."""
    found = getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class ResponseTooLarge(HTTPException):
    """A response, or its head, is longer than the limit."""


class Deadline:
    """The end of the time an attempt may take, in real seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watch = Stopwatch()

    def left(self) -> float:
        """Return the seconds left.

        Raises:
            TimeoutError: none are left.
        """
        left = self._seconds - self._watch.seconds
        if left <= 0:
            raise TimeoutError
        return left


class Connection(io.RawIOBase):
    """A connection for one attempt; no operation blocks beyond the deadline. As a file, it reads the response."""

    def __init__(self, unconnected: socket, address: str, port: int, deadline: Deadline) -> None:
        self._socket = unconnected
        self._address = address, port
        self._deadline = deadline
        self._received = 0
        self._limit = MAX_HEADS

    def connect(self, tls: ssl.SSLContext | None, host: str) -> None:
        """Connect, and with TLS check the certificate against the host name.

        Raises:
            UnicodeError: no certificate can have such a name.
        """
        host.encode("idna")
        self._socket.settimeout(self._deadline.left())
        self._socket.connect(_socket_address(*self._address))
        self._socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        if tls is not None:
            self._socket.settimeout(self._deadline.left())
            self._socket = tls.wrap_socket(self._socket, server_hostname=host)

    def send(self, url: SplitResult, request: CallbackRequest) -> HTTPResponse:
        """Send a request and return the response, of which nothing is read yet; the caller closes it."""
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers)]
        rest = memoryview("".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii") + request.body)
        while rest:
            self._socket.settimeout(self._deadline.left())
            rest = rest[self._socket.send(rest) :]
        # An HTTPResponse uses nothing of a socket but its file.
        return HTTPResponse(cast("Any", self), method=request.method)

    def read_head(self, response: HTTPResponse) -> None:
        """Read the head of the final response. Responses such as 103 Early Hints come before it."""
        response.begin()
        while response.status in INTERIM_STATUSES:
            response.headers = response.msg = cast("Any", None)  # `begin` reads a head only where there is none
            response.begin()
        self._limit = MAX_RESPONSE

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a buffered reader of this connection, as a socket does."""
        return io.BufferedReader(self, READ_BUFFER)

    def readable(self) -> bool:
        """Return True: this is the incoming side of the connection."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes into a buffer and return how many; 0 at the end.

        Raises:
            ResponseTooLarge: the response is too long.
        """
        if self._received >= self._limit:
            part = "final response" if self._limit == MAX_HEADS else "end"
            raise ResponseTooLarge(f"no {part} within {self._limit} bytes")
        self._socket.settimeout(self._deadline.left())
        received = self._socket.recv_into(buffer)
        self._received += received
        return received

    def abort(self) -> None:
        """End the connection while another thread uses it."""
        with suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)

    def close(self) -> None:
        """Close the connection, also for a receiver while a forked process has a copy of the socket."""
        self.abort()
        self._socket.close()
        super().close()


class WebhookClient:
    """Sends callbacks, with one connection for each attempt. Blocks; may be used by several threads at once.

    Args:
        allow_list: which addresses may be called.
        timeout: seconds an attempt may take, from resolving the host name to the last byte.
        lookup: resolves host names.
        tls: the TLS context with the trusted certificates; those of the system by default.
    """

    def __init__(
        self,
        allow_list: AllowList,
        timeout: float,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_list = allow_list
        self._timeout = timeout
        self._resolver = resolver
        self._tls = tls
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._is_closed = False

    def attempt(self, url: str, request: CallbackRequest, at: datetime) -> Attempt:
        """Send a request once and return the attempt; `at` is its time on the account's clock. Never raises."""
        watch = Stopwatch()
        try:
            status, body, error = self._exchange(urlsplit(url), request, Deadline(self._timeout))
        except (WebhookForbidden, OSError, HTTPException, ValueError) as failure:
            status, body, error = None, b"", _describe(failure, self._timeout)
        return Attempt(at, status, _shared(body), round(watch.seconds, 6), error)

    def close(self) -> None:
        """End all connections at once; attempts in progress fail."""
        with self._lock:
            self._is_closed = True
            connections = tuple(self._open)
        for connection in connections:
            connection.abort()

    def _exchange(
        self, url: SplitResult, request: CallbackRequest, deadline: Deadline
    ) -> tuple[int, bytes, str | None]:
        """Return the status, the beginning of the body, and the error if the response is no success."""
        connection = self._connect(url, deadline)
        try:
            with closing(connection.send(url, request)) as response:
                connection.read_head(response)
                body = response.read(MAX_RESPONSE_BODY + 1)
                return response.status, body[:MAX_RECORDED_BODY], _error_of(response, len(body))
        finally:
            self._close(connection)

    def _connect(self, url: SplitResult, deadline: Deadline) -> Connection:
        """Connect to one of the addresses of a host; all of them must be allowed."""
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        addresses = find_addresses(host, port, deadline, self._resolver)
        for address in addresses:
            self._allow_list.check(host, address)
        tls = self._tls_context() if url.scheme == "https" else None
        return connect(host, addresses, tls, lambda address: self._new_connection(address, port, deadline), self._close)

    def _new_connection(self, address: str, port: int, deadline: Deadline) -> Connection:
        with self._lock:
            if self._is_closed:
                raise ConnectionAbortedError("mocksms is stopping")
            connection = new_connection(address, port, deadline)
            self._open.add(connection)
            return connection

    def _close(self, connection: Connection) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


@lru_cache(maxsize=64)
def _shared(body: bytes) -> bytes:
    """Return the same object for equal bodies, to save memory: a failing webhook repeats its error page."""
    return body


def _error_of(response: HTTPResponse, size: int) -> str | None:
    """Return why a response, of which `size` bytes were read, is no success; None if it is one."""
    is_complete = response.isclosed() or (response.length is None and not response.chunked)
    if not is_complete and size <= MAX_RESPONSE_BODY:
        return "incomplete response"
    if 200 <= response.status < 300:
        return None
    if 300 <= response.status < 400:
        return f"HTTP {response.status}: redirects are not followed ({_location(response)})"
    return f"HTTP {response.status}"


def _location(response: HTTPResponse) -> str:
    location = response.getheader("location")
    return f"Location: {without_credentials(location)[:MAX_LOCATION_LENGTH]!a}" if location else "no Location"


def _describe(failure: Exception, timeout: float) -> str:
    """Return the error text for an attempt without a response."""
    match failure:
        case TimeoutError():
            return f"no complete response within {timeout:g} s"
        case WebhookForbidden():
            return str(failure)
        case ssl.SSLCertVerificationError():
            why = failure.verify_message
            return f"TLS certificate not trusted: {why}; SSL_CERT_FILE can name further authorities"
        case gaierror():
            return f"host name not found: {failure.strerror}"
        case RemoteDisconnected():
            return "connection closed without a response"
        case HTTPException():
            return f"invalid HTTP response: {ascii(str(failure)[:100]) or type(failure).__name__}"
        case OSError():
            return f"connection failed: {error_reason(failure)}"
    return f"invalid URL: {failure}"


def find_addresses(host: str, port: int, deadline: Deadline, resolver: Resolver = resolve) -> Sequence[str]:
    """Resolve a host in a thread of its own, since resolving cannot be interrupted.

    Raises:
        OSError: no such name.
        TimeoutError: it takes too long.
    """
    if is_address(host):
        return [host]
    results: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()
    threading.Thread(target=_resolve, args=(resolver, host, port, results), daemon=True).start()
    try:
        found = results.get(timeout=deadline.left())
    except Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return found


def new_connection(address: str, port: int, deadline: Deadline) -> Connection:
    """Return a connection to an address that is not connected yet.

    Raises:
        OSError: there is no file descriptor for it, or the machine does not have this kind of address.
    """
    # Not by the connection: one whose socket fails would fail again when it is closed.
    return Connection(socket(AF_INET6 if ":" in address else AF_INET, SOCK_STREAM), address, port, deadline)


def connect(
    host: str,
    addresses: Sequence[str],
    tls: ssl.SSLContext | None,
    create: Callable[[str], Connection],
    close: Callable[[Connection], None] = Connection.close,
) -> Connection:
    """Connect to the first of the addresses of a host to which it is possible.

    Raises:
        OSError: there is none; after a TLS error, and at the end of the time, the others are not tried.
        UnicodeError: no certificate can have such a name.
    """
    failure = OSError(f"{host} has no address")
    for address in addresses:
        try:
            connection = create(address)
        except OSError as error:
            failure = error
            continue
        try:
            connection.connect(tls, host)
            return connection
        except (OSError, UnicodeError) as error:
            close(connection)
            if not isinstance(error, OSError) or isinstance(error, ssl.SSLError | TimeoutError):
                raise
            failure = error
    raise failure


def _socket_address(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return where a socket connects to: a zone as its number, since the system would resolve a text again.

    Raises:
        OSError: this machine has no such zone.
    """
    host, _, zone = address.partition("%")
    if not zone or not ip_address(host).is_link_local:
        return host, port
    zone = zone.removeprefix("25")  # as a URL spells the percent sign
    return host, port, 0, int(zone) if zone.isdecimal() else if_nametoindex(zone)


def _resolve(resolver: Resolver, host: str, port: int, results: SimpleQueue[Sequence[str] | OSError]) -> None:
    try:
        results.put(resolver(host, port))
    except OSError as error:
        results.put(error)
    except UnicodeError as error:
        results.put(OSError(str(error)))
