"""What a request gets on the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from mocksms.connections.wire import WireEnd, WireResponse, exchange
from tests.support import TIMEOUT, free_port

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-A: 1\r\n\r\n"
RESET = struct.pack("ii", 1, 0)


@contextmanager
def answering(response: bytes, *, reset: bool = False, wait: bool = False) -> Iterator[int]:
    """Run a server that answers one request with these bytes and ends the connection; yield its port."""

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(100)
            connection.sendall(response)
            if wait:
                connection.recv(1)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        future = pool.submit(answer)
        yield listener.getsockname()[1]
        future.result()


def ask(port: int, timeout: float = TIMEOUT) -> WireResponse:
    return asyncio.run(exchange("127.0.0.1", port, b"GET / HTTP/1.1\r\n\r\n", timeout))


@pytest.mark.parametrize(
    ("sent", "reset", "end", "status", "body", "expected"),
    [
        (HEAD + b"full", False, WireEnd.RESPONSE, 200, b"full", 4),
        (HEAD + b"ha", False, WireEnd.TRUNCATED, 200, b"ha", 4),
        (HEAD + b"ha", True, WireEnd.TRUNCATED, 200, None, 4),
        (b"", True, WireEnd.RESET, None, b"", None),
        (b"", False, WireEnd.RESET, None, b"", None),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, WireEnd.RESPONSE, 204, b"", None),
    ],
    ids=["complete", "truncated", "truncated by a reset", "reset", "closed", "no body"],
)
def test_end_of_an_exchange_is_what_happened(
    sent: bytes, reset: bool, end: WireEnd, status: int | None, body: bytes | None, expected: int | None
) -> None:
    with answering(sent, reset=reset) as port:
        response = ask(port)
    is_lost = body is None and response.end is WireEnd.RESET  # what arrived before a reset may be lost
    assert response.end is end or is_lost
    assert body is None or (response.status, response.body, response.expected) == (status, body, expected)


def test_slow_response_ends_the_exchange_with_what_has_arrived() -> None:
    with answering(HEAD + b"ha", wait=True) as port:
        response = ask(port, timeout=0.05)
    assert (response.end, response.status, response.body) == (WireEnd.TIMEOUT, 200, b"ha")
    assert response.headers[1] == (b"X-A", b"1")


def test_address_where_nothing_listens_is_an_error() -> None:
    with pytest.raises(ConnectionRefusedError):
        ask(free_port())
