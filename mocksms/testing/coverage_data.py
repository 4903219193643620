"""Data of the coverage: how many tests have met each line, and the JSON file with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from mocksms.errors import SettingsError
from mocksms.sms.display import error_reason
from mocksms.testing.coverage_lines import CoverageLine, LineKey, coverage_lines
from mocksms.testing.json_file import write_json

FORMAT: Final = 1
"""Version of the file."""

COVERED: Final = 100
"""Percent of a complete coverage."""


class CoverageData:
    """How many tests have met each line."""

    def __init__(self) -> None:
        self._tests: Counter[LineKey] = Counter()

    def add_test(self, met: Iterable[LineKey]) -> None:
        """Add what one test has met; each line once for each test."""
        self._tests.update(set(met))

    def tests(self, line: CoverageLine) -> int:
        """Return how many tests have met a line."""
        return self._tests[line.key]

    @property
    def missing(self) -> list[CoverageLine]:
        """The lines that no test has met."""
        return [line for line in coverage_lines() if not self.tests(line)]

    @property
    def percent(self) -> int:
        """The share of the lines that tests have met, rounded down."""
        total = len(coverage_lines())
        return COVERED * (total - len(self.missing)) // total

    def rows(self) -> list[tuple[str, str, int]]:
        """Return the lines that tests have met, each with their number, for another process."""
        return [(*line.key, self.tests(line)) for line in coverage_lines() if self.tests(line)]

    def add_rows(self, rows: Iterable[tuple[str, str, int]]) -> None:
        """Add the rows of another process."""
        for section, name, tests in rows:
            self._tests[section, name] += tests

    def to_json(self) -> dict[str, Any]:
        """Return the contents of the file."""
        lines = [
            {"section": line.section, "name": line.name, "tests": self.tests(line), "hint": line.hint}
            for line in coverage_lines()
        ]
        met = len(lines) - len(self.missing)
        return {"format": FORMAT, "percent": self.percent, "met": met, "total": len(lines), "lines": lines}

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        write_json(path, self.to_json())

    def load(self, path: Path) -> None:
        """Add what a file has, if there is one. Lines that this version does not have are ignored.

        Raises:
            SettingsError: it is not a file of the coverage, or cannot be read.
        """
        try:
            content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            found = content["format"]
            rows = [(str(row["section"]), str(row["name"]), int(row["tests"])) for row in content["lines"]]
        except FileNotFoundError:
            return
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error_reason(error)}.") from None
        except (ValueError, TypeError, KeyError):
            raise SettingsError(f"{path} is not a coverage file of mocksms; delete it or choose another.") from None
        if found != FORMAT:
            raise SettingsError(f"{path} has format {found!r}, but must have {FORMAT}; delete it or choose another.")
        self.add_rows(rows)
