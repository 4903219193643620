"""HTTP/1 protocol of uvicorn, with limits for heads and idle connections, and access to the connection."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, parse_url

from mocksms.asgi.connection import COMPLETE_RESPONSE, CONNECTION
from mocksms.connections.exchange import LINE, Exchange
from mocksms.connections.idle import IdleConnections, has_input
from mocksms.connections.transport import LateWrites, TcpConnection
from mocksms.connections.uvicorn_parts import (
    HIGH_WATER_LIMIT,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

MAX_HEAD_BYTES: Final = 65_536
"""Maximum of bytes in the head of a request. What arrives in the same read as its start may exceed it."""

MAX_FRAMING_FACTOR: Final = 8
"""Maximum of bytes in chunk framing and trailers, for each byte of body."""

MAX_HEAD_SECONDS: Final = 10.0
"""Seconds the head of a request may take to arrive."""

MAX_IDLE_SECONDS: Final = 600
"""Seconds a connection may stay open without a request.

Longer than the pauses of tests: a client that uses a connection which the server is closing gets an error.
"""

MAX_FIRST_READ: Final = 1_000
"""Bytes that are kept of the first read of a request, to record it if it is malformed."""

OTHER_PROTOCOLS: Final = {
    b"\x16": (b"TLS handshake", "this is TLS; mocksms speaks plain HTTP"),
    b"PRI ": (None, "this is HTTP/2; mocksms speaks HTTP/1.1"),
    b"CONNECT ": (None, "this is a request to a proxy; mocksms is not a proxy"),
}
"""The first bytes of other protocols, what is recorded if they have no first line, and why they are refused."""

LOG: Final = logging.getLogger("mocksms.http")
"""The log of connections, without uvicorn's warnings of malformed requests: the journal has them."""

LOG.setLevel(logging.ERROR)

SINGLE_HEADERS: Final = (b"host", b"origin")
"""Headers that a request has at most once: a check of one would miss the other."""

_UPGRADE: Final = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.IGNORECASE)

RecordMalformed = Callable[[bytes, str, int], object]
"""Records a malformed request: its first bytes, what is wrong, and the status of the response."""


