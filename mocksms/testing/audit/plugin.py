"""Audit of a test run: a plugin of pytest that runs each test again with each variation and reports at the end."""

from __future__ import annotations

import faulthandler
from collections.abc import Generator
from typing import Any, Final

import pytest

from mocksms.settings import SessionSettings
from mocksms.testing.audit.cells import AuditedTest
from mocksms.testing.audit.options import options_for
from mocksms.testing.audit.progress import AuditProgress
from mocksms.testing.audit.replay import Replays
from mocksms.testing.audit.report import AuditReport, failure_of
from mocksms.testing.audit.rerun import copy_of_stash, is_copy
from mocksms.testing.audit.runner import TestRunner, node_id
from mocksms.testing.audit.variations import check_choice
from mocksms.testing.described_errors import errors_to
from mocksms.testing.marker import AUDIT_SKIP
from mocksms.testing.session import MockSession
from mocksms.testing.stash_keys import RUN

PASSED: Final[pytest.StashKey[bool | None]] = pytest.StashKey()
"""Whether the call of a test has passed, and all of its subtests; None before it."""
AUDITED: Final[pytest.StashKey[AuditedTest]] = pytest.StashKey()

ROW: Final = "mocksms_audit"
"""Attribute of a report, and key of what xdist workers send and get."""
REPLAY: Final = "mocksms_audit_replay"


class RunAudit:
    """The audit of one process; tests of xdist workers are reported by their controller.

    Args:
        options: options of the session.
        config: the configuration of pytest.

    Raises:
        SettingsError: `audit_only` has a name that no variation has.
    """

    def __init__(self, options: SessionSettings, config: pytest.Config) -> None:
        check_choice(options.audit_only)
        self._options = options
        self._config = config
        self._session: MockSession | None = None
        self._replays = Replays.of(config, options.audit_folder, getattr(config, "workerinput", {}).get(REPLAY))
        self._report = AuditReport(options, self._replays, config)
        self._progress = AuditProgress(config)
        self._shared_messages = 0

    def use(self, session: MockSession) -> None:
        """Audit the tests of a session."""
        self._session = session

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Run a test again, after its own teardown and before that of fixtures of wider scope."""
        is_due = item.stash.get(PASSED, False) and not is_copy(item) and self._session is not None
        if AUDITED in item.stash:  # a plugin that runs failed tests again
            return
        if not is_due or item.session.shouldstop or item.session.shouldfail:
            return
        run, stash = item.stash.get(RUN, None), copy_of_stash(item.stash)
        _tear_down(item, nextitem)
        has_sent = run is not None and run.has_sent
        audited = self._audit(item, stash) if has_sent else self._audit_shared(item)
        if audited is not None:
            item.stash[AUDITED] = audited

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Note whether the call has passed, and fail the teardown of a test with findings."""
        report: Any = yield
        if call.when == "setup":
            item.stash[PASSED] = None
        elif call.when == "call":
            has_passed = report.passed and not hasattr(report, "wasxfail")
            item.stash[PASSED] = item.stash.get(PASSED, None) is not False and has_passed
        elif call.when == "teardown" and AUDITED in item.stash:
            audited = item.stash[AUDITED]
            report.mocksms_audit = audited.to_row()
            found = audited.finding_cells
            report.user_properties += [(f"mocksms-audit: {cell.variation}", ", ".join(cell.findings)) for cell in found]
            if found and report.passed:
                report.outcome, report.longrepr = "failed", failure_of(audited, self._replays)
                report._pdbshown = True  # the section of the audit has it, not the errors of pytest
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Collect the cells of a test."""
        row = getattr(report, ROW, None)
        if row is not None:
            audited = AuditedTest.from_row(row)
            self._report.add(audited)
            self._progress.show(audited)

    def pytest_sessionfinish(self) -> None:
        """Write the JSON file; an xdist worker sends its count instead."""
        output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[ROW] = self._report.silent
        else:
            self._report.write()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker how to replay its tests."""
        node.workerinput[REPLAY] = self._replays.command

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the count of an xdist worker."""
        self._report.silent += getattr(node, "workeroutput", {}).get(ROW, 0)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the report."""
        self._report.print_to(terminalreporter)

    def _audit(self, item: pytest.Item, stash: pytest.Stash) -> AuditedTest | None:
        """Audit a test that has sent messages."""
        assert self._session is not None
        run = item.stash[RUN]
        audit: Any = run.marker.audit
        if audit == AUDIT_SKIP:
            return AuditedTest(test=node_id(item), not_audited='audit="skip" of its marker')
        if not isinstance(item, pytest.Function):
            return AuditedTest(test=node_id(item), not_audited="it is not a test function")
        runner = TestRunner(item, stash, self._session, options_for(self._options, audit or {}))
        _cancel_timeouts(item)
        with self._progress.of(item) as show:
            return runner.audit(run, show)

    def _audit_shared(self, item: pytest.Item) -> AuditedTest | None:
        """Return why a test is not audited that sends with the key of the session; count those that send nothing."""
        assert self._session is not None
        if RUN in item.stash:
            self._report.silent += 1
        if "mocksms_server" not in getattr(item, "fixturenames", ()):
            return None
        total = self._shared_messages
        with errors_to(lambda _: None):
            total = self._session.mock.api("GET", "messages", limit=1)["total"]
        has_grown, self._shared_messages = total > self._shared_messages, total
        if not has_grown:
            return None
        reason = "it sends with mocksms_server.api_key, whose account is shared by all tests: use the fixture mocksms"
        return AuditedTest(test=node_id(item), not_audited=reason)


def _tear_down(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Tear down a test, and its fixtures of wider scope only if that fails: pytest goes on with them otherwise."""
    state: Any = item.session._setupstate
    try:
        state.teardown_exact(item.parent)
    except BaseException:
        state.teardown_exact(nextitem)
        raise


def _cancel_timeouts(item: pytest.Item) -> None:
    """Cancel the timeouts for the whole test, of pytest and of pytest-timeout: the audit has its own."""
    faulthandler.cancel_dump_traceback_later()
    cancel = getattr(item.ihook, "pytest_timeout_cancel_timer", None)
    if cancel is not None:
        cancel(item=item)
