"""The server: runs uvicorn, and stops within a second."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Final, cast

import uvicorn

from mocksms.app import CreateApp, create_app
from mocksms.connections import forks
from mocksms.connections.acceptor import Acceptor
from mocksms.connections.idle import IdleConnections
from mocksms.connections.protocol import MAX_IDLE_SECONDS, Protocol, RecordMalformed
from mocksms.connections.transport import LateWrites, TcpConnection
from mocksms.connections.uvicorn_parts import check_uvicorn
from mocksms.engine.engine import Engine
from mocksms.scenario.library import StartScenarios

if TYPE_CHECKING:
    from mocksms.state.state_saver import StateSaver

GRACE_SECONDS: Final = 0.25
"""Seconds for open requests to end when the server stops."""

TICK_SECONDS: Final = 0.1
"""Seconds between two ticks of uvicorn, which sets the Date header in every tenth."""

POLL_SECONDS: Final = 0.005
"""Seconds between two looks whether all requests have ended."""


class BaseServer(uvicorn.Server):
    """Serves an application until it is stopped.

    It stops as soon as its connections are closed. uvicorn waits 0.1 to 0.3 s longer, which adds up where each test
    starts a mock of its own.

    Args:
        create: returns the application.
        record_malformed: records a request that is not HTTP.
        owns_process: whether it may configure logging, which it must not inside the process of another program.
        starts_at_once: whether the application needs no task before it waits for the first time.
    """

    def __init__(
        self,
        create: CreateApp,
        record_malformed: RecordMalformed,
        *,
        owns_process: bool = True,
        starts_at_once: bool = False,
    ) -> None:
        self._record_malformed = record_malformed
        self._starts_at_once = starts_at_once
        self._stopping = asyncio.Event()
        self._idle = IdleConnections()
        self._writes = LateWrites()
        self._acceptors: list[Acceptor] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_called = asyncio.Event()
        config = uvicorn.Config(
            create(self._stopping),
            http="httptools",
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            log_level="warning" if owns_process else None,
            server_header=False,
            proxy_headers=False,
            headers=[("x-content-type-options", "nosniff")],
            timeout_keep_alive=MAX_IDLE_SECONDS,
        )
        super().__init__(config)
        check_uvicorn(self)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept connections."""
        await super().startup([])
        self._acceptors = [Acceptor(each, self._create_protocol, self._idle) for each in sockets or []]
        forks.close_in_children(self)

    def stop(self) -> None:
        """Stop the server. May be called from another thread or a signal handler."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # closed: the server has stopped
                self._loop.call_soon_threadsafe(self._stop_called.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at a signal."""
        super().handle_exit(sig, frame)
        self.stop()

    async def main_loop(self) -> None:
        """Serve until the server must stop."""
        self._loop = asyncio.get_running_loop()
        ticks = itertools.count()
        while not await self.on_tick(next(ticks)):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._stop_called.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: send delayed responses at once, then close the connections."""
        for acceptor in self._acceptors:
            await acceptor.stop()
        for listener in sockets or []:
            listener.close()
        self._stopping.set()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                while state.connections or state.tasks:
                    await asyncio.sleep(POLL_SECONDS)
        for task in state.tasks:
            task.cancel()
        await self.lifespan.shutdown()

    def close_copies(self) -> None:
        """Close the connections in a forked child.

        The null device replaces their sockets: asyncio would close the same descriptors again, which may by then
        belong to other files.
        """
        with suppress(OSError), open(os.devnull, "rb") as null:
            for connection in self.server_state.connections:
                os.dup2(null.fileno(), cast("TcpConnection", connection.transport).fileno(), inheritable=False)

    def _create_protocol(self) -> Protocol:
        return Protocol(
            self._record_malformed,
            self._idle,
            self._writes,
            starts_at_once=self._starts_at_once,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )


class Server(BaseServer):
    """Serves one mock until it is stopped.

    Args:
        engine: the mock.
        scenarios: the scenarios of the options.
        saver: saves the state, if the mock has a state file.
        owns_process: whether it may configure logging, which it must not inside the process of another program.
    """

    def __init__(
        self,
        engine: Engine,
        scenarios: StartScenarios | None = None,
        saver: StateSaver | None = None,
        *,
        owns_process: bool = True,
    ) -> None:
        super().__init__(
            lambda stopping: create_app(engine, stopping, scenarios, saver),
            engine.record_malformed_request,
            owns_process=owns_process,
            starts_at_once=True,
        )


def freeze_survivors(phase: str, info: Mapping[str, int]) -> None:
    """Hide objects from the garbage collector that outlived two of its collections: a callback of `gc`.

    Most are stored messages and requests. They hold no cycles, but the collector would visit all of them again and
    again and delay responses.
    """
    if phase == "stop" and info["generation"]:
        gc.freeze()


def serve(
    engine: Engine,
    listener: socket.socket,
    ready: Callable[[], object],
    scenarios: StartScenarios | None = None,
    saver: StateSaver | None = None,
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Args:
        engine: the mock.
        listener: its bound socket.
        ready: called once, when the mock accepts requests and handles signals.
        scenarios: the scenarios of the options, reloaded when their files change.
        saver: saves the state, if the mock has a state file.
    """
    gc.freeze()
    gc.callbacks.append(freeze_survivors)
    run(Server(engine, scenarios, saver), listener, ready)


def run(server: BaseServer, listener: socket.socket, ready: Callable[[], object]) -> None:
    """Run a server in the foreground until SIGINT or SIGTERM.

    Args:
        server: the server.
        listener: its bound socket.
        ready: called once, when it accepts requests and handles signals.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.handle_exit)
    ready()
    server.run([listener])
