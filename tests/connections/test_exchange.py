from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from itertools import product
from typing import Any, cast

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from mocksms.asgi.connection import COMPLETE_BODY, COMPLETE_RESPONSE
from mocksms.connections.idle import IdleConnections
from mocksms.connections.protocol import Protocol
from mocksms.connections.transport import LateWrites
from tests.support import TIMEOUT

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
MUCH = b"x" * 1_000_000

App = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]


def complete(body: bytes = b"hello") -> dict[str, Any]:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    return {"type": COMPLETE_RESPONSE, "status": 201, "headers": headers, "body": body}


async def respond(scope: Any, _receive: Any, send: Any) -> None:
    assert COMPLETE_RESPONSE in scope["extensions"]
    await send(complete())


def create_protocol(app: App, state: ServerState, writes: LateWrites, *, starts_at_once: bool = False) -> Protocol:
    return Protocol(
        print,
        IdleConnections(),
        writes,
        starts_at_once=starts_at_once,
        config=Config(app, http="httptools", log_config=None),
        server_state=state,
        app_state={},
    )


async def connect(protocol: Protocol) -> socket.socket:
    """Give a protocol a connection, and return the socket of its client."""
    here, there = socket.socketpair()
    await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, here)
    return there


async def serve(
    app: App, talk: Callable[[socket.socket], bytes], starts_at_once: bool = False
) -> tuple[bytes, ServerState]:
    """Serve one connection; return what its client reads, and the state of the server after it."""
    state = ServerState()
    state.default_headers = [(b"x-default", b"yes")]
    there = await connect(create_protocol(app, state, LateWrites(), starts_at_once=starts_at_once))
    there.settimeout(TIMEOUT)
    with there:
        received = await asyncio.to_thread(talk, there)
    async with asyncio.timeout(TIMEOUT):
        while state.connections or state.tasks:
            await asyncio.sleep(0)
    return received, state


def read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size and (part := connection.recv(65_536)):
        received += part
    return received


HEAD = b"HTTP/1.1 201 Created\r\nx-default: yes\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n"


@pytest.mark.parametrize(
    ("request_head", "response"),
    [
        (GET, HEAD + b"\r\nhello"),
        (GET.replace(b"GET", b"HEAD"), HEAD + b"\r\n"),
        (GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), HEAD + b"connection: close\r\n\r\nhello"),
        (GET.replace(b"1.1", b"1.0"), HEAD + b"connection: close\r\n\r\nhello"),
        (GET * 3, (HEAD + b"\r\nhello") * 3),
    ],
    ids=["GET", "HEAD", "close", "HTTP/1.0", "pipeline"],
)
def test_complete_response_is_written_as_two_events_would_be(request_head: bytes, response: bytes) -> None:
    async def respond_twice(_scope: Any, _receive: Any, send: Any) -> None:
        start = {**complete(), "type": "http.response.start"}
        await send(start)
        await send({"type": "http.response.body", "body": start["body"]})

    def talk(connection: socket.socket) -> bytes:
        connection.sendall(request_head)
        return read(connection, len(response))

    for app, starts_at_once in product((respond, respond_twice), (True, False)):
        received, state = asyncio.run(serve(app, talk, starts_at_once))
        assert received == response
        assert state.total_requests == request_head.count(b"HTTP/1")


def test_connection_is_closed_after_a_response_that_says_so() -> None:
    def talk(connection: socket.socket) -> bytes:
        connection.sendall(GET.replace(b"1.1", b"1.0"))
        return read(connection, 10_000)

    assert asyncio.run(serve(respond, talk))[0].endswith(b"\r\n\r\nhello")


def test_complete_response_waits_for_a_slow_reader() -> None:
    async def respond_with_much(_scope: Any, _receive: Any, send: Any) -> None:
        await send(complete(MUCH))

    response = HEAD.replace(b": 5\r", b": %d\r" % len(MUCH)) + b"\r\n" + MUCH

    def talk(connection: socket.socket) -> bytes:
        connection.sendall(GET * 2)
        return read(connection, 2 * len(response))

    assert asyncio.run(serve(respond_with_much, talk))[0] == 2 * response


