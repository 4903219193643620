"""Receivers of callbacks as applications have them: real servers on a free port that remember what they were told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from typing import Any, NamedTuple

from tests.support import PATIENCE


class Told(NamedTuple):
    """A call that a receiver got."""

    path: str
    headers: list[tuple[str, str]]
    body: bytes


class Reply(NamedTuple):
    """What a receiver answers."""

    status: int = 200
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()


class Receiver:
    """A receiver that answers as it is told to: each call with the next of `replies`, then with 200."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.replies: list[Reply] = []
        self.connections = 0
        self.most_at_once = 0
        self.before_answer: Callable[[Told], object] = lambda _: None
        self._at_once = 0
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.port: int = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hooks"

    def bodies(self) -> list[bytes]:
        """Return the bodies of all calls so far."""
        return [told.body for told in self.told]

    def wait(self, count: int) -> list[bytes]:
        """Return the bodies as soon as there are so many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.told) >= count, PATIENCE), f"{len(self.told)} calls came"
        return self.bodies()

    def _take(self, told: Told) -> Reply:
        with self._came:
            self.told.append(told)
            self._came.notify_all()
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            reply = self.replies.pop(0) if self.replies else Reply()
        self.before_answer(told)
        with self._lock:
            self._at_once -= 1
        return reply

    def _connected(self) -> None:
        with self._lock:
            self.connections += 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = PATIENCE

            def setup(self) -> None:
                super().setup()
                receiver._connected()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                reply = receiver._take(Told(self.path, self.headers.items(), body))
                self.send_response_only(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


@contextmanager
def receiving(trust: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver for as long as the block lasts; with a context it speaks TLS."""
    receiver = Receiver()
    if trust is not None:
        receiver.server.socket = trust.wrap_socket(receiver.server.socket, server_side=True)
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join(PATIENCE)


@contextmanager
def listening(act: Callable[[socket.socket], object]) -> Iterator[int]:
    """Listen on a free port, and do with each connection what is told; for receivers that are not as they should be."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, act), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)


@contextmanager
def hanging() -> Iterator[tuple[str, threading.Event]]:
    """Give the address of a receiver that answers nothing while the block lasts, and what tells of its first call."""
    called, done = threading.Event(), threading.Event()

    def hang(connection: socket.socket) -> None:
        request_of(connection)
        called.set()
        done.wait(PATIENCE)

    with listening(hang) as port:
        yield f"http://127.0.0.1:{port}/", called
        done.set()


def _accept(listener: socket.socket, act: Callable[[socket.socket], object]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.settimeout(PATIENCE)
        with connection, suppress(OSError):
            act(connection)


def request_of(connection: socket.socket) -> bytes:
    """Return a request with its body as it came."""
    with connection.makefile("rb") as file:
        head = b"".join(takewhile(lambda line: line != b"\r\n", file)) + b"\r\n"
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head + file.read(length)
