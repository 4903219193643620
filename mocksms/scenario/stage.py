"""The scenarios a mock is started with, read again when their files change."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from mocksms.engine.rules import ActiveScenario, combine
from mocksms.errors import InvalidScenario, ScenarioIssue
from mocksms.scenario.compiler import compile_scenario
from mocksms.scenario.library import SUFFIX, Library, files_in
from mocksms.scenario.parser import read_file
from mocksms.scenario.schema import Scenario
from mocksms.settings import Settings

log = logging.getLogger("mocksms")

Stamp = tuple[int, int, int] | None


class StartScenarios:
    """What the option `scenario` names, as a script.

    Raises:
        InvalidScenario: a file is no scenario; says all that is wrong with all of them. Or a folder has none.
        ScenarioUnknown: a name is neither a file nor in the library.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        library = Library(settings.scenario_folder)
        self._places = [place_of(name, library) for name in settings.scenario]
        self._seen = self._latest = self._look()
        self.script = self._read()

    def changed(self) -> ActiveScenario | None:
        """Return the script anew if a file has changed, come or gone and all are scenarios; else nothing changes.

        A change counts once two looks in a row have seen the same: until then the file may be half-written. What is
        wrong is logged, once for each change.
        """
        seen, before = self._look(), self.script
        is_steady, self._latest = seen == self._latest, seen
        if seen == self._seen or not is_steady:
            return None
        self._seen = seen
        try:
            self.script = self._read()
        except InvalidScenario as error:
            log.error("The change is not in force, the scenario stays as it was:\n%s", error)
            return None
        log.warning("Changed: %s in force.", ", ".join(self.script.names) or "no scenario is")
        if self.script.state != before.state:
            log.warning("What [account] says counts for accounts to come, and after a reset.")
        return self.script

    def _look(self) -> dict[Path, Stamp]:
        return {path: _stamp(path) for place in self._places for path in files_at(place)}

    def _read(self) -> ActiveScenario:
        scenarios = read_all(self._seen)
        named = zip(self._seen, scenarios, strict=True)
        return combine(compile_scenario(scenario, path.name, self._settings) for path, scenario in named)


def read_all(paths: Iterable[Path]) -> list[Scenario]:
    """Return the scenarios of some files.

    Raises:
        InvalidScenario: some are none; says all that is wrong with all of them.
    """
    scenarios: list[Scenario] = []
    issues: list[ScenarioIssue] = []
    for path in paths:
        try:
            scenarios.append(read_file(path))
        except InvalidScenario as error:
            issues += error.issues
    if issues:
        raise InvalidScenario(issues)
    return scenarios


def place_of(name: str, library: Library) -> Path:
    """Return the file or folder that is meant by its path, or the file of the scenario of that name.

    Raises:
        ScenarioUnknown: it is none of these.
        InvalidScenario: the folder has no scenario.
    """
    path = Path(name)
    is_name = not path.suffix and path.name == name
    place = library.path(name) if is_name and not path.exists() else path
    if not files_at(place):
        raise InvalidScenario([ScenarioIssue(name, None, "", f"is a folder without a scenario, a file *{SUFFIX}")])
    return place


def files_at(place: Path) -> list[Path]:
    """Return the files of a folder by their names, or the file itself."""
    return files_in(place) if place.is_dir() else [place]


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
