"""The state of a mock at its start: read from the state file, then restored."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from mocksms.engine.collector import collector_paused
from mocksms.engine.controls import Controls
from mocksms.engine.engine import Engine
from mocksms.errors import escape
from mocksms.scenario.library import StartScenarios
from mocksms.settings import Settings, flag_name
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import Snapshot, load, restore
from mocksms.state.state_file import StateFile
from mocksms.state.state_saver import StateSaver

log = logging.getLogger("mocksms")

ONLY_ACCOUNTS: Final = "it has some accounts, not a whole mock; restore it in a running mock with PUT /_mock/snapshot"
"""Why a snapshot of some accounts, such as a trace, is refused: the first save would replace it."""


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
        with self._closed_on_failure():
            with collector_paused():
                self._snapshot = self.file.read(partial(load, settings=settings))
            if self._snapshot is not None and self._snapshot.manifest.scope != "everything":
                raise InvalidSnapshot(ONLY_ACCOUNTS)

    def restore(self, engine: Engine, scenarios: StartScenarios) -> StateSaver:
        """Restore what the file has in a new mock, and return what saves the mock from then on.

        Raises:
            SettingsError: the file has more than this mock can keep.
        """
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            with self._closed_on_failure():
                messages = self._restore(engine, snapshot, scenarios)
            self.summary = StateSummary(self.file.name, snapshot.manifest.created_at, messages)
        return StateSaver(engine, self.file, self._settings.state_every, is_saved=snapshot is not None)

    @contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        """Release the file if it cannot be restored; describe what is wrong with it as an error of the option."""
        try:
            yield
        except InvalidSnapshot as error:
            self.file.close()
            raise self.file.error(f"cannot be restored: {str(error).rstrip('.')}") from error
        except BaseException:
            self.file.close()
            raise

    def _restore(self, engine: Engine, snapshot: Snapshot, scenarios: StartScenarios) -> int:
        restored = restore(engine, snapshot)
        if not self._settings.seed:  # a mock that crashed, or went on from this file before, gave ids that it has not
            engine.accounts.renew_ids()
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
