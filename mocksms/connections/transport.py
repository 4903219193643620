"""TCP connections that can be reset, and that end even if another process has a copy of the socket."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress
from typing import Any, Final

from mocksms.asgi.connection import chunk_of
from mocksms.connections.uvicorn_parts import FlowControl

LINGER_SECONDS: Final = 30.0
"""Seconds for a slow reader to receive the end of a stream."""

_RESET_ON_CLOSE: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class LateWrites:
    """Writes the first response of a turn of the event loop at once, and the others together at the end of the turn.

    A write wakes a client that waits, which can take longer than the rest of the write. A client with many connections
    is awake when the later responses come, and a client with one connection does not wait. The end of a turn is the
    start of the next one, before anything is read in it.
    """

    def __init__(self) -> None:
        self._is_scheduled = False
        self._connections: list[TcpConnection] = []

    def add(self, connection: TcpConnection) -> None:
        """Let a connection write: the first one of a turn now, others at the end of the turn."""
        if self._is_scheduled:
            self._connections.append(connection)
        else:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._write)
            connection.write_late()

    def _write(self) -> None:
        self._is_scheduled = False
        connections = iter(self._connections)
        self._connections = []
        try:
            for connection in connections:
                connection.write_late()
        finally:  # An error of one connection, which the loop logs, is none of those after it.
            for connection in connections:
                self.add(connection)


class TcpConnection:
    """A transport that can be reset, and whose writes can wait for the end of a turn of the event loop.

    What it has not itself is that of the transport, and must not write or close. Once the connection is lost, nothing
    is written.
    """

    def __init__(self, transport: asyncio.Transport, writes: LateWrites) -> None:
        self._transport = transport
        self._is_reset = False
        self._is_lost = False
        self._late = b""
        self._writes = writes
        self.is_closing = transport.is_closing
        self.flow = FlowControl(transport)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write_soon(self, data: bytes) -> None:
        """Write at the end of this turn of the event loop at the latest, see `LateWrites`."""
        if self.is_closing():
            self.write(data)  # The connection may be lost before the end of the turn.
        else:
            self._late += data
            self._writes.add(self)

    def write_late(self) -> None:
        """Write now what was to be written soon."""
        if self._late:
            late, self._late = self._late, b""
            self._transport.write(late)

    def write(self, data: bytes) -> None:
        """Write, after what was to be written soon."""
        self.write_late()
        if not self._is_lost:
            self._transport.write(data)

    def close(self) -> None:
        """Close it after what was written is sent."""
        self.write_late()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the operating system has not taken yet."""
        self.write_late()
        return self._transport.get_write_buffer_size()

    async def flush(self) -> None:
        """Wait until the operating system has taken all writes, or the connection is closed."""
        if self.get_write_buffer_size():
            # A limit of zero pauses the flow until the buffer is empty, which is what drain() waits for.
            self._transport.set_write_buffer_limits(0)
            await self.flow.drain()
            self._transport.set_write_buffer_limits()

    def try_write_chunk(self, chunk: bytes) -> bool:
        """Do as `write_chunk` if the client has read enough already; return whether it has."""
        if self.flow.write_paused:
            return False
        if not self.is_closing():
            self.write(chunk)
        return True

    async def write_chunk(self, chunk: bytes) -> None:
        """Write a chunk of a body, once the client has read enough of what was written before."""
        await self.flow.drain()
        if not self.is_closing():
            self.write(chunk)

    def finish(self, last: bytes) -> None:
        """End a chunked body and close the connection; abort it if the reader is too slow."""
        self.write(chunk_of(last) + b"0\r\n\r\n")
        self.close()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)

    def reset(self) -> None:
        """Abort the connection with a TCP reset."""
        self.write_late()
        self._is_reset = True
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    def shut_down(self) -> None:
        """End the connection, which is lost, just before its socket is closed.

        Otherwise a process with a copy of the socket would keep it open.
        """
        self._is_lost, self._late = True, b""
        if not self._is_reset:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def fileno(self) -> int:
        """Return the file descriptor of the socket, -1 once it is closed."""
        return int(self._socket.fileno())

    @property
    def _socket(self) -> Any:
        return self._transport.get_extra_info("socket")
