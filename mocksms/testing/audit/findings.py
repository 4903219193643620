"""Findings of the audit as texts: what was injected, what the application did, how to replay it."""

from __future__ import annotations

import re
from collections import Counter
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

VARIABLE: Final = re.compile(rf'"[^"]*"|{"|".join(map(re.escape, map(str, State)))}|\d+(\.\d+)?( m?s)?')
"""What differs in details of the same finding: contents, states of messages, and numbers."""


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
    """Return the findings of tests, the worst first. Those whose details differ only in what varies are one."""
    groups: dict[tuple[tuple[str, ...], str], tuple[str, list[FoundCell]]] = {}
    for test in tests:
        for cell in test.finding_cells:
            pairs = [pair for pair in zip(cell.verdicts, cell.details, strict=True) if pair[0] in cell.findings]
            detail = "; ".join(detail for _, detail in pairs if detail)
            found = groups.setdefault((cell.findings, VARIABLE.sub("#", detail)), (detail, []))
            found[1].append(FoundCell(test.test, cell))
    findings = (AuditFinding(verdicts, detail, tuple(cells)) for (verdicts, _), (detail, cells) in groups.items())
    return sorted(findings, key=lambda each: [*Verdict].index(Verdict(each.verdicts[0])))


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
