"""Outcome of a test, after each report of pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from mocksms.engine.account import TestOutcome


def outcome_of(report: pytest.TestReport, before: TestOutcome | None) -> TestOutcome | None:
    """Return how a test has ended after a report of one of its phases.

    Args:
        report: the report.
        before: the same after the phases before, None without them.
    """
    if before in ("failed", "error"):
        return before
    is_call, is_expected = report.when == "call", hasattr(report, "wasxfail")
    if report.failed:
        return "failed" if is_call else "error"
    if report.skipped:
        return "xfailed" if is_expected else "skipped"
    if not is_call:
        return before
    return "xpassed" if is_expected else "passed"
