from __future__ import annotations

import asyncio
import socket

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from mocksms.asgi.connection import chunk_of
from mocksms.connections.transport import TcpConnection
from tests.support import TIMEOUT


class Writer(asyncio.Protocol):
    """One end of a connection: writes, and waits for its buffer as uvicorn does."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.connection = TcpConnection(transport)
        self.flow = FlowControl(transport)
        self.connection.drain = self.flow.drain

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
        await writer.connection.write_chunk(chunk_of(b"x" * 20))
        writer.connection.close()
        await writer.connection.write_chunk(chunk_of(b"late"))
        with there:
            return await asyncio.to_thread(there.recv, 100)

    assert asyncio.run(write()) == b"14\r\n" + b"x" * 20 + b"\r\n"


def read_exactly(connection: socket.socket, size: int) -> int:
    received = 0
    while received < size:
        received += len(connection.recv(1_000_000))
    return received
