"""Scenario files: found by name, path or folder, and reloaded when they change."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from mocksms.engine.rules import ActiveScenario, combine
from mocksms.errors import InvalidScenario, ScenarioIssue, SettingsError, UnknownScenario, escape
from mocksms.settings import Settings

if TYPE_CHECKING:
    from mocksms.scenario.schema import Scenario

SUFFIX: Final = ".toml"

log = logging.getLogger("mocksms")

FileStamp = tuple[int, int, int] | None
"""Time of change, size and inode of a file; None if it cannot be read."""


class NamedScenario(NamedTuple):
    """A scenario of the library: its name and its file."""

    name: str
    path: Path


class Library:
    """Scenarios that can be used by name: the bundled ones and those of a folder, which take precedence.

    Raises:
        SettingsError: the folder does not exist.
    """

    def __init__(self, folder: str | None = None) -> None:
        if folder and not Path(folder).is_dir():
            raise SettingsError(f"The scenario folder {folder!r} does not exist; see --scenario-folder.")
        self._folders = [bundled_folder(), *([Path(folder)] if folder else [])]

    def all(self) -> list[NamedScenario]:
        """Return all scenarios, sorted by name."""
        paths = {path.stem: path for folder in self._folders for path in files_in(folder)}
        return [NamedScenario(name, paths[name]) for name in sorted(paths)]

    def path(self, name: str) -> Path:
        """Return the file of a scenario.

        Raises:
            UnknownScenario: the library has none of this name.
        """
        paths = dict(self.all())
        if name not in paths:
            raise UnknownScenario(name, paths)
        return paths[name]

    def about(self, scenario: NamedScenario) -> str:
        """Return the description of a scenario, or why its file is invalid."""
        try:
            return _read(scenario.path, scenario.path.stat().st_mtime_ns).about
        except InvalidScenario as error:
            issues = (str(issue._replace(file=scenario.path.name)) for issue in error.issues)
            return f"invalid: {'; '.join(issues)}"
        except OSError as error:
            return f"invalid: {error}"


class StartScenarios:
    """The scenarios of the option `scenario`, reloaded when their files change. `active` is what is active now.

    Raises:
        InvalidScenario: a file is invalid, with all issues of all files; or a folder has no scenario.
        UnknownScenario: a name is neither a file nor in the library.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        library = Library(settings.scenario_folder)
        paths = [resolve_path(name, library) for name in settings.scenario]
        self._is_folder = {path: path.is_dir() for path in paths}
        self._loaded = self._latest = self._stamps()
        self.active = self._load()

    def reload(self) -> ActiveScenario | None:
        """Reload the scenarios if a file was changed, added or removed; return None if nothing changes.

        A change counts when two checks in a row see the same files: before that, a file may be half-written. If a file
        is invalid, the scenarios stay as they are, and the issues are logged once.
        """
        stamps, before = self._stamps(), self.active
        is_steady, self._latest = stamps == self._latest, stamps
        if stamps == self._loaded or not is_steady:
            return None
        self._loaded = stamps
        try:
            self.active = self._load()
        except InvalidScenario as error:
            log.error("Scenario not reloaded, the previous version stays active:\n%s", error)
            return None
        names = escape(", ".join(self.active.names)) or "none is active"
        log.warning("Scenario reloaded: %s. Rule counters restart.", names)
        if self.active.account_values != before.account_values:
            log.warning("The changed [account] table applies to new accounts and after a reset.")
        return self.active

    def _stamps(self) -> dict[Path, FileStamp]:
        found = (files_at(path) if is_folder else [path] for path, is_folder in self._is_folder.items())
        return {file: _stamp(file) for files in found for file in files}

    def _load(self) -> ActiveScenario:
        scenarios = read_files(self._loaded)
        named = zip(self._loaded, scenarios, strict=True)
        return combine(_compiled(scenario, path.name, self._settings) for path, scenario in named)


def read_files(paths: Iterable[Path]) -> list[Scenario]:
    """Return the scenarios of some files.

    Raises:
        InvalidScenario: some are invalid, with all issues of all files.
    """
    scenarios: list[Scenario] = []
    issues: list[ScenarioIssue] = []
    for path in paths:
        try:
            scenarios.append(_parsed(path))
        except InvalidScenario as error:
            issues += error.issues
    if issues:
        raise InvalidScenario(issues)
    return scenarios


def resolve_path(name: str, library: Library) -> Path:
    """Return the file or folder of a path, or the file of a scenario of the library.

    Raises:
        UnknownScenario: it is none of these.
        InvalidScenario: the folder has no scenario.
    """
    path = Path(name)
    is_name = not path.suffix and path.name == name
    found = library.path(name) if is_name and not path.exists() else path
    if not files_at(found):
        raise InvalidScenario([ScenarioIssue(name, None, "", f"this folder has no scenario, a file *{SUFFIX}")])
    return found


def files_at(path: Path) -> list[Path]:
    """Return the scenario files of a folder, sorted by name, or the file itself."""
    return files_in(path) if path.is_dir() else [path]


def files_in(folder: Path) -> list[Path]:
    """Return the scenario files of a folder, sorted by name.

    Hidden files do not count: macOS writes `._outage.toml` beside `outage.toml`, and editors write `.#outage.toml`.
    Nor does anything but regular files, except a link without a target: it cannot be read, and an error says so.
    """
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".") and _is_file(path))


def _is_file(path: Path) -> bool:
    return path.is_file() or (path.is_symlink() and not path.exists())


def bundled_folder() -> Path:
    """Return the folder of the bundled scenarios: in the package, or beside it in a checkout."""
    package = Path(str(files("mocksms")))
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


@lru_cache(maxsize=256)
def _read(path: Path, _changed_at: int) -> Scenario:
    return _parsed(path)


def _parsed(path: Path) -> Scenario:
    from mocksms.scenario.parser import read_file  # here, since a mock without scenarios must start fast

    return read_file(path)


def _compiled(scenario: Scenario, name: str, settings: Settings) -> ActiveScenario:
    from mocksms.scenario.compiler import compile_scenario

    return compile_scenario(scenario, name, settings)


def _stamp(path: Path) -> FileStamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
