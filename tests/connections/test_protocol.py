from __future__ import annotations

import asyncio
import http.client
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
import requests
from uvicorn import Config
from uvicorn.server import ServerState

from mocksms.connections import protocol as protocol_module
from mocksms.connections.idle import IdleConnections
from mocksms.connections.protocol import MAX_IDLE_SECONDS, Protocol
from mocksms.connections.transport import LateWrites
from mocksms.settings import Settings
from tests.support import TIMEOUT, Mock, running

HEALTH = b"GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
FOREIGN_POST = b"POST /_mock/reset HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\n12"
SEARCH = b"GET /transactional/sms/search HTTP/1.1\r\nHost: mock\r\nX-API-Key: search\r\n"
DELAYED = (
    b"POST /transactional/sms/send HTTP/1.1\r\nHost: mock\r\nX-API-Key: delayed\r\nContent-Type: application/json\r\n"
    b'Content-Length: 71\r\n\r\n{"message":{"content":"Hello","to":[{"mobile_number":"972500007000"}]}}'
)


@contextmanager
def connected(mock: Mock) -> Iterator[socket.socket]:
    with socket.create_connection((mock.host, mock.port), TIMEOUT) as connection:
        yield connection


def read_to_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def recorded(mock: Mock) -> dict[str, Any]:
    """Return the only request of the journal."""
    (request,) = requests.get(f"{mock.url}/_mock/requests", timeout=TIMEOUT).json()["requests"]
    found: dict[str, Any] = request
    return found


@pytest.fixture
def impatient_mock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """A mock that closes connections without a request at once."""
    monkeypatch.setattr("mocksms.server.MAX_IDLE_SECONDS", 0.01)
    with running() as mock:
        yield mock


def test_connection_without_a_request_stays_open_for_ten_minutes() -> None:
    assert MAX_IDLE_SECONDS == 600


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"", b""), (b"\r\n", b""), (HEALTH, b"HTTP/1.1 200 "), (FOREIGN_POST, b"HTTP/1.1 403 ")],
    ids=["not used", "blank line", "after a response", "after a response to the head of a request"],
)
def test_idle_connection_is_closed_in_the_end(impatient_mock: Mock, data: bytes, status: bytes) -> None:
    with connected(impatient_mock) as connection:
        connection.sendall(data)
        assert read_to_end(connection).startswith(status)


def test_idle_connection_is_closed_while_its_body_goes_on_after_the_response(impatient_mock: Mock) -> None:
    with connected(impatient_mock) as connection:
        connection.sendall(FOREIGN_POST)
        response = b""
        while not response.endswith(b"}"):
            response += connection.recv(65_536)
        assert response.startswith(b"HTTP/1.1 403 ")
        with suppress(ConnectionError):
            connection.sendall(b"3")
            assert read_to_end(connection) == b""


def test_connection_with_a_request_is_not_idle(impatient_mock: Mock) -> None:
    with closing(http.client.HTTPConnection(impatient_mock.host, impatient_mock.port, timeout=TIMEOUT)) as client:
        client.request("GET", "/_mock/messages/wait?timeout=0.2", headers={"X-API-Key": "none"})
        assert client.getresponse().status == 408


async def respond_with_much(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * 20_000_000})


class OneConnection:
    """A server with one connection, and its client."""

    def __init__(self, max_idle: int = 3600) -> None:
        self.idle = IdleConnections()
        self.state = ServerState()
        self.here, self.client = socket.socketpair()
        self._config = Config(respond_with_much, http="httptools", timeout_keep_alive=max_idle, log_config=None)

    async def accept(self) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(self._protocol, self.here)

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT):
            while not condition():
                await asyncio.sleep(0)

    def _protocol(self) -> Protocol:
        return Protocol(print, self.idle, LateWrites(), config=self._config, server_state=self.state, app_state={})


def test_connection_of_a_client_that_never_reads_is_aborted() -> None:
    """Its socket would stay open until the client reads."""

    async def story() -> None:
        server = OneConnection()
        await server.accept()
        with server.client:
            server.client.sendall(HEALTH)
            await server.wait_for(lambda: server.state.total_requests == 1)
            assert server.idle.close_longest()
            await server.wait_for(lambda: not server.state.connections)

    asyncio.run(story())


def test_connection_of_a_client_that_pipelines_and_never_reads_is_aborted() -> None:
    async def story() -> None:
        server = OneConnection(max_idle=0)
        await server.accept()
        with server.client:
            server.client.sendall(HEALTH * 2)
            await server.wait_for(lambda: not server.state.connections)

    asyncio.run(story())


def test_closed_connection_ends_while_another_process_has_a_copy() -> None:
    async def story() -> None:
        server = OneConnection()
        await server.accept()
        with server.client, socket.socket(fileno=os.dup(server.here.fileno())):
            assert server.idle.close_longest()
            server.client.settimeout(TIMEOUT)
            assert await asyncio.to_thread(server.client.recv, 1) == b""

    asyncio.run(story())