@pytest.mark.parametrize("count", [1, 3], ids=["one request", "pipeline"])
def test_response_after_the_client_has_disconnected_is_dropped(count: int) -> None:
    async def respond_late(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await send(complete())

    def talk(connection: socket.socket) -> bytes:
        connection.sendall(GET * count)
        return b""

    _, state = asyncio.run(serve(respond_late, talk))
    assert state.total_requests == 0


def test_application_without_a_wait_needs_no_task() -> None:
    tasks: list[asyncio.Task[None] | None] = []

    async def respond_once_it_may(_scope: Any, receive: Any, send: Any) -> None:
        assert not (await receive())["more_body"]
        tasks.append(asyncio.current_task())
        await send(complete())

    def talk(connection: socket.socket) -> bytes:
        connection.sendall(GET)
        first = read(connection, len(HEAD) + 7)
        connection.sendall(GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n"))
        connection.sendall(b"abc")
        return first + read(connection, len(HEAD) + 7)

    received, _ = asyncio.run(serve(respond_once_it_may, talk, starts_at_once=True))
    assert received == (HEAD + b"\r\nhello") * 2
    assert tasks[0] is None


@pytest.mark.parametrize("starts_at_once", [True, False])
def test_application_that_waits_goes_on_in_a_task(starts_at_once: bool) -> None:
    async def respond_late(_scope: Any, _receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0)
        assert await asyncio.to_thread(lambda: "done") == "done"
        fails = loop.create_future()
        loop.call_soon(fails.set_exception, ValueError("wrong"))
        with pytest.raises(ValueError, match="wrong"):
            await fails
        async with asyncio.timeout(TIMEOUT):
            await send(complete())

    def talk(connection: socket.socket) -> bytes:
        connection.sendall(GET)
        return read(connection, len(HEAD) + 7)

    assert asyncio.run(serve(respond_late, talk, starts_at_once))[0] == HEAD + b"\r\nhello"


def test_body_may_end_after_its_response_and_a_header_may_be_repeated() -> None:
    def talk(connection: socket.socket) -> bytes:
        connection.sendall(GET.replace(b"\r\n\r\n", b"\r\nAccept: a\r\nAccept: b\r\nContent-Length: 3\r\n\r\n"))
        first = read(connection, len(HEAD) + 7)
        connection.sendall(b"abc" + GET)
        return first + read(connection, len(HEAD) + 7)

    assert asyncio.run(serve(respond, talk))[0] == (HEAD + b"\r\nhello") * 2


@pytest.mark.parametrize("at_once", [True, False])
def test_body_that_has_arrived_is_in_the_scope_of_a_request_that_starts_at_once(at_once: bool) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend((scope.get(COMPLETE_BODY), (await receive())["body"]))
        await send(complete())

    def talk(connection: socket.socket) -> bytes:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Length: 3\r\n\r\none")
        return read(connection, 1_000)

    received, _ = asyncio.run(serve(app, talk, starts_at_once=at_once))
    assert received.startswith(b"HTTP/1.1 201")
    assert seen == [b"one" if at_once else None, b"one"]


def test_responses_of_one_turn_are_written_together_also_if_the_client_sends_no_more() -> None:
    async def serve_three() -> None:
        writes, state = LateWrites(), ServerState()
        protocols = [create_protocol(respond, state, writes, starts_at_once=True) for _ in range(3)]
        clients = [await connect(protocol) for protocol in protocols]
        for client in clients:
            client.setblocking(False)
        for protocol in protocols:
            protocol.data_received(GET)
        protocols[2].eof_received()
        cast(Any, protocols[2].transport)._transport.close()  # as asyncio does then
        assert [has_response(client) for client in clients] == [True, False, True]
        await asyncio.sleep(0)
        assert has_response(clients[1])
        for client in clients:
            client.close()
        async with asyncio.timeout(TIMEOUT):
            while state.connections:
                await asyncio.sleep(0)

    asyncio.run(serve_three())


def has_response(client: socket.socket) -> bool:
    """Whether a client that does not block has a response to read."""
    try:
        return client.recv(1_000).endswith(b"hello")
    except BlockingIOError:
        return False


def test_response_comes_before_that_to_malformed_bytes_after_its_request() -> None:
    def talk(connection: socket.socket) -> bytes:
        connection.sendall(GET + b"\x00\r\n\r\n")
        return read(connection, 10_000)

    received, _ = asyncio.run(serve(respond, talk, starts_at_once=True))
    assert received.startswith(HEAD + b"\r\nhelloHTTP/1.1 400 ")
