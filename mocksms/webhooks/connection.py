"""One connection of the client: read and written against the time that its call has left."""

from __future__ import annotations

import io
import selectors
import socket as sockets
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SHUT_RDWR, SOCK_STREAM, TCP_NODELAY, socket
from ssl import SSLContext
from typing import Any, Final, cast
from urllib.parse import SplitResult

from mocksms.engine.clock import Stopwatch
from mocksms.webhooks.payloads import CallbackRequest

LINE_BUFFER: Final = 8_192

MOST_HEARD: Final = 8_388_608
"""Bytes that are read of one answer in all, however it is framed."""

QUICK_ACK: Final[int | None] = getattr(sockets, "TCP_QUICKACK", None)
"""Has the system acknowledge at once, where it can: a server that writes head and body apart waits 40 ms for that."""


class TooSlow(Exception):
    """A receiver has used up its time."""


class Connection:
    """A connection to an address. Blocks, and never longer than the call it is used for may take.

    `heard_more` tells that with an answer there came what belongs to none.
    """

    def __init__(self, address: str, port: int) -> None:
        self._address = (address, port)
        self._socket = socket(AF_INET6 if ":" in address else AF_INET, SOCK_STREAM)
        self.heard_more = False

    def begin(self, watch: Stopwatch, timeout: float) -> None:
        """Begin a call that a watch measures."""
        self._watch, self._timeout = watch, timeout

    def connect(self, trust: SSLContext | None, host: str) -> None:
        """Connect, and with TLS see by its certificate that the other side is the host.

        Raises:
            TooSlow: the time is used up.
            UnicodeError: no certificate can have such a name.
        """
        host.encode("idna")
        self._use_what_is_left()
        self._socket.connect(self._address)
        self._socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        if trust is not None:
            self._use_what_is_left()
            self._socket = trust.wrap_socket(self._socket, server_hostname=host)

    def is_fresh(self) -> bool:
        """Return whether the other side has neither closed nor said anything out of turn."""
        if self.heard_more:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            return not selector.select(0)

    def send(self, url: SplitResult, letter: CallbackRequest) -> HTTPResponse:
        """Send a letter, and return the answer, read as far as its headers.

        Raises:
            TooSlow: the time is used up.
        """
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        lines = [f"{letter.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in letter.headers)]
        rest = memoryview("".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii") + letter.body)
        while rest:
            self._use_what_is_left()
            rest = rest[self._socket.send(rest) :]
        # What an HTTPResponse asks of a socket is nothing but its file.
        answer = HTTPResponse(cast("Any", self), method=letter.method)
        answer.begin()
        return answer

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a reader of this connection, as a socket would."""
        return _Answer(_Reader(self), LINE_BUFFER)

    def receive(self, buffer: Any) -> int:
        """Read some bytes into a buffer, and return how many; 0 is the end.

        Raises:
            TooSlow: the time is used up.
        """
        self._use_what_is_left()
        if QUICK_ACK is not None:
            self._socket.setsockopt(IPPROTO_TCP, QUICK_ACK, 1)
        return self._socket.recv_into(buffer)

    def cut(self) -> None:
        """End the connection while another thread uses it."""
        with suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _use_what_is_left(self) -> None:
        left = self._timeout - self._watch.seconds
        if left <= 0:
            raise TooSlow
        self._socket.settimeout(left)


class _Reader(io.RawIOBase):
    """The incoming side of a connection as a file, which one answer cannot read without end."""

    def __init__(self, line: Connection) -> None:
        self.line = line
        self.is_at_end = False
        self._heard = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.is_at_end:
            return None
        if self._heard >= MOST_HEARD:
            raise HTTPException(f"no end within {MOST_HEARD} bytes")
        received = self.line.receive(buffer)
        self._heard += received
        return received


class _Answer(io.BufferedReader):
    """An answer, which at its end tells whether more came with it than belongs to it."""

    def __init__(self, reader: _Reader, size: int) -> None:
        super().__init__(reader, size)
        self._reader = reader

    def close(self) -> None:
        self._reader.is_at_end = True
        self._reader.line.heard_more |= bool(self.peek())
        super().close()
