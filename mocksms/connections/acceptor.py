"""Acceptor: accepts connections, also when file descriptors run out."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from mocksms.connections.idle import IdleConnections

with suppress(ImportError):  # on Windows
    import resource

RESERVED_DESCRIPTORS: Final = 16
"""File descriptors that connections leave free, for files and callbacks."""

MAX_BATCH: Final = 64
"""Connections that are accepted before other events are handled."""

RETRY_SECONDS: Final = 0.1
"""Seconds until file descriptors are counted again where no connection is idle."""

WARNING_SECONDS: Final = 60.0
"""Minimum of seconds between two warnings."""

_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

log = logging.getLogger("mocksms")


class Acceptor:
    """Accepts the connections of a listening socket; the longest idle one is closed when file descriptors run out.

    The server of asyncio closes none then, and logs thousands of tracebacks.
    """

    def __init__(
        self, listening: socket.socket, create_protocol: Callable[[], asyncio.Protocol], idle: IdleConnections
    ) -> None:
        listening.setblocking(False)
        self._listening = listening
        self._create_protocol = create_protocol
        self._idle = idle
        self._loop = asyncio.get_running_loop()
        self._warned_at = -WARNING_SECONDS
        self._opening = set[asyncio.Task[None]]()
        self._task = self._loop.create_task(self._accept_all())

    async def stop(self) -> None:
        """Accept no more connections, and wait until those that were accepted have their protocol."""
        self._task.cancel()
        await asyncio.wait([self._task, *self._opening])

    async def _accept_all(self) -> None:
        while True:
            for _ in range(MAX_BATCH):
                connection = await self._accept()
                if connection is not None:
                    task = self._loop.create_task(self._open(connection))
                    self._opening.add(task)
                    task.add_done_callback(self._opening.discard)
            await asyncio.sleep(0)

    async def _accept(self) -> socket.socket | None:
        """Return the next connection, or None if it could not be accepted."""
        try:
            connection = await self._next()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                await self._free_descriptor()
            else:
                await asyncio.sleep(0)  # the client has closed the connection already
            return None
        try:
            while connection.fileno() >= max_descriptors() - RESERVED_DESCRIPTORS and self._is_short():
                await self._free_descriptor()
        except asyncio.CancelledError:
            connection.close()
            raise
        return connection

    async def _next(self) -> socket.socket:
        """Return the next connection. A cancelled `sock_accept` can lose one that is accepted already."""
        if sys.platform == "win32":  # pragma: no cover - its event loop has no add_reader
            return (await self._loop.sock_accept(self._listening))[0]
        while True:
            try:
                connection, _ = self._listening.accept()
            except BlockingIOError:
                await self._client()
            else:
                connection.setblocking(False)
                return connection

    async def _client(self) -> None:
        """Wait until a client connects."""
        connects = asyncio.Event()
        self._loop.add_reader(self._listening, connects.set)
        try:
            await connects.wait()
        finally:
            self._loop.remove_reader(self._listening)

    def _is_short(self) -> bool:
        """Whether only the reserved file descriptors are left: the system assigns the lowest number that is free."""
        try:
            lowest = os.dup(self._listening.fileno())
        except OSError:
            return True
        os.close(lowest)
        return lowest >= max_descriptors() - RESERVED_DESCRIPTORS

    async def _free_descriptor(self) -> None:
        """Close the longest idle connection; if there is none, wait until others end."""
        now = self._loop.time()
        if now >= self._warned_at + WARNING_SECONDS:
            self._warned_at = now
            log.warning(
                "Out of file descriptors (the limit is %s): the longest idle connections are closed. "
                "If none is idle, new connections wait. ulimit -n raises the limit.",
                max_descriptors(),
            )
        await asyncio.sleep(0 if self._idle.close_longest() else RETRY_SECONDS)

    async def _open(self, connection: socket.socket) -> None:
        # An error means that the client has closed the connection.
        with suppress(OSError):
            await self._loop.connect_accepted_socket(self._create_protocol, connection)


def max_descriptors() -> int:
    """Return how many file descriptors this process may have, a large number if there is no limit."""
    if sys.platform == "win32":
        return sys.maxsize
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
