"""Scenarios by name: those that come with mocksms, and those of a folder."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from mocksms.errors import InvalidScenario, SettingsError, UnknownScenario
from mocksms.scenario.parser import read_file
from mocksms.scenario.schema import Scenario

SUFFIX: Final = ".toml"


class NamedScenario(NamedTuple):
    """A scenario in the library: its name, and its file."""

    name: str
    path: Path


class Library:
    """The scenarios that can be called by name; one of the folder goes before one that comes with mocksms.

    Raises:
        SettingsError: there is no such folder.
    """

    def __init__(self, folder: str | None = None) -> None:
        if folder and not Path(folder).is_dir():
            raise SettingsError(f"There is no folder {folder!r} to find scenarios in; see --scenario-folder.")
        self._folders = [bundled_folder(), *([Path(folder)] if folder else [])]

    def all(self) -> list[NamedScenario]:
        """Return all scenarios by their names, in order."""
        found = {path.stem: path for folder in self._folders for path in files_in(folder)}
        return [NamedScenario(name, found[name]) for name in sorted(found)]

    def path(self, name: str) -> Path:
        """Return the file of a scenario.

        Raises:
            UnknownScenario: there is none of this name.
        """
        shelved = dict(self.all())
        if name not in shelved:
            raise UnknownScenario(name, shelved)
        return shelved[name]

    def about(self, shelved: NamedScenario) -> str:
        """Return the story of a scenario, or what is wrong with it."""
        try:
            return _read(shelved.path, shelved.path.stat().st_mtime_ns).about
        except InvalidScenario as error:
            told = (str(complaint._replace(file=shelved.path.name)) for complaint in error.issues)
            return f"cannot be used: {'; '.join(told)}"
        except OSError as error:
            return f"cannot be used: {error}"


def files_in(folder: Path) -> list[Path]:
    """Return the scenario files of a folder by their names; what is no regular file is passed over."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())


def bundled_folder() -> Path:
    """Return the folder of the scenarios that come with mocksms: in the package, or beside it in a checkout."""
    package = Path(str(files("mocksms")))
    shipped = package / "scenarios"
    return shipped if shipped.is_dir() else package.parent / "scenarios"


@lru_cache(maxsize=256)
def _read(path: Path, _changed_at: int) -> Scenario:
    return read_file(path)
