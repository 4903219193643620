"""Findings of the audit as texts: what was injected, what the application did, how to replay it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from mocksms.errors import escape
from mocksms.sms.display import line
from mocksms.sms.message import State
from mocksms.testing.audit.cells import AuditedTest, Cell
from mocksms.testing.audit.replay import Replays
from mocksms.testing.audit.verdicts import Verdict

MAX_NAMES: Final = 6
"""Variations with the same finding that are named; the rest is counted."""

MAX_TESTS: Final = 3
"""Tests with the same finding that are named; the rest is counted."""

VARIABLE: Final = re.compile(
    rf'"[^"]*"|{"|".join(map(re.escape, map(str, State)))}|[0-9a-f]{{32}}|(?<![:\d])\d+(\.\d+)?( m?s)?'
)
"""What differs in details of the same finding: contents, states and ids of messages, and numbers but those of lines."""


class FoundCell(NamedTuple):
    """A cell with a finding, and its test."""

    test: str
    cell: Cell


class AuditFinding(NamedTuple):
    """What an application does in the same way in some tests and with some variations."""

    verdicts: tuple[str, ...]
    detail: str
    cells: tuple[FoundCell, ...]

    @property
    def title(self) -> str:
        """The verdicts and the variations."""
        return f"{', '.join(self.verdicts)}: {_listed([each.cell.variation for each in self.cells], MAX_NAMES)}"

    def lines(self, replays: Replays) -> list[str]:
        """Return the tests, what was injected, what the application did, and how to replay the first cell."""
        test, first = self.cells[0]
        is_one = len({each.cell.variation for each in self.cells}) == 1
        return [
            line("test", _listed([each.test for each in self.cells], MAX_TESTS)),
            line("injected", escape(first.about if is_one else f"{first.variation}: {first.about}")),
            line("found", escape(self.detail)),
            line("replay", replays.command_for(test, first)),
        ]


def findings_of(tests: Iterable[AuditedTest]) -> list[AuditFinding]:
    """Return the findings of tests, the worst first.

    Cells of a test whose details differ only in what varies are one. Cells of other tests belong to it if the detail
    names the same place of a crash, or if they have the same variations.
    """
    groups: defaultdict[object, list[AuditFinding]] = defaultdict(list)
    for test in tests:
        for kind, cells in _kinds_of(test).items():
            finding = AuditFinding(
                cells[0].findings, _detail(cells[0]), tuple(FoundCell(test.test, each) for each in cells)
            )
            has_place = Verdict.CRASHED in finding.verdicts
            groups[kind, None if has_place else tuple(each.variation for each in cells)].append(finding)
    findings = (
        first._replace(cells=tuple(cell for each in (first, *others) for cell in each.cells))
        for first, *others in groups.values()
    )
    return sorted(findings, key=lambda each: [*Verdict].index(Verdict(each.verdicts[0])))


def _kinds_of(test: AuditedTest) -> dict[tuple[tuple[str, ...], str], list[Cell]]:
    """Return the cells of a test with findings, by their verdicts and what does not vary of their details."""
    kinds: defaultdict[tuple[tuple[str, ...], str], list[Cell]] = defaultdict(list)
    for cell in test.finding_cells:
        kinds[cell.findings, VARIABLE.sub("#", _detail(cell))].append(cell)
    return kinds


def _detail(cell: Cell) -> str:
    """Return what the application did, as far as it is a finding."""
    pairs = zip(cell.verdicts, cell.details, strict=True)
    return "; ".join(detail for verdict, detail in pairs if detail and verdict in cell.findings)


def count_text(cells: Iterable[Cell]) -> str:
    """Return how many findings there are of each verdict, such as `1 crashed, 2 sent twice`."""
    counts = Counter(verdict for cell in cells for verdict in cell.findings)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])


def failure_text(test: AuditedTest, replays: Replays) -> str:
    """Return the failure of a test with findings, as in JUnit files."""
    blocks = ("\n".join([finding.title, *finding.lines(replays)]) for finding in findings_of([test]))
    return "\n".join([f"mocksms audit: {count_text(test.cells)}", *blocks])


def _listed(names: Sequence[str], limit: int) -> str:
    different = [*dict.fromkeys(names)]
    rest = f" and {len(different) - limit} more" if len(different) > limit else ""
    return f"{', '.join(different[:limit])}{rest}"
