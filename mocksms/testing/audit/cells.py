"""Results of the audit as data: a cell is one test with one variation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mocksms.testing.audit.options import AuditOptions
from mocksms.testing.audit.variations import Variation
from mocksms.testing.audit.verdicts import Judgement, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The verdicts about one test with one variation, the worst first.

    Args:
        variation: name of the variation.
        kind: its kind.
        about: what it injects.
        verdicts: what the application did, never empty.
        details: for each verdict, what the mock saw; empty for `survived`.
        allowed: those of the verdicts that are harm but allowed.
        scenario: its rules as JSON, if a verdict is harm.
    """

    variation: str
    kind: str
    about: str
    verdicts: tuple[str, ...]
    details: tuple[str, ...]
    allowed: tuple[str, ...] = ()
    scenario: Mapping[str, Any] | None = None

    @property
    def harms(self) -> tuple[str, ...]:
        """The verdicts that are harm, allowed or not."""
        return tuple(each for each in self.verdicts if Verdict(each).is_harm)

    @property
    def findings(self) -> tuple[str, ...]:
        """The verdicts that fail the test."""
        return tuple(each for each in self.harms if each not in self.allowed)

    @property
    def worst(self) -> Verdict:
        """The verdict that the table shows: a finding rather than what is allowed."""
        return Verdict((*self.findings, *self.verdicts)[0])

    @property
    def detail(self) -> str:
        """What the application did."""
        return "; ".join(filter(None, self.details))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedTest:
    """The cells of a test, or why it is not audited.

    `reason` is why its marker allows verdicts, `note` what the cells do not show.
    """

    test: str
    cells: tuple[Cell, ...] = ()
    not_audited: str = ""
    reason: str = ""
    note: str = ""

    @property
    def finding_cells(self) -> list[Cell]:
        """The cells that fail the test."""
        return [cell for cell in self.cells if cell.findings]

    def to_row(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> AuditedTest:
        """Return it from JSON."""
        cells: list[Mapping[str, Any]] = row["cells"]
        return cls(**{**row, "cells": tuple(Cell(**_with_tuples(cell)) for cell in cells)})


def cell_of(variation: Variation, judgements: Iterable[Judgement], options: AuditOptions) -> Cell:
    """Return the cell of a run of a test with a variation."""
    judged = tuple(judgements)
    harms = [each.verdict for each in judged if each.verdict.is_harm]
    return Cell(
        variation=variation.name,
        kind=str(variation.kind),
        about=variation.about,
        verdicts=tuple(str(each.verdict) for each in judged),
        details=tuple(each.detail for each in judged),
        allowed=tuple(str(harm) for harm in harms if harm in options.allow),
        scenario=variation.scenario if harms else None,
    )


def _with_tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list | tuple) else value for name, value in row.items()}