@pytest.mark.ledger("error.malformed-http")
def test_head_that_does_not_arrive_in_time_is_refused_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_module, "MAX_HEAD_SECONDS", 0.05)
    with running() as mock:
        with connected(mock) as connection:
            connection.sendall(HEALTH + SEARCH)
            response = read_to_end(connection)
        assert response.startswith(b"HTTP/1.1 200 ")
        head, _, text = response[response.index(b"HTTP/1.1 408 ") :].partition(b"\r\n\r\n")
        assert b"\r\nconnection: close" in head
        assert text == b"The request headers did not arrive within 0.05 seconds."
        request = recorded(mock)
        assert request["response"]["status"] == 408
        assert request["note"] == f"malformed HTTP: {text.decode()}"


def test_head_arrives_in_time_in_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_module, "MAX_HEAD_SECONDS", TIMEOUT)
    with running() as mock, connected(mock) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in (HEALTH[:1], HEALTH[1:20], HEALTH[20:]):
            connection.sendall(part)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_time_of_a_head_starts_after_the_responses_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_module, "MAX_HEAD_SECONDS", 0.05)
    with running(Settings(port=0, magic_delay=timedelta(milliseconds=200))) as mock, connected(mock) as connection:
        connection.sendall(DELAYED + SEARCH)
        response = read_to_end(connection)
    assert response.index(b"HTTP/1.1 200 ") < response.index(b"HTTP/1.1 408 ")


@pytest.mark.ledger("error.malformed-http")
def test_tls_is_named(own_mock: Mock) -> None:
    context = ssl.create_default_context()
    with connected(own_mock) as connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_hostname="localhost")
    request = recorded(own_mock)
    assert (request["method"], request["target"], request["response"]["status"]) == ("TLS", "handshake", 400)
    assert request["note"] == "malformed HTTP: this is TLS; mocksms speaks plain HTTP"


@pytest.mark.parametrize(
    ("first_line", "why"),
    [
        ("PRI * HTTP/2.0", "this is HTTP/2; mocksms speaks HTTP/1.1"),
        ("CONNECT host.example:443 HTTP/1.1", "this is a request to a proxy; mocksms is not a proxy"),
    ],
)
def test_other_protocol_is_named(own_mock: Mock, first_line: str, why: str, caplog: pytest.LogCaptureFixture) -> None:
    with connected(own_mock) as connection:
        connection.sendall(f"{first_line}\r\nHost: host.example\r\n\r\nSM\r\n\r\n".encode())
        assert read_to_end(connection).endswith(why.encode())
    request = recorded(own_mock)
    assert f"{request['method']} {request['target']}" == first_line
    assert request["note"] == f"malformed HTTP: {why}"
    assert caplog.messages == []


def test_log_of_requests_is_the_users_own(own_mock: Mock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "uvicorn.access")
    logging.getLogger("uvicorn.access").info("a server of the application")
    assert requests.get(f"{own_mock.url}/_mock/health", timeout=TIMEOUT).ok
    assert logging.getLogger("uvicorn.access").propagate
    assert caplog.messages == ["a server of the application"]


@pytest.mark.ledger("error.malformed-http")
@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (b"Host: localhost\r\nhost: evil.example\r\n", "The request has 2 Host headers."),
        (
            b"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\nOrigin: null\r\n",
            "The request has 3 Origin headers.",
        ),
    ],
)
@pytest.mark.parametrize("path", [b"/_mock/messages", b"/transactional/sms/search"])
def test_repeated_host_or_origin_is_refused(own_mock: Mock, path: bytes, lines: bytes, why: str) -> None:
    with connected(own_mock) as connection:
        connection.sendall(b"GET %b HTTP/1.1\r\nX-API-Key: a\r\n%b\r\n" % (path, lines))
        response = read_to_end(connection)
    assert response.startswith(b"HTTP/1.1 400 ")
    assert response.endswith(why.encode())
    request = recorded(own_mock)
    assert (request["method"], request["target"]) == ("GET", f"{path.decode()} HTTP/1.1")
    assert request["note"] == f"malformed HTTP: {why}"


def test_malformed_request_is_recorded_by_its_first_line_also_in_several_parts(own_mock: Mock) -> None:
    with connected(own_mock) as connection:
        connection.sendall(SEARCH)
        connection.sendall(b"no header\r\n\r\n")
        assert read_to_end(connection).startswith(b"HTTP/1.1 400 ")
    assert recorded(own_mock)["target"] == "/transactional/sms/search HTTP/1.1"


@pytest.mark.ledger("response.headers")
@pytest.mark.parametrize("path", ["/", "/_mock/health", "/_mock/none", "/transactional/sms/search", "/u/none", "/none"])
def test_no_response_is_sniffed(shared_mock: Mock, path: str) -> None:
    headers = shared_mock.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"


def test_refusal_is_not_sniffed(shared_mock: Mock) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(b"<script>\r\n\r\n")
        assert b"\r\nx-content-type-options: nosniff\r\n" in read_to_end(connection)
