"""Replay of a variation: its scenario file, and the command that runs one test with it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self
from zlib import crc32

import pytest

from mocksms.scenario.recorder import to_toml
from mocksms.scenario.schema import Scenario
from mocksms.settings import SESSION_OPTIONS
from mocksms.state.whole_file import replace_file
from mocksms.testing.audit.cells import Cell

WITH_VALUE: Final = ("-c", "-o", "-p", "--config-file", "--override-ini", "--rootdir", "--confcutdir", "--import-mode")
"""Options of pytest that a replay needs, too."""

LEFT_OUT: Final = ("audit", "coverage", "trace", "variation")
"""Options of mocksms that a replay does without, by their first word."""

IGNORE_FILE: Final = ".gitignore"


class Replays(NamedTuple):
    """How to replay: beginning of the command, folder of scenario files, folder of the command, root of node ids."""

    command: str
    folder: Path
    start: Path
    root: Path

    @classmethod
    def of(cls, config: pytest.Config, folder: str, command: str | None) -> Self:
        """Return how to replay the tests of a run.

        Args:
            config: configuration of the run.
            folder: folder of the scenario files.
            command: beginning of the command, in a worker of xdist, which does not know it.
        """
        start = config.invocation_params.dir
        arguments = map(str, config.invocation_params.args)
        command = command or shlex.join([*_program(), *kept_arguments([*arguments])])
        return cls(command, start / folder, start, config.rootpath)

    def command_for(self, test: str, cell: Cell) -> str:
        """Return the command that runs a test with a variation; one without a file runs in the audit."""
        file, separator, name = test.partition("::")
        relative = os.path.relpath(self.root / file, self.start)
        selected = f"{self.command} {shlex.quote(f'{relative}{separator}{name}')}"
        if cell.scenario is None:
            return f"{selected} {audit_option(cell)} --mocksms-audit-only {shlex.quote(cell.variation)}"
        path = self.path_of(cell)
        shown = path.relative_to(self.start) if path.is_relative_to(self.start) else path
        return f"{selected} --mocksms-variation {shlex.quote(str(shown))}"

    def path_of(self, cell: Cell) -> Path:
        """Return the path of a scenario file; what a name with a place in it injects depends on the test."""
        suffix = f"-{crc32(json.dumps(cell.scenario).encode()):08x}" if "@" in cell.variation else ""
        return self.folder / f"{cell.variation}{suffix}.toml"

    def write(self, cell: Cell) -> None:
        """Write the scenario file of a variation, and tell git to ignore its folder.

        Raises:
            OSError: it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        ignored = self.folder / IGNORE_FILE
        if not ignored.exists():
            replace_file(ignored, b"*\n")
        replace_file(self.path_of(cell), to_toml(Scenario.model_validate(cell.scenario)).encode())


def audit_option(cell: Cell) -> str:
    """Return the option that runs a variation in the audit; one with a place in its name belongs to the deep audit."""
    return "--mocksms-audit=deep" if "@" in cell.variation else "--mocksms-audit"


def kept_arguments(arguments: Sequence[str]) -> Iterator[str]:
    """Iterate over the arguments of a run that a replay needs: configuration, plugins, and options of the mock."""
    rest = iter(arguments)
    for argument in rest:
        name, separator, _ = argument.partition("=")
        option = name.removeprefix("--mocksms-").replace("-", "_")
        if name.startswith("--mocksms-"):
            is_kept = option.partition("_")[0] not in LEFT_OUT
            takes_value = not (option in SESSION_OPTIONS and SESSION_OPTIONS[option].metadata.get("bare"))
        else:
            is_kept = takes_value = name in WITH_VALUE
            if not is_kept and argument[:2] in WITH_VALUE and argument[:2] != "--":  # -pno:cacheprovider
                yield argument
                continue
        following = [next(rest, "")] if takes_value and not separator else []
        if is_kept:
            yield from (argument, *following)


def _program() -> tuple[str, ...]:
    """Return how pytest was started."""
    return ("python", "-m", "pytest") if Path(sys.argv[0]).name == "__main__.py" else ("pytest",)
