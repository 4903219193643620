from __future__ import annotations

import asyncio
import gc
import http.client
import json
import os
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
import requests

from mocksms import server as servers
from mocksms.connections.listener import base_url, bind
from mocksms.connections.protocol import Protocol
from mocksms.engine.engine import Engine
from mocksms.server import Server, freeze_survivors
from mocksms.settings import Settings
from mocksms.sms.message import Message, Recipient, Submission
from tests.support import KEY, NUMBER, TIMEOUT, Mock, body, running

SEND = "/transactional/sms/send"
HALF_AN_HOUR = timedelta(minutes=30)


@contextmanager
def connected(mock: Mock) -> Iterator[socket.socket]:
    with socket.create_connection((mock.host, mock.port), TIMEOUT) as connection:
        yield connection


def raw_send(key: str, *to: str, headers: str = "") -> bytes:
    content = json.dumps(body(*to)).encode()
    head = f"POST {SEND} HTTP/1.1\r\nHost: mock\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def read_to_end(connection: socket.socket) -> bytes:
    """Return all bytes until the server closes the connection; a reset raises."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def http_client(mock: Mock) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(mock.host, mock.port, timeout=TIMEOUT)) as client:
        yield client


def post_send(client: http.client.HTTPConnection, key: str, *to: str) -> http.client.HTTPResponse:
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    client.request("POST", SEND, json.dumps(body(*to)), headers)
    return client.getresponse()


@pytest.mark.parametrize(("number", "stored"), [("972-50-0007100", 1), ("972-50-0007200", 0)], ids=["71", "72"])
def test_reset_is_a_tcp_reset(shared_mock: Mock, number: str, stored: int) -> None:
    key = f"reset {number}"
    with connected(shared_mock) as connection:
        connection.sendall(raw_send(key, number))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert len(shared_mock.search(key=key)) == stored


def test_reset_before_accepting_stores_no_message_of_the_send(shared_mock: Mock) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(raw_send("reset for all", NUMBER, "972-50-0007200", NUMBER))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert shared_mock.search(key="reset for all") == []


def test_reset_on_a_reused_connection(shared_mock: Mock) -> None:
    with http_client(shared_mock) as client:
        assert post_send(client, "reused then reset").read()
        with pytest.raises(ConnectionResetError):
            post_send(client, "reused then reset", "972-50-0007100")
    assert len(shared_mock.search(key="reused then reset")) == 2


def test_reset_is_a_connection_error_in_requests(shared_mock: Mock) -> None:
    with pytest.raises(requests.ConnectionError):
        shared_mock.send("972-50-0007100", key="library reset")
    assert len(shared_mock.search(key="library reset")) == 1


def test_truncated_response_is_shorter_than_its_content_length_and_ends_the_connection(shared_mock: Mock) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(raw_send("truncated", "972-50-0007300"))
        head, _, content = read_to_end(connection).partition(b"\r\n\r\n")
    (length,) = (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    assert head.startswith(b"HTTP/1.1 200 ")
    assert 0 < len(content) < length
    assert len(shared_mock.search(key="truncated")) == 1


def test_truncated_response_is_an_incomplete_read_in_http_client(shared_mock: Mock) -> None:
    with http_client(shared_mock) as client, pytest.raises(http.client.IncompleteRead):
        post_send(client, "incomplete", "972-50-0007300").read()


def test_malformed_response_is_complete_but_no_json(shared_mock: Mock) -> None:
    with http_client(shared_mock) as client:
        response = post_send(client, "malformed", "972-50-0007400")
        content = response.read()
        assert response.status == 200
        assert int(response.headers["content-length"]) == len(content)
        with pytest.raises(json.JSONDecodeError):
            json.loads(content)
        assert post_send(client, "malformed").status == 200
    assert len(shared_mock.search(key="malformed")) == 2


@pytest.mark.parametrize("number", ["972-50-0007000", "972-50-0007500"], ids=["delayed", "dribbled"])
def test_slow_response_is_complete_and_keeps_the_connection(shared_mock: Mock, number: str) -> None:
    key = f"slow {number}"
    with http_client(shared_mock) as client:
        rows = json.loads(post_send(client, key, number).read())
        assert rows[0]["status"] == "sent"
        assert json.loads(post_send(client, key).read())[0]["status"] == "sent"
    assert len(shared_mock.search(key=key)) == 2


def test_dribbled_response_arrives_in_pieces(shared_mock: Mock) -> None:
    pieces: list[bytes] = []
    with connected(shared_mock) as connection:
        connection.sendall(raw_send("dribbled", "972-50-0007500", headers="Connection: close\r\n"))
        pieces.extend(iter(lambda: connection.recv(65536), b""))
    head, _, content = b"".join(pieces).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(content)[0]["status"] == "sent"
    assert len(pieces) > 10


def test_delay_affects_only_its_own_response() -> None:
    with running(Settings(port=0, magic_delay=HALF_AN_HOUR)) as mock, connected(mock) as delayed:
        delayed.sendall(raw_send("delayed", "972-50-0007000"))
        with http_client(mock) as client:
            assert post_send(client, "others").status == 200


def test_connection_is_kept_after_responses(shared_mock: Mock) -> None:
    with http_client(shared_mock) as client:
        client.connect()
        ours = client.sock.getsockname()
        for _ in range(20):
            assert json.loads(post_send(client, "reused").read())[0]["status"] == "sent"
        assert client.sock.getsockname() == ours
    assert len(shared_mock.search(key="reused")) == 20


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", SEND, 405), ("GET", "/_mock/health", 200), ("GET", "/_mock/nothing", 404)],
)
def test_connection_is_kept_after_refusals(shared_mock: Mock, method: str, path: str, status: int) -> None:
    with http_client(shared_mock) as client:
        client.connect()
        ours = client.sock.getsockname()
        for _ in range(2):
            client.request(method, path, headers={"X-API-Key": KEY})
            response = client.getresponse()
            assert response.status == status
            response.read()
        assert client.sock.getsockname() == ours


def test_connection_is_closed_on_request(shared_mock: Mock) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(raw_send("close", headers="Connection: close\r\n"))
        assert b"connection: close" in read_to_end(connection)


def test_responses_to_pipelined_requests_keep_their_order(shared_mock: Mock) -> None:
    last = raw_send("pipelined", "972-50-0002100", headers="Connection: close\r\n")
    with connected(shared_mock) as connection:
        connection.sendall(
            raw_send("pipelined", "972-50-0007000") + raw_send("pipelined", "972-50-0002000") * 20 + last
        )
        responses = read_to_end(connection)
    assert responses.count(b"HTTP/1.1 200 OK") == 22
    assert responses.index(b"972-50-0007000") < responses.index(b"972-50-0002000")
    assert responses.rindex(b"972-50-0002000") < responses.index(b"972-50-0002100")
    assert len(shared_mock.search(key="pipelined")) == 22


def test_large_pipelined_requests_are_not_refused_as_long_headers(shared_mock: Mock) -> None:
    to = [NUMBER] * 3000
    requests_ = raw_send("large pipelined", *to) * 2 + raw_send("large pipelined", *to, headers="Connection: close\r\n")
    with connected(shared_mock) as connection:
        writer = threading.Thread(target=connection.sendall, args=(requests_,))
        writer.start()
        responses = read_to_end(connection)
        writer.join(TIMEOUT)
    assert responses.count(b"HTTP/1.1 200 OK") == 3
    assert responses.count(b"transaction_id") == 9000


def test_request_may_arrive_byte_by_byte(shared_mock: Mock) -> None:
    with connected(shared_mock) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in raw_send("byte by byte", headers="Connection: close\r\n"):
            connection.sendall(bytes([byte]))
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 OK")


def test_client_that_expects_100_continue_gets_it(shared_mock: Mock) -> None:
    whole = raw_send("continue", headers="Expect: 100-continue\r\nConnection: close\r\n")
    head, _, content = whole.partition(b"\r\n\r\n")
    with connected(shared_mock) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(content)
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 OK")


def test_client_that_offers_http_2_gets_a_response_in_http_1(shared_mock: Mock) -> None:
    """As Java's HttpClient does by default."""
    offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    with connected(shared_mock) as connection:
        for _ in range(2):
            connection.sendall(raw_send("upgrade", headers=offer))
            response = b""
            while not response.endswith(b"]"):
                response += connection.recv(65536)
            assert response.startswith(b"HTTP/1.1 200 OK")
    assert len(shared_mock.search(key="upgrade")) == 2


