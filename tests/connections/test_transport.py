from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from unittest.mock import Mock

import pytest

from mocksms.asgi.connection import chunk_of
from mocksms.connections.transport import LateWrites, TcpConnection
from tests.support import TIMEOUT


class Writer(asyncio.Protocol):
    """One end of a connection: writes, and waits for its buffer as uvicorn does."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.connection = TcpConnection(transport, LateWrites())
        self.flow = self.connection.flow

    def pause_writing(self) -> None:
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        self.flow.resume_writing()

    def connection_lost(self, _error: Exception | None) -> None:
        self.flow.resume_writing()


@pytest.mark.parametrize("size", [1, 10_000_000], ids=["small", "large"])
@pytest.mark.parametrize("reads", [True, False], ids=["reader", "reader that disconnects"])
def test_flush_returns_after_all_is_written_or_the_reader_disconnects(size: int, reads: bool) -> None:
    async def write() -> int:
        here, there = socket.socketpair()
        there.settimeout(TIMEOUT)
        _, writer = await asyncio.get_running_loop().create_connection(Writer, sock=here)
        writer.connection.write(b"x" * size)
        flush = asyncio.create_task(writer.connection.flush())
        await asyncio.sleep(0)
        assert flush.done() is (size == 1)
        received = 0
        with there:
            if reads:
                received = await asyncio.to_thread(read_exactly, there, size)
        await flush
        assert writer.connection.get_write_buffer_size() == 0
        writer.connection.close()
        return received

    assert asyncio.run(write()) == (size if reads else 0)


def test_chunk_is_written_unless_the_connection_is_closed() -> None:
    async def write() -> bytes:
        here, there = socket.socketpair()
        there.settimeout(TIMEOUT)
        _, writer = await asyncio.get_running_loop().create_connection(Writer, sock=here)
        assert writer.connection.try_write_chunk(chunk_of(b"x" * 20))
        await writer.connection.write_chunk(chunk_of(b"y"))
        writer.connection.close()
        assert writer.connection.try_write_chunk(chunk_of(b"late"))
        await writer.connection.write_chunk(chunk_of(b"later"))
        with there:
            return await asyncio.to_thread(there.recv, 100)

    assert asyncio.run(write()) == b"14\r\n" + b"x" * 20 + b"\r\n1\r\ny\r\n"


def test_first_response_of_a_turn_is_written_at_once_and_others_at_its_end() -> None:
    async def write() -> None:
        writes, loop = LateWrites(), asyncio.get_running_loop()
        for _ in range(2):
            pairs = [socket.socketpair() for _ in range(3)]
            connections = []
            for here, there in pairs:
                there.setblocking(False)
                transport, _ = await loop.create_connection(asyncio.Protocol, sock=here)
                connections.append(TcpConnection(transport, writes))
            for connection in connections:
                connection.write_soon(b"a")
                connection.write_soon(b"b")
            readers = [there for _, there in pairs]
            assert [received_by(each) for each in readers] == [b"a", b"", b""]
            await asyncio.sleep(0)
            assert [received_by(each) for each in readers] == [b"b", b"ab", b"ab"]
            for connection, reader in zip(connections, readers, strict=True):
                connection.close()
                reader.close()

    asyncio.run(write())


class CalledTransport(asyncio.Transport):
    """Keeps the names of the methods that are called, and what is written."""

    def __init__(self) -> None:
        super().__init__({"socket": Mock()})
        self.calls: list[str] = []
        self.is_closed = False

    def is_closing(self) -> bool:
        return self.is_closed

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append(bytes(data).decode())

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")

    def get_write_buffer_size(self) -> int:
        self.calls.append("size")
        return 0


@pytest.mark.parametrize(
    ("act", "calls"),
    [
        (lambda connection: connection.write(b"next"), ["next"]),
        (lambda connection: connection.close(), ["close"]),
        (lambda connection: connection.reset(), ["abort"]),
        (lambda connection: connection.finish(b"end"), ["3\r\nend\r\n0\r\n\r\n", "close"]),
        (lambda connection: connection.get_write_buffer_size(), ["size"]),
    ],
    ids=["write", "close", "reset", "finish", "size"],
)
def test_late_write_comes_before_what_follows_it(act: Callable[[TcpConnection], object], calls: list[str]) -> None:
    async def write() -> None:
        transport, other = CalledTransport(), CalledTransport()
        writes = LateWrites()
        TcpConnection(other, writes).write_soon(b"first")
        connection = TcpConnection(transport, writes)
        connection.write_soon(b"late")
        act(connection)
        assert transport.calls == ["late", *calls]
        await asyncio.sleep(0)
        assert transport.calls == ["late", *calls]

    asyncio.run(write())


def test_closing_connection_writes_at_once() -> None:
    async def write() -> None:
        transport, writes = CalledTransport(), LateWrites()
        TcpConnection(CalledTransport(), writes).write_soon(b"first")
        transport.is_closed = True
        TcpConnection(transport, writes).write_soon(b"next")
        assert transport.calls == ["next"]

    asyncio.run(write())


def test_lost_connection_writes_nothing() -> None:
    async def write() -> None:
        transport, writes = CalledTransport(), LateWrites()
        TcpConnection(CalledTransport(), writes).write_soon(b"first")
        connection = TcpConnection(transport, writes)
        connection.write_soon(b"late")
        transport.is_closed = True
        connection.shut_down()
        connection.write(b"next")
        connection.write_soon(b"soon")
        await asyncio.sleep(0)
        assert transport.calls == []

    asyncio.run(write())


def test_error_of_one_connection_loses_no_response_of_another() -> None:
    class Failing(CalledTransport):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            raise ValueError(bytes(data).decode())

    async def write() -> None:
        errors: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(str(context["exception"])))
        writes, others = LateWrites(), [CalledTransport() for _ in range(3)]
        for transport in (CalledTransport(), others[0], Failing(), *others[1:]):
            TcpConnection(transport, writes).write_soon(b"a")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert errors == ["a"]
        assert [each.calls for each in others] == [["a"]] * 3

    asyncio.run(write())


def received_by(connection: socket.socket) -> bytes:
    """Return what has arrived."""
    try:
        return connection.recv(100)
    except BlockingIOError:
        return b""


def read_exactly(connection: socket.socket, size: int) -> int:
    received = 0
    while received < size:
        received += len(connection.recv(1_000_000))
    return received
