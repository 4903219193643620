"""A mock in a thread of the test process."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mocksms.engine.clock import SteadyTime

if TYPE_CHECKING:
    import socket

    from mocksms.server import Server
    from mocksms.settings import Settings

STOP_SECONDS: Final = 5.0
"""How long the thread may take to end."""


class SteadyLoop(asyncio.SelectorEventLoop):
    """Event loop with timers in real time, even while a test library has frozen time."""

    def time(self) -> float:
        """Return the seconds that timers use."""
        return SteadyTime.seconds()


class ThreadedServer:
    """A mock in a daemon thread, from `start` to `stop`. Its modules are imported at the first start.

    `error` is the error that ended the mock, None if there was none.
    """

    def __init__(self, settings: Settings) -> None:
        self.error: BaseException | None = None
        self.settings = settings
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Start the mock and return its URL. It accepts connections as soon as this returns.

        Raises:
            SettingsError: it cannot listen on the address.
            InvalidScenario, UnknownScenario: a scenario of the settings cannot be loaded.
        """
        with _collector_paused():
            from mocksms.connections.listener import base_url, bind
            from mocksms.engine.engine import Engine
            from mocksms.scenario.library import StartScenarios
            from mocksms.server import Server

        stage = StartScenarios(self.settings)
        listener = bind(self.settings)
        url = base_url(listener)
        engine = Engine(self.settings, url=url, scenario=stage.active)
        self._server = Server(engine, stage, owns_process=False)
        self._thread = threading.Thread(target=self._run, args=(listener,), name="mocksms", daemon=True)
        self._thread.start()
        return url

    def stop(self) -> None:
        """Stop the mock. Warn if the thread does not end in time: as a daemon, it ends with the process."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            warnings.warn(f"the thread of mocksms did not end within {STOP_SECONDS:g} s", RuntimeWarning, stacklevel=2)
        self._server = self._thread = None

    def _run(self, listener: socket.socket) -> None:
        assert self._server is not None
        try:
            with asyncio.Runner(loop_factory=SteadyLoop) as runner:
                runner.run(self._server.serve([listener]))
        except BaseException as error:
            self.error = error
        finally:
            listener.close()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector during large imports: they create many objects and little garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