class RepeatedHeader(Exception):
    """A request has a header more than once that may occur once."""


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1 protocol with additions.

    It limits the size of a head and its time to arrive. It passes bytes that are not HTTP to `record_malformed`. It
    keeps the body of a request that offers an upgrade, as Java's client does to h2c: uvicorn would drop it. It gives
    the application access to the connection, for faults, and takes a complete response in one piece. With
    `starts_at_once`, the application starts without a task, see `Exchange`. An idle connection has one timer, which is
    set again when it ends, and not with each request.
    """

    _received = 0
    _body_size = 0
    _first_read = b""
    _in_head = False
    _in_request = False
    _why = ""
    _head_timer: asyncio.TimerHandle | None = None
    _idle_timer: asyncio.TimerHandle | None = None
    _idle_since: float | None = None
    _next: Exchange | None = None
    _started: Exchange | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def __init__(
        self,
        record_malformed: RecordMalformed,
        idle: IdleConnections,
        writes: LateWrites,
        *,
        starts_at_once: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._starts_at_once = starts_at_once
        self.logger = LOG
        self.access_log = False  # the option of uvicorn silences the log of other servers in the process too
        self._record_malformed = record_malformed
        self._idle = idle
        self._writes = writes

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start a connection."""
        connection: Any = TcpConnection(transport, self._writes)
        super().connection_made(connection)
        self.flow = connection.flow  # that of uvicorn refers to the connection: a cycle would stay in frozen memory
        self._asgi: Any = {"version": self.config.asgi_version, "spec_version": "2.3"}
        self._extensions: Any = {CONNECTION: connection, COMPLETE_RESPONSE: {}}
        self._become_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._end_idle()
        self._end_head()
        self._end_write_timer()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        cast("TcpConnection", self.transport).shut_down()
        if self._started is not None and not self._started.response_complete:
            self._started.disconnected = True  # uvicorn says so to the last request of a pipeline only
            self._started.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """Write before the transport is closed, which it is when the client sends no more."""
        cast("TcpConnection", self.transport).write_late()

    def data_received(self, data: bytes) -> None:
        """Receive bytes; refuse a request if its headers or framing are too long."""
        self._end_idle()
        self._received += len(data)
        if not self._in_request:
            self._first_read = data[:MAX_FIRST_READ]
        is_http = self._parse(_without_upgrade(data) if b"pgrade" in data and self._is_head() else data)
        if (exchange := self._next) is not None:
            self._next = None
            self._start(exchange)
        if not is_http:
            self.send_400_response("Invalid HTTP request received.")
        elif not self.transport.is_closing():
            self._check_progress()

    def _parse(self, data: bytes) -> bool:
        """Parse bytes; return whether they are HTTP. A protocol that the client offers instead is not taken."""
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:
            return True
        except HttpParserError:
            return False
        return True

    def _check_progress(self) -> None:
        """Refuse a request whose headers or framing are too long, and limit the time of what the client sends next."""
        if self._received - self._body_size > MAX_HEAD_BYTES + MAX_FRAMING_FACTOR * self._body_size:
            self._refuse(400, "The request headers are too long.")
        elif self._in_head:
            self._limit_head()
        elif self._idle_since is None and self._has_responded():
            self._become_idle()

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are not HTTP."""
        text = self._why or msg
        for start, (first_line, why) in OTHER_PROTOCOLS.items():
            if self._first_read.startswith(start):
                self._first_read, text = first_line or self._first_read, why
        self._refuse(400, text)

    def on_message_begin(self) -> None:
        """Start a request."""
        self.url, self.headers = b"", []
        self._in_head = self._in_request = True
        self._received = self._body_size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """End the head of a request.

        Raises:
            RepeatedHeader: it has more than one Host or Origin; the parser then refuses the request.
        """
        self._end_head()
        names = dict(self.headers).keys()
        if len(names) < len(self.headers):
            self._check_repeated()
        parser, url = self.parser, parse_url(self.url)
        path = url.path.decode("ascii")
        self.scope = {
            "type": "http",
            "asgi": self._asgi,
            "http_version": parser.get_http_version(),
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "method": parser.get_method().decode("ascii"),
            "root_path": "",
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "headers": self.headers,
            "state": self.app_state.copy(),
            "extensions": self._extensions,
        }
        expects = [value.lower() for name, value in self.headers if name == b"expect"] if b"expect" in names else []
        self._add_exchange(expects_100_continue=b"100-continue" in expects)

    def on_body(self, body: bytes) -> None:
        """Receive a part of the body."""
        self._body_size += len(body)
        exchange = self.cycle
        if not exchange.response_complete:
            exchange.body += body
            if len(exchange.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            exchange.message_event.set()

    def on_message_complete(self) -> None:
        """End a request."""
        self._in_request = False
        if not self.cycle.response_complete:
            self.cycle.more_body = False
            self.cycle.message_event.set()

    def on_response_complete(self) -> None:
        """End a response: start the next request of a pipeline, or wait for one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start(cast("Exchange", self.pipeline.pop()[0]), at_once=False)
        if self._in_head:
            self._limit_head()
        elif self._has_responded():
            self._become_idle()

    def pause_writing(self) -> None:
        """Wait until the client reads; abort the connection in the end."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.timeout_keep_alive, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self._end_write_timer()

    def shutdown(self) -> None:
        """Stop: finish an open request, but do not wait for the rest of a body."""
        if not self._is_head() and not self.cycle.response_complete:
            self.transport.close()
        else:
            super().shutdown()

    def has_input(self) -> bool:
        """Whether the client has sent something that is not received yet, or has closed the connection."""
        return has_input(cast("TcpConnection", self.transport))

    def close_idle(self) -> None:
        """Close the connection; abort it if the client does not read the last response."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def _check_repeated(self) -> None:
        """Refuse a request with a header more than once that may occur once."""
        names = [name for name, _ in self.headers]
        for name in SINGLE_HEADERS:
            if names.count(name) > 1:
                self._why = f"The request has {names.count(name)} {name.decode().title()} headers."
                raise RepeatedHeader

    def _add_exchange(self, *, expects_100_continue: bool) -> None:
        """Add the exchange of a request whose head is complete; it waits for those before it."""
        before = cast("Exchange | None", self.cycle)
        keep_alive = self.scope["http_version"] != "1.0" and self.parser.should_keep_alive()
        self.cycle = Exchange(
            self.scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            False,
            self.server_state.default_headers,
            asyncio.Event(),
            expects_100_continue,
            keep_alive,
            self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._next = self.cycle
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start(self, exchange: Exchange, *, at_once: bool = True) -> None:
        self._started = exchange
        task = exchange.start(self.app, self.loop, at_once=at_once and self._starts_at_once)
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def _become_idle(self) -> None:
        """Wait for a request."""
        self._idle.add(self)
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._check_idle)

    def _end_idle(self) -> None:
        self._idle.discard(self)
        self._idle_since = None

    def _check_idle(self) -> None:
        """Close the connection if it was idle for too long."""
        self._idle_timer = None
        if self._idle_since is None:
            return
        missing = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if missing <= 0:
            self.close_idle()
        else:
            self._idle_timer = self.loop.call_later(missing, self._check_idle)

    def _limit_head(self) -> None:
        """Limit the time of a head that has begun. The time starts when the requests before it have their responses."""
        if self._head_timer is None and self._has_responded():
            self._head_timer = self.loop.call_later(MAX_HEAD_SECONDS, self._refuse_slow_head)

    def _end_head(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _refuse_slow_head(self) -> None:
        self._refuse(408, f"The request headers did not arrive within {MAX_HEAD_SECONDS:g} seconds.")

    def _refuse(self, status: int, text: str) -> None:
        """Refuse a request that no API will see: record it, respond and close the connection."""
        self._record_malformed(self._first_read, text, status)
        body = text.encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        head = b"".join([STATUS_LINE[status], *(LINE % header for header in headers), b"\r\n"])
        self.transport.write(head + body)
        self.transport.close()

    def _has_responded(self) -> bool:
        """Whether every request whose head is complete has its response."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _is_head(self) -> bool:
        """Whether the next bytes are the head of a request, not its body."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or not cycle.more_body


def _without_upgrade(data: bytes) -> bytes:
    """Return the head of a request without its upgrade header, which a server may ignore."""
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(rb"\r\nx-upgrade", head) + end + rest
