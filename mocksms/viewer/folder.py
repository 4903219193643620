"""Folder of traces: their numbers and their list."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import AwareDatetime, Field

from mocksms.schemas.responses import ResponseModel, Text
from mocksms.settings import Settings
from mocksms.sms.display import error_reason
from mocksms.state.errors import InvalidSnapshot
from mocksms.state.trace import read_summary
from mocksms.viewer.files import trace_names

MAX_FILES: Final = 10_000
"""Files that are listed."""

MAX_LINE: Final = 300
"""Characters of the first line of a failure."""


class ListedTrace(ResponseModel):
    """A trace of the folder; one that cannot be read has an error instead of a test."""

    number: int = Field(description="Its number in the path: /t/1/")
    file: Text = Field(description="Its path in the folder")
    saved_at: AwareDatetime
    size: int = Field(description="Bytes")
    nodeid: Text | None = None
    worker: Text | None = None
    duration: float | None = None
    failure: Text | None = Field(default=None, description="The first line of the first failure")
    failures: int = 0
    error: Text | None = None


class TracesView(ResponseModel):
    """The traces of a folder, the latest first."""

    folder: Text
    traces: list[ListedTrace]


class FileState(NamedTuple):
    """What changes when a file is written again."""

    modified: int
    size: int
    inode: int


class TraceFolder:
    """The traces in a folder and the folders below it. Each keeps its number as long as the command runs."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.settings = settings
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._listed: dict[str, tuple[FileState, ListedTrace]] = {}
        self.files()

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.resolve().name or str(self.path)

    def files(self) -> list[str]:
        """Return the paths of the traces, in the folder, and number the new ones in alphabetical order."""
        found = sorted(trace_names(self.path))[:MAX_FILES]
        for name in found:
            if name not in self._numbers:
                self._names.append(name)
                self._numbers[name] = len(self._names)
        return found

    def file(self, number: int) -> Path | None:
        """Return the path of a trace by its number."""
        return self.path / self._names[number - 1] if 0 < number <= len(self._names) else None

    def list(self) -> TracesView:
        """Return the list of the traces, the latest first. Files are read again only if they have changed."""
        files = [(name, state) for name in self.files() if (state := state_of(self.path / name))]
        return TracesView(folder=self.name, traces=sorted((self._row(*file) for file in files), key=_place))

    def _row(self, name: str, state: FileState) -> ListedTrace:
        known = self._listed.get(name)
        if known is None or known[0] != state:
            known = self._listed[name] = state, self._read(name, state)
        return known[1]

    def _read(self, name: str, state: FileState) -> ListedTrace:
        number, saved_at = self._numbers[name], datetime.fromtimestamp(state.modified / 1e9, UTC)
        row = ListedTrace(number=number, file=name, saved_at=saved_at, size=state.size)
        try:
            with (self.path / name).open("rb") as file:
                manifest, trace = read_summary(file)
        except InvalidSnapshot as error:
            return row.model_copy(update={"error": error.sentence})
        except OSError as error:
            return row.model_copy(update={"error": f"{error_reason(error)}."})
        if trace is None:
            return row.model_copy(update={"saved_at": manifest.created_at})
        return row.model_copy(
            update={
                "saved_at": trace.test.started_at,
                "nodeid": trace.test.nodeid,
                "worker": trace.test.worker,
                "duration": trace.test.duration,
                "failure": trace.headline[:MAX_LINE],
                "failures": len(trace.failures),
            }
        )


def state_of(path: Path) -> FileState | None:
    """Return what changes when a file is written again, None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileState(found.st_mtime_ns, found.st_size, found.st_ino)


def _place(row: ListedTrace) -> tuple[float, str]:
    return -row.saved_at.timestamp(), row.file
