"""Report of the coverage in the terminal: a row for each section, and the call for each line that is missing."""

from __future__ import annotations

from collections.abc import Iterator

from mocksms.testing.coverage_data import COVERED, CoverageData
from mocksms.testing.coverage_lines import coverage_lines


def report_lines(data: CoverageData) -> Iterator[str]:
    """Iterate over the lines of the report."""
    sections = list(dict.fromkeys(line.section for line in coverage_lines()))
    yield f"{'Section':<10} {'Lines':>5} {'Miss':>5} {'Cover':>6}"
    for section in sections:
        yield _row(
            section,
            sum(line.section == section for line in coverage_lines()),
            sum(line.section == section for line in data.missing),
        )
    yield _row("TOTAL", len(coverage_lines()), len(data.missing))
    if not data.missing:
        return
    yield ""
    yield "Missing lines, each with what covers it:"
    width = max(len(line.name) for line in data.missing)
    for line in data.missing:
        yield f"{line.section:<10} {line.name:<{width}}  {line.hint}"


def _row(name: str, lines: int, missing: int) -> str:
    return f"{name:<10} {lines:>5} {missing:>5} {COVERED * (lines - missing) // lines:>5}%"