def test_client_that_requests_a_websocket_gets_a_response_in_http(shared_mock: Mock) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(
            b"GET /_mock/health HTTP/1.1\r\nHost: mock\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_offer_of_another_protocol_may_arrive_in_two_parts(shared_mock: Mock) -> None:
    with connected(shared_mock) as connection:
        connection.sendall(b"GET /_mock/health HTTP/1.1\r\nHost: mock\r\nConnection: Upgrade\r\nUp")
        shared_mock.get("/_mock/health")  # after the part that came before it
        connection.sendall(b"grade: websocket\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_server_does_not_name_itself(shared_mock: Mock) -> None:
    assert "server" not in shared_mock.get("/_mock/health").headers


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_accepted_connections_send_small_packets_at_once(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """With Nagle's algorithm each response takes 40 ms."""
    options: list[int] = []
    begin: Callable[[Protocol], None] = Protocol.on_message_begin

    def record(self: Protocol) -> None:
        accepted = self.transport.get_extra_info("socket")
        options.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        begin(self)

    monkeypatch.setattr(Protocol, "on_message_begin", record)
    with running(Settings(port=0, host=host)) as mock:
        requests.get(mock.url + "/_mock/health", timeout=TIMEOUT)
    assert len(options) == 1
    assert options[0] != 0


def test_bind_accepts_a_port_that_was_in_use_just_before() -> None:
    with running() as mock, http_client(mock) as client:
        assert post_send(client, "before").status == 200
        port = mock.port
    with running(Settings(port=port)) as mock:
        assert mock.send(key="after")


@pytest.mark.parametrize("host", ["0.0.0.0", "::1", "localhost"])
def test_server_is_reached_at_its_base_url(host: str) -> None:
    with running(Settings(host=host, port=0)) as mock:
        assert requests.get(mock.url + "/_mock/health", timeout=TIMEOUT).json()["status"] == "ready"


def visited_messages() -> int:
    """Return how many messages the garbage collector visits."""
    return sum(type(each) is Message for each in gc.get_objects())


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="only CPython can freeze objects")
def test_stored_messages_are_frozen_for_the_garbage_collector() -> None:
    engine = Engine(Settings())
    gc.disable()  # no collection but those of the test
    gc.freeze()  # no objects but those of the test
    gc.callbacks.append(freeze_survivors)
    try:
        engine.submit(engine.account(KEY), Submission("Hello"), [Recipient(NUMBER)] * 9)
        gc.collect(0)
        assert visited_messages() == 9
        gc.collect(1)
        assert visited_messages() == 0
    finally:
        gc.callbacks.remove(freeze_survivors)
        gc.enable()
        gc.unfreeze()


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="only CPython counts references")
def test_closed_connection_is_freed_without_a_collection() -> None:
    """One that a freeze caught would stay for ever."""
    freed = [threading.Event() for _ in range(3)]
    with running() as mock:
        gc.disable()
        try:
            with connected(mock) as connection:
                connection.sendall(raw_send(KEY, NUMBER))
                assert connection.recv(1)
                protocols = [each for each in gc.get_objects() if type(each) is Protocol]
                protocol = next(each for each in protocols if each.server == (mock.host, mock.port))
                for part, event in zip((protocol, protocol.transport, protocol.flow), freed, strict=True):
                    weakref.finalize(part, event.set)
                del protocols, protocol, part
            assert all(event.wait(TIMEOUT) for event in freed)
        finally:
            gc.enable()


def test_stopping_ends_idle_connections() -> None:
    with ExitStack() as stack:
        with running() as mock:
            client = stack.enter_context(http_client(mock))
            assert post_send(client, "idle").read()
        assert client.sock.recv(1) == b""


@pytest.mark.parametrize("number", ["972-50-0007000", "972-50-0007500"], ids=["delayed", "dribbled"])
def test_stopping_completes_delayed_responses(number: str) -> None:
    accepted = threading.Event()
    with ExitStack() as stack:
        with running(Settings(port=0, magic_delay=HALF_AN_HOUR)) as mock:
            mock.engine.listeners.append(lambda _, __: accepted.set())
            delayed = stack.enter_context(connected(mock))
            delayed.sendall(raw_send("delayed", number))
            assert accepted.wait(TIMEOUT)
        head, _, content = read_to_end(delayed).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert json.loads(content)[0]["status"] == "sent"


def test_stopping_ends_a_request_with_an_incomplete_body(capsys: pytest.CaptureFixture[str]) -> None:
    whole = raw_send("half", headers="Expect: 100-continue\r\n")
    with ExitStack() as stack:
        with running() as mock:
            sending = stack.enter_context(connected(mock))
            sending.sendall(whole[: whole.index(b"\r\n\r\n") + 5])
            assert sending.recv(65536).startswith(b"HTTP/1.1 100 Continue")
        with suppress(ConnectionResetError):
            assert b" 500 " not in read_to_end(sending)
    assert "Traceback" not in capsys.readouterr().err


def test_stopping_refuses_new_connections() -> None:
    with running() as mock:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((mock.host, mock.port), TIMEOUT)


def in_thread(server: Server, listener: socket.socket) -> threading.Thread:
    """Serve in a thread until the server is stopped."""
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    return thread


def test_stopping_does_not_wait_for_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "TICK_SECONDS", HALF_AN_HOUR.total_seconds())
    server, listener = Server(Engine(Settings())), bind(Settings(port=0))
    serving = in_thread(server, listener)
    requests.get(f"{base_url(listener)}/_mock/health", timeout=TIMEOUT)
    server.stop()
    serving.join(TIMEOUT)
    assert not serving.is_alive()
    server.stop()  # has stopped already


