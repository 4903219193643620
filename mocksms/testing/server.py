"""A mock in a thread of the test process: bound first, so that it is ready at once; ended within a time-out."""

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

PATIENCE: Final = 5.0
"""Seconds the thread may take to end."""


class SteadyLoop(asyncio.SelectorEventLoop):
    """A loop whose timers run by real time, also while a test library has frozen the time of all modules."""

    def time(self) -> float:
        """Return the seconds that timers are set by."""
        return SteadyTime.seconds()


class ThreadedServer:
    """One mock in a daemon thread, from `start` to `stop`.

    `error` is what ended it against its will, None while it runs well. It is imported when it is first started.
    """

    def __init__(self, settings: Settings) -> None:
        self.error: BaseException | None = None
        self.settings = settings
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Start and return the address it listens on.

        Raises:
            SettingsError: the address cannot be listened on.
            ScenarioUnusable, ScenarioUnknown: the scenario of the settings is none.
        """
        with _collector_paused():
            from mocksms.engine.engine import Engine
            from mocksms.scenario.library import StartScenarios
            from mocksms.server import Server, base_url, bind

        stage = StartScenarios(self.settings)
        listener = bind(self.settings)
        url = base_url(listener)
        engine = Engine(self.settings, url=url, scenario=stage.active)
        self._server = Server(engine, stage, owns_process=False)
        self._thread = threading.Thread(target=self._run, args=(listener,), name="mocksms", daemon=True)
        self._thread.start()
        return url

    def stop(self) -> None:
        """End it; warn if it does not end in time, since it is a daemon and ends with the process."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            warnings.warn(f"the thread of mocksms did not end within {PATIENCE:g} s", RuntimeWarning, stacklevel=2)
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
    """Let the garbage collector rest during a large import, which makes little garbage and much to walk over."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
