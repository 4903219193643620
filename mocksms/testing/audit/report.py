"""Report of the audit: the section at the end of the test run, and the JSON file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from mocksms.errors import escape
from mocksms.settings import SessionSettings
from mocksms.state.errors import counted
from mocksms.testing.audit.cells import AuditedTest
from mocksms.testing.audit.findings import count_text, failure_text, findings_of
from mocksms.testing.audit.replay import Replays, audit_option
from mocksms.testing.audit.table import legend, markup, table, write_pieces
from mocksms.testing.described_errors import errors_to
from mocksms.testing.json_file import write_json

TITLE: Final = "mocksms audit"

REPLAY_HINT: Final = "A replay is a usual run of the test, which may pass. The verdict shows again with"


class AuditReport:
    """What the audit of a test run has found.

    Args:
        options: options of the session.
        replays: how to replay a finding.
        config: the configuration of pytest.
    """

    def __init__(self, options: SessionSettings, replays: Replays, config: pytest.Config) -> None:
        self._options = options
        self._replays = replays
        self._config = config
        self._found: dict[str, AuditedTest] = {}
        self._problems: list[str] = []
        self.silent = 0
        """Tests that use the mock and send nothing."""

    def add(self, test: AuditedTest) -> None:
        """Add a test, and write the scenario files of its findings."""
        self._found[test.test] = test
        for cell in test.cells:
            if cell.scenario is not None:
                with errors_to(lambda text: self._problems.append(f"a scenario file is not written: {text}")):
                    self._replays.write(cell)

    def write(self) -> None:
        """Write the JSON file, if there is to be one."""
        if self._options.audit_report:
            path = self._replays.start / self._options.audit_report
            with errors_to(lambda text: self._problems.append(f"the JSON file is not written: {text}")):
                write_json(path, [*self._rows()])

    def print_to(self, reporter: Any) -> None:
        """Print the section of the report."""
        reporter.section(TITLE)
        audited = [test for test in self._tests() if test.cells]
        if audited:
            self._print_table(reporter, audited)
        self._print_findings(reporter, audited)
        self._print_exceptions(reporter)
        for problem in self._problems:
            reporter.line(f"incomplete: {problem}", red=True)
        for text, colour in self._summary(audited):
            reporter.line(text, **markup(colour))

    def _print_table(self, reporter: Any, tests: list[AuditedTest]) -> None:
        width = reporter._tw.fullwidth
        for pieces in table(tests, width):
            write_pieces(reporter, pieces)
            reporter.line("")
        reporter.line("")
        for text in legend(tests, width):
            reporter.line(text)

    def _print_findings(self, reporter: Any, tests: list[AuditedTest]) -> None:
        findings = findings_of(tests)
        for finding in findings:
            reporter.line("")
            reporter.line(finding.title, red=True, bold=True)
            for text in finding.lines(self._replays):
                reporter.line(text)
        if findings:
            reporter.line("")
            reporter.line(REPLAY_HINT)
            option = max((audit_option(found.cell) for finding in findings for found in finding.cells), key=len)
            reporter.line(f"{option} --mocksms-audit-only NAME")

    def _print_exceptions(self, reporter: Any) -> None:
        """Print which findings are allowed, and which tests are audited in part or not, each with the reason."""
        allowed = [(test, names) for test in self._tests() if (names := allowed_text(test))]
        if allowed:
            reporter.line("")
            reporter.line("allowed", bold=True)
        for test, names in allowed:
            reporter.line(f"  {test.test}: {names} ({test.reason or 'mocksms_audit_allow'})", yellow=True)
        self._print_reasons(reporter, "audited in part", {test.test: test.note for test in self._tests() if test.cells})
        self._print_reasons(reporter, "not audited", {test.test: test.not_audited for test in self._tests()})
        reporter.line("")

    def _print_reasons(self, reporter: Any, title: str, reasons: Mapping[str, str]) -> None:
        """Print the tests that have a reason, if there are any."""
        given = {test: reason for test, reason in reasons.items() if reason}
        if given:
            reporter.line("")
            reporter.line(title, bold=True)
        for test, reason in given.items():
            reporter.line(f"  {test}: {escape(reason)}", yellow=True)

    def _summary(self, audited: list[AuditedTest]) -> Iterator[tuple[str, str]]:
        """Iterate over the lines at the end, each with its colour."""
        cells = [cell for test in audited for cell in test.cells]
        found, tests = count_text(cells), sum(bool(test.finding_cells) for test in audited)
        if found:
            yield f"findings in {counted(tests, 'test')}: {found}", "red"
        elif audited:
            yield "no findings", "green"
        left_out = sum(bool(test.not_audited) for test in self._found.values())
        parts = [f"{counted(len(audited), 'test')} audited in {counted(len(cells), 'run')}"]
        parts += [f"{left_out} not audited"] if left_out else []
        parts += [f"{self.silent} without a message"] if self.silent else []
        yield ", ".join(parts), ""

    def _tests(self) -> list[AuditedTest]:
        """Return the tests as they ran; those of several workers by their names, which is the same in each run."""
        is_parallel = self._config.pluginmanager.hasplugin("dsession")
        return sorted(self._found.values(), key=lambda each: each.test) if is_parallel else [*self._found.values()]

    def _rows(self) -> Iterator[dict[str, Any]]:
        for test in self._tests():
            for cell in test.cells:
                yield {
                    "test": test.test,
                    "variation": cell.variation,
                    "verdicts": [*cell.verdicts],
                    "allowed": [*cell.allowed],
                    "detail": cell.detail,
                    "replay": self._replays.command_for(test.test, cell),
                }


def allowed_text(test: AuditedTest) -> str:
    """Return the allowed verdicts of a test, each with its variations; empty if there are none."""
    names: dict[str, list[str]] = {}
    for cell in test.cells:
        for verdict in cell.allowed:
            names.setdefault(verdict, []).append(cell.variation)
    return ", ".join(f"{verdict} with {', '.join(variations)}" for verdict, variations in names.items())


def failure_of(test: AuditedTest, replays: Replays) -> Any:
    """Return the failure of a test with findings, as pytest keeps it in a report."""
    try:
        pytest.fail(failure_text(test, replays), pytrace=False)
    except pytest.fail.Exception as error:
        return pytest.ExceptionInfo.from_exception(error).getrepr(style="value")