def test_stopping_before_the_start_serves_nothing() -> None:
    server, listener = Server(Engine(Settings())), bind(Settings(port=0))
    server.stop()
    in_thread(server, listener).join(TIMEOUT)
    assert listener.fileno() == -1


def test_stopping_cancels_requests_that_do_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "GRACE_SECONDS", 0.01)

    async def story() -> None:
        server = Server(Engine(Settings()))
        endless = asyncio.create_task(asyncio.sleep(HALF_AN_HOUR.total_seconds()))
        server.server_state.tasks.add(endless)
        server.stop()
        await server.serve([bind(Settings(port=0))])
        with pytest.raises(asyncio.CancelledError):
            await endless

    asyncio.run(story())


def test_copies_of_connections_are_closed_without_ending_them() -> None:
    """What a forked child does, done here; tests/testing/test_server.py has real children."""
    here, there = socket.socketpair()
    with here, there, socket.socket(fileno=os.dup(here.fileno())) as original, bind(Settings(port=0)) as listener:
        server = Server(Engine(Settings()))
        connection: Any = type("Connection", (), {"transport": here})
        server.server_state.connections.add(connection)
        server.close_copies()
        with pytest.raises(OSError, match="Socket operation on non-socket"):
            here.send(b"x")
        original.sendall(b"x")
        assert there.recv(1) == b"x"
        listener.close_copies()
        assert listener.fileno() == -1


def test_links_begin_with_the_public_url() -> None:
    with running(Settings(port=0, public_url="http://192.0.2.7")) as mock:
        assert mock.engine.text_policy.link_base == "http://192.0.2.7"


def test_body_with_an_upgrade_line_is_unchanged(shared_mock: Mock) -> None:
    with connected(shared_mock) as connection:
        data = json.dumps(body(content="one\r\nUpgrade: two")).encode()
        head = f"POST {SEND} HTTP/1.1\r\nHost: mock\r\nX-API-Key: upgrade-line\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert shared_mock.search(key="upgrade-line")[0]["content"] == "one\r\nUpgrade: two"
