"""A mock in a thread of the test process."""

from __future__ import annotations

import asyncio
import json
import threading
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mocksms.connections import forks
from mocksms.engine.clock import SteadyTime
from mocksms.engine.collector import collector_paused
from mocksms.engine.keys import account_id

if TYPE_CHECKING:
    import socket

    from mocksms.engine.account import TestOutcome
    from mocksms.engine.engine import Engine
    from mocksms.engine.rules import ActiveScenario
    from mocksms.server import Server
    from mocksms.settings import Settings

MAX_COMPILED: Final = 256
"""Scenarios in front that are kept compiled: an audit has the same ones in each test."""

STOP_SECONDS: Final = 5.0
"""How long the thread may take to end."""

SAVE_SECONDS: Final = 60.0
"""How long it may take to end if it saves the state."""


class SteadyLoop(asyncio.SelectorEventLoop):
    """Event loop with timers in real time, even while a test library has frozen time."""

    def time(self) -> float:
        """Return the seconds that timers use."""
        return SteadyTime.seconds()


class RunningMock(NamedTuple):
    """What a mock in a thread consists of while it runs."""

    engine: Engine
    server: Server
    thread: threading.Thread


class ThreadedServer:
    """A mock in a daemon thread, from `start` to `stop`. Its modules are imported at the first start.

    `error` is the error that ended the mock, None if there was none. `cursor`, `prepare_account`, `set_test_outcome`
    and `can_have_callbacks` do without HTTP what a test session needs: a request takes longer than the rest of what the
    fixture does.
    """

    def __init__(self, settings: Settings) -> None:
        self.error: BaseException | None = None
        self.settings = settings
        self._running: RunningMock | None = None
        self._compiled = lru_cache(MAX_COMPILED)(partial(_compiled, settings))

    def start(self) -> str:
        """Start the mock and return its URL. It accepts connections as soon as this returns.

        Raises:
            SettingsError: it cannot listen on the address, or use its state file.
            InvalidScenario, UnknownScenario: a scenario of the settings cannot be loaded.
        """
        with collector_paused():
            from mocksms.connections.listener import base_url, bind
            from mocksms.engine.engine import Engine
            from mocksms.inspection import resources  # noqa: F401
            from mocksms.scenario.library import StartScenarios
            from mocksms.server import Server

        stage = StartScenarios(self.settings)
        with ExitStack() as on_failure:
            state = saver = None
            if self.settings.state:
                from mocksms.state.state_start import StartState

                state = StartState(self.settings, self.settings.state)
                on_failure.callback(state.file.close)
            listener = on_failure.enter_context(bind(self.settings))
            url = base_url(listener)
            engine = Engine(self.settings, url=url, scenario=stage.active)
            if state is not None:
                saver = state.restore(engine, stage)
            on_failure.pop_all()
        server = Server(engine, stage, saver, owns_process=False)
        thread = threading.Thread(target=self._run, args=(server, listener), name="mocksms", daemon=True)
        self._running = RunningMock(engine, server, thread)
        forks.close_in_children(self)
        thread.start()
        return url

    def stop(self) -> None:
        """Stop the mock. Warn if the thread does not end in time: as a daemon, it ends with the process."""
        if self._running is None:
            return
        running, self._running = self._running, None
        running.server.stop()
        timeout = SAVE_SECONDS if self.settings.state else STOP_SECONDS
        running.thread.join(timeout)
        if running.thread.is_alive():
            warnings.warn(f"the thread of mocksms did not end within {timeout:g} s", RuntimeWarning, stacklevel=2)

    @property
    def cursor(self) -> int | None:
        """The cursor of the present, None if the mock has ended or runs in the parent process."""
        if self._running is None or not self._running.thread.is_alive():
            return None
        return self._running.engine.cursor

    def prepare_account(self, key: str, label: str, front: Mapping[str, Any] | None = None) -> bool:
        """Set the label that an account gets at its first use, and a scenario in front of all others, as JSON.

        Return False if it exists already, or if the mock has ended or runs in the parent process.
        """
        if self._running is None or not self._running.thread.is_alive():
            return False
        accounts = self._running.engine.accounts
        if accounts.by_key(key) is not None or len(accounts.labels) >= accounts.limit:
            return False
        name = account_id(key)
        accounts.fronts.pop(name, None)  # of an earlier test with the same key, which has not used it
        if front is not None:
            accounts.fronts[name] = self._compiled(json.dumps(front))
        accounts.labels[name] = label
        return True

    def set_test_outcome(self, key: str, outcome: TestOutcome) -> None:
        """Set how the test of an account ended, if the account and the mock still exist."""
        account = None if self._running is None else self._running.engine.accounts.by_key(key)
        if account is not None:
            account.test_outcome = outcome

    def can_have_callbacks(self, key: str) -> bool:
        """Whether an account has callbacks or webhooks, or the mock has ended or runs in the parent process."""
        if self._running is None:
            return True
        account = self._running.engine.accounts.by_key(key)
        return account is not None and bool(account.webhooks or len(account.callbacks))

    def close_copies(self) -> None:
        """Forget the mock in a forked child: its thread runs in the parent process only."""
        self._running = None

    def _run(self, server: Server, listener: socket.socket) -> None:
        try:
            with asyncio.Runner(loop_factory=SteadyLoop) as runner:
                runner.run(server.serve([listener]))
        except BaseException as error:
            self.error = error
        finally:
            listener.close()


def _compiled(settings: Settings, scenario: str) -> ActiveScenario:
    """Return a scenario in front, from its JSON, as the inspection API compiles it."""
    from mocksms.inspection.scenarios import INLINE_FRONT
    from mocksms.scenario.compiler import compile_scenario
    from mocksms.scenario.schema import Scenario

    return compile_scenario(Scenario.model_validate_json(scenario), INLINE_FRONT, settings)
