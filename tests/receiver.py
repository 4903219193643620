"""Receivers of callbacks, as applications have them: real servers on a free port that record their requests."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from typing import Any, NamedTuple

from tests.support import TIMEOUT


class ReceivedRequest(NamedTuple):
    """A request that a receiver got."""

    path: str
    headers: list[tuple[str, str]]
    body: bytes


class Response(NamedTuple):
    """A response of a receiver."""

    status: int = 200
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()


class Receiver:
    """A receiver that answers each request with the next of `responses`, then with 200.

    `before_response` may return another response.
    """

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self.responses: list[Response] = []
        self.connections = 0
        self.max_concurrent = 0
        self.before_response: Callable[[ReceivedRequest], object] = lambda _: None
        self._concurrent = 0
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.port: int = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hooks"

    def bodies(self) -> list[bytes]:
        """Return the bodies of all requests so far."""
        return [request.body for request in self.requests]

    def wait(self, count: int) -> list[bytes]:
        """Wait until `count` requests arrived, and return the bodies of all."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, TIMEOUT), self.requests
        return self.bodies()

    def _take(self, request: ReceivedRequest) -> Response:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            self._concurrent += 1
            self.max_concurrent = max(self.max_concurrent, self._concurrent)
            response = self.responses.pop(0) if self.responses else Response()
        result = self.before_response(request)
        with self._lock:
            self._concurrent -= 1
        return result if isinstance(result, Response) else response

    def _connected(self) -> None:
        with self._lock:
            self.connections += 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = TIMEOUT

            def setup(self) -> None:
                super().setup()
                receiver._connected()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                response = receiver._take(ReceivedRequest(self.path, self.headers.items(), body))
                self.send_response_only(response.status)
                for name, value in response.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        return Handler


@contextmanager
def receiving(trust: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver during the block; with an SSL context it speaks TLS."""
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
        thread.join(TIMEOUT)


@contextmanager
def listening(act: Callable[[socket.socket], object]) -> Iterator[int]:
    """Listen on a free port and pass each connection to `act`: a receiver that misbehaves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, act), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(TIMEOUT)


@contextmanager
def hanging() -> Iterator[tuple[str, threading.Event]]:
    """Run a receiver that never answers during the block; yield its URL and an event that its first request sets."""
    called, done = threading.Event(), threading.Event()

    def hang(connection: socket.socket) -> None:
        request_of(connection)
        called.set()
        done.wait(TIMEOUT)

    with listening(hang) as port:
        yield f"http://127.0.0.1:{port}/", called
        done.set()


def _accept(listener: socket.socket, act: Callable[[socket.socket], object]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.settimeout(TIMEOUT)
        with connection, suppress(OSError):
            act(connection)


def request_of(connection: socket.socket) -> bytes:
    """Return the raw request of a connection, with its body; a client that has gone sends none."""
    with connection.makefile("rb") as file:
        head = b"".join(takewhile(lambda line: line != b"\r\n", file)) + b"\r\n"
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        return head + file.read(length)
