"""Views of snapshots: a mock that holds what a file has, and stands still."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from mocksms.engine.account import TestOutcome
from mocksms.engine.engine import Engine
from mocksms.settings import Settings
from mocksms.state.archive import Manifest
from mocksms.state.options import SECRET_OPTIONS, settings_of
from mocksms.state.snapshot import load, restore
from mocksms.state.trace import TraceFile, read_file
from mocksms.state.trace_models import Trace


class SnapshotView(NamedTuple):
    """A snapshot that is shown: a mock at the time of the capture, and what the file says of itself.

    `file` is its name, `folder` the folder whose files are listed with it, None if it was opened alone. `trace` is None
    for a snapshot that is not of a test.
    """

    engine: Engine
    manifest: Manifest
    trace: TraceFile | None
    file: str
    folder: str | None = None

    @property
    def shown_options(self) -> dict[str, str]:
        """The options of the saved mock, without secrets."""
        return {name: value for name, value in self.manifest.options.items() if name not in SECRET_OPTIONS}


def view(
    file: BinaryIO, settings: Settings, name: str, folder: str | None = None, *, frozen: bool = True
) -> SnapshotView:
    """Return a mock that shows a snapshot; any thread may call this.

    Its clocks stand still at the time of the capture, so that nothing happens in it.

    Args:
        file: the snapshot.
        settings: the options of the mock that shows it.
        name: the name of the file.
        folder: the folder whose files are listed with it, None if it is opened alone.
        frozen: whether also the clocks that ran are frozen.

    Raises:
        InvalidSnapshot: the file is no snapshot, or this mock cannot take it.
    """
    manifest, trace = read_file(file)
    shown = settings_of(manifest, settings)
    snapshot = load(file, shown)
    engine = Engine(shown, time=lambda: manifest.created_at, url=manifest.url)
    restore(engine, snapshot, frozen=frozen)
    if trace is not None:
        _set_outcome(engine, trace.trace)
    if frozen:
        engine.accounts.clock.freeze()
    return SnapshotView(engine, manifest, trace, name, folder)


def _set_outcome(engine: Engine, trace: Trace) -> None:
    """Set how the test of a trace ended: its accounts may have been captured before its teardown failed."""
    outcome: TestOutcome = "failed" if any(failure.when == "call" for failure in trace.failures) else "error"
    for account in filter(None, map(engine.accounts.by_id, trace.accounts)):
        account.test_outcome = outcome
