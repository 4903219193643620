"""Acceptor: accepts connections, also when file descriptors run out."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from mocksms.connections.idle import IdleConnections

with suppress(ImportError):  # on Windows
    import resource

RESERVED_DESCRIPTORS: Final = 16
"""File descriptors that connections leave free while some are idle: files and callbacks need them."""

MAX_BATCH: Final = 64
"""Connections that are accepted before other events are handled."""

RETRY_SECONDS: Final = 0.1
"""Seconds until the next attempt to accept where no connection is idle."""

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
        """Accept no more connections."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

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
            connection, _ = await self._loop.sock_accept(self._listening)
        except OSError as error:
            # Any other error is one of that connection alone, which has ended already.
            is_exhausted = error.errno in _EXHAUSTED
            await asyncio.sleep(RETRY_SECONDS if is_exhausted and not self._close_longest() else 0)
            return None
        if connection.fileno() >= max_descriptors() - RESERVED_DESCRIPTORS:
            self._close_longest()
        return connection

    def _close_longest(self) -> bool:
        """Close the longest idle connection; return False if there is none."""
        is_closing = self._idle.close_longest()
        now = self._loop.time()
        if now >= self._warned_at + WARNING_SECONDS:
            self._warned_at = now
            log.warning(
                "Out of file descriptors (the limit is %s): the longest idle connections are closed. "
                "If none is idle, new connections wait. ulimit -n raises the limit.",
                max_descriptors(),
            )
        return is_closing

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
