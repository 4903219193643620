"""Findings of the audit as texts: what was injected, what the application did, how to replay it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from mocksms.errors import escape
from mocksms.sms.display import line
from mocksms.testing.audit.cells import AuditedTest, Cell
from mocksms.testing.audit.replay import Replays

MAX_NAMES: Final = 6
"""Variations with the same finding that are named; the rest is counted."""

NUMBERS: Final = re.compile(r"\d+(\.\d+)?( m?s)?")


class AuditFinding(NamedTuple):
    """What an application does in the same way with several variations of one test."""

    test: str
    verdicts: tuple[str, ...]
    detail: str
    cells: tuple[Cell, ...]

    @property
    def title(self) -> str:
        """The verdicts and the variations."""
        names = [cell.variation for cell in self.cells]
        rest = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
        return f"{', '.join(self.verdicts)}: {', '.join(names[:MAX_NAMES])}{rest}"

    def lines(self, replays: Replays) -> list[str]:
        """Return what was injected, what the application did, and how to replay it."""
        first = self.cells[0]
        injected = first.about if len(self.cells) == 1 else f"{first.about} ({first.variation})"
        return [
            line("injected", escape(injected)),
            line("found", escape(self.detail)),
            line("replay", replays.command_for(self.test, first)),
        ]


def findings_of(test: AuditedTest) -> list[AuditFinding]:
    """Return the findings of a test; variations are one that differ only in the numbers of the details."""
    groups: dict[tuple[tuple[str, ...], str], tuple[str, list[Cell]]] = {}
    for cell in test.finding_cells:
        pairs = [pair for pair in zip(cell.verdicts, cell.details, strict=True) if pair[0] in cell.findings]
        detail = "; ".join(detail for _, detail in pairs if detail)
        found = groups.setdefault((cell.findings, NUMBERS.sub("#", detail)), (detail, []))
        found[1].append(cell)
    return [
        AuditFinding(test.test, verdicts, detail, tuple(cells)) for (verdicts, _), (detail, cells) in groups.items()
    ]


def count_text(cells: Iterable[Cell]) -> str:
    """Return how many findings there are of each verdict, such as `2 sent twice, 1 crashed`."""
    counts = Counter(verdict for cell in cells for verdict in cell.findings)
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def failure_text(test: AuditedTest, replays: Replays) -> str:
    """Return the failure of a test with findings, as in JUnit files."""
    return "\n".join([f"mocksms audit: {count_text(test.cells)}", *finding_lines(findings_of(test), replays)])


def finding_lines(findings: Sequence[AuditFinding], replays: Replays) -> Iterator[str]:
    """Iterate over the lines of some findings."""
    for finding in findings:
        yield finding.title
        yield from finding.lines(replays)
