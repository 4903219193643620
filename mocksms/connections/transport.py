"""TCP connections that can be reset, and that end even if another process has a copy of the socket."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from mocksms.asgi.connection import chunk_of

LINGER_SECONDS: Final = 30.0
"""Seconds for a slow reader to receive the end of a stream."""

_RESET_ON_CLOSE: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class TcpConnection:
    """A transport that can be reset."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._is_reset = False
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, transport.close
        self.drain: Callable[[], Awaitable[None]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    async def flush(self) -> None:
        """Wait until the operating system has taken all writes, or the connection is closed."""
        if self._transport.get_write_buffer_size():
            # A limit of zero pauses the flow until the buffer is empty, which is what drain() waits for.
            self._transport.set_write_buffer_limits(0)
            await self.drain()
            self._transport.set_write_buffer_limits()

    async def write_chunk(self, chunk: bytes) -> None:
        """Write a chunk of a body, once the client has read enough of what was written before."""
        await self.drain()
        if not self.is_closing():
            self.write(chunk)

    def finish(self, last: bytes) -> None:
        """End a chunked body and close the connection; abort it if the reader is too slow."""
        self._transport.write(chunk_of(last) + b"0\r\n\r\n")
        self._transport.close()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)

    def reset(self) -> None:
        """Abort the connection with a TCP reset."""
        self._is_reset = True
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    def shut_down(self) -> None:
        """End the connection just before its socket is closed.

        Otherwise a process with a copy of the socket would keep it open.
        """
        if not self._is_reset:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def fileno(self) -> int:
        """Return the file descriptor of the socket, -1 once it is closed."""
        return int(self._socket.fileno())

    @property
    def _socket(self) -> Any:
        return self._transport.get_extra_info("socket")
