"""Coverage of a test run: a plugin of pytest that measures each test and reports at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mocksms.errors import SettingsError
from mocksms.settings import SessionSettings
from mocksms.testing.coverage_data import CoverageData
from mocksms.testing.coverage_lines import LineKey
from mocksms.testing.coverage_report import report_lines
from mocksms.testing.coverage_traffic import met_lines
from mocksms.testing.described_errors import errors_to
from mocksms.testing.session import MockSession, RunningTest


class RunCoverage:
    """The coverage of one process; that of xdist workers is added to that of their controller.

    Args:
        options: options of the session.
        start: folder in which pytest was started.

    Raises:
        SettingsError: the file of earlier runs cannot be used.
    """

    def __init__(self, options: SessionSettings, start: Path) -> None:
        self._options = options
        self._path = start / options.coverage_file
        self._data = CoverageData()
        self._problems: list[str] = []
        self._run: RunningTest | None = None
        self._met: set[LineKey] = set()
        if options.coverage_append:
            CoverageData().load(self._path)  # a file that cannot be used ends the run before its tests

    def use(self, session: MockSession) -> None:
        """Measure the tests of a session."""
        session.on_traffic = self.measure

    def measure(self, run: RunningTest, requests: Sequence[Mapping[str, Any]]) -> None:
        """Add what a test has met so far: its requests, as they were read, and the callbacks of its accounts."""
        if run is not self._run:
            self._run, self._met = run, set()
        with errors_to(lambda text: self._problems.append(f"a test was not measured: {text}")):
            restored = max(handle._restored_up_to for handle in run.sms._handles)
            after = max(restored, run.since)
            callbacks = [
                callback
                for handle in run.sms._handles
                if handle._can_have_callbacks()
                for callback in handle._callbacks(since=after)
            ]
            met = met_lines([row for row in requests if row["id"] > after], callbacks)
            self._data.add_test(met - self._met)
            self._met |= met

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the file, and fail the run if the coverage is too low; an xdist worker sends its data instead."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["mocksms_coverage"], output["mocksms_coverage_problems"] = self._data.rows(), self._problems
            return
        try:
            if self._options.coverage_append:
                self._data.load(self._path)
            self._data.save(self._path)
        except (OSError, SettingsError) as error:
            self._problems.append(f"the file is not written: {error}")
        if self._data.percent < self._options.coverage_fail_under and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the data of an xdist worker."""
        output = getattr(node, "workeroutput", {})
        self._data.add_rows(output.get("mocksms_coverage", ()))
        self._problems += output.get("mocksms_coverage_problems", ())

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the report."""
        terminalreporter.section("mocksms coverage")
        for text in report_lines(self._data):
            terminalreporter.line(text)
        terminalreporter.line(f"JSON report: {self._path}")
        for problem in self._problems:
            terminalreporter.line(f"incomplete: {problem}", red=True)
        least, percent = self._options.coverage_fail_under, self._data.percent
        if percent < least:
            terminalreporter.line(f"FAIL mocksms coverage of {least}% is required, but it is {percent}%", red=True)
