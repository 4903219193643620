"""The state of a mock at its start: read from the state file, then restored."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import NamedTuple

from mocksms.engine.collector import collector_paused
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.errors import escape
from mocksms.scenario.library import StartScenarios
from mocksms.settings import Settings, flag_name
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.saver import StateSaver
from mocksms.state.snapshot import Snapshot, load, restore
from mocksms.state.state_file import StateFile

log = logging.getLogger("mocksms")


class StateSummary(NamedTuple):
    """What a mock has from its state file: the file, when it was saved (None: it is new), and how many messages."""

    file: str
    saved_at: datetime | None
    messages: int


class StartState:
    """What the state file of the options has, until a mock gets it by `restore`.

    Reading it takes seconds if it is large, so it comes before the mock listens.

    Raises:
        SettingsError: the file cannot be used, or has nothing that this mock can restore.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self.file = StateFile(name)
        self.summary = StateSummary(name, None, 0)
        with ExitStack() as on_failure:
            on_failure.callback(self.file.close)
            try:
                with collector_paused():
                    self._snapshot = self.file.read(partial(load, settings=settings))
            except InvalidSnapshot as error:
                raise self.file.error(f"cannot be restored: {str(error).rstrip('.')}") from error
            on_failure.pop_all()

    def restore(self, engine: Engine, scenarios: StartScenarios) -> StateSaver:
        """Restore what the file has in a new mock, and return what saves the mock from then on."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            messages = self._restore(engine, snapshot, scenarios)
            self.summary = StateSummary(self.file.name, snapshot.manifest.created_at, messages)
        return StateSaver(engine, self.file, self._settings.state_every, is_saved=snapshot is not None)

    def _restore(self, engine: Engine, snapshot: Snapshot, scenarios: StartScenarios) -> int:
        restored = restore(engine, snapshot)
        if restored.different_options:
            log.warning(
                "The state in %r was saved with other options: %s. Those of this mock count.",
                self.file.name,
                ", ".join(map(flag_name, restored.different_options)),
            )
        before, scenario = snapshot.initial_scenario, scenarios.active
        if before.sources != scenario.sources:
            Controls(engine).replace_scenario(before, scenario)
            names = escape(", ".join(scenario.names)) or "none is active"
            log.warning("Scenario changed since the state was saved: %s. Rule counters restart.", names)
        return restored.messages
