"""Files with snapshots, as commands find and read them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mocksms.errors import SettingsError, escape
from mocksms.settings import Settings
from mocksms.sms.display import error_reason
from mocksms.state import TRACE_SUFFIX
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.viewing import SnapshotView, view

PATTERN: Final = f"*{TRACE_SUFFIX}"
"""The names of traces."""


def files_at(path: Path) -> list[Path]:
    """Return a file itself, or the traces in a folder and the folders below it, in alphabetical order.

    Raises:
        SettingsError: the folder has none.
    """
    if not path.is_dir():
        return [path]
    found = [path / name for name in sorted(trace_names(path))]
    if not found:
        raise no_traces(path)
    return found


def no_traces(folder: Path) -> SettingsError:
    """Return the error for a folder without traces."""
    return SettingsError(f"{folder} has no traces: no file {PATTERN} is in it or in a folder below it.")


def trace_names(folder: Path) -> Iterator[str]:
    """Iterate over the paths of the traces in a folder and the folders below it; special files are none."""
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            if name.endswith(TRACE_SUFFIX) and path.is_file():
                yield str(path.relative_to(folder))


def read_view(path: Path, settings: Settings, folder: str | None = None, *, frozen: bool = True) -> SnapshotView:
    """Read a file; see `view`.

    Raises:
        SettingsError: it cannot be read, or is no trace or snapshot.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is not a regular file")
        with path.open("rb") as file:
            return view(file, settings, path.name, folder, frozen=frozen)
    except InvalidSnapshot as error:
        raise SettingsError(f"{escape(str(path))} cannot be shown: {error.sentence}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{escape(str(path))} cannot be read: {error_reason(error)}.") from error
