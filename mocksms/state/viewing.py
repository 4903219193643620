"""Views of snapshots: a mock that holds what a file has, and stands still."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO, Final, NamedTuple

from mocksms.engine.engine import Engine
from mocksms.errors import SettingsError
from mocksms.settings import Settings, read_options
from mocksms.state.archive import MANIFEST, Manifest
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.snapshot import load, restore
from mocksms.state.trace import TraceFile, read_summary, read_trace

OWN_OPTIONS: Final = (
    "host",
    "port",
    "allowed_host",
    "control_token",
    "max_accounts",
    "max_messages",
    "max_requests",
    "max_callbacks",
    "max_consents",
    "max_memory",
    "max_body",
    "quiet",
    "log_format",
)
"""Options of the mock that shows a snapshot, which those of the saved mock do not replace."""

SECRET_OPTIONS: Final = ("api_key", "control_token")
"""Options that are never shown. A view accepts every key: it has no account but those of the file."""


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


def settings_of(manifest: Manifest, own: Settings) -> Settings:
    """Return the settings of a mock that shows a snapshot as the saved mock did.

    Args:
        manifest: has the options of the saved mock; those that this version does not know are ignored.
        own: the settings of the mock that shows it.

    Raises:
        InvalidSnapshot: an option has an invalid value.
    """
    shown = {name: (name, raw) for name, raw in manifest.options.items() if name not in (*OWN_OPTIONS, *SECRET_OPTIONS)}
    try:
        saved = read_options(Settings, shown)
    except SettingsError as error:
        raise InvalidSnapshot(f"options: {error}", MANIFEST) from None
    return replace(saved, seed=manifest.seed, **{name: getattr(own, name) for name in OWN_OPTIONS})


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
    manifest, test = read_summary(file)
    trace = read_trace(file) if test else None
    shown = settings_of(manifest, settings)
    snapshot = load(file, shown)
    engine = Engine(shown, time=lambda: manifest.created_at, url=manifest.url)
    restore(engine, snapshot, frozen=frozen)
    if frozen:
        engine.accounts.clock.freeze()
    return SnapshotView(engine, manifest, trace, name, folder)
