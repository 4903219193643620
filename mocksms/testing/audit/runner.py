"""Audit of one test: runs it again with each variation, and judges each run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from mocksms.sms.durations import format_duration
from mocksms.sms.message import State, Status
from mocksms.testing.audit.cells import AuditedTest, Cell, cell_of
from mocksms.testing.audit.code_filter import CodeFilter
from mocksms.testing.audit.endings import ApplicationError, EndingKind, ending_of
from mocksms.testing.audit.evidence import RunEvidence, read_evidence
from mocksms.testing.audit.options import AuditOptions
from mocksms.testing.audit.rerun import Rerun, run_again
from mocksms.testing.audit.variations import Variation, variations_for
from mocksms.testing.audit.verdicts import Judgement, Verdict, judge
from mocksms.testing.described_errors import describe_error, errors_to
from mocksms.testing.marker import is_grouped
from mocksms.testing.session import MockSession, RunningTest

LINE_END: Final = r"\n"
"""A line end, as errors are described."""


def node_id(item: pytest.Item) -> str:
    """Return the node id of a test, without the group that xdist adds to it."""
    return item.nodeid.rpartition("@")[0] if is_grouped(item.nodeid) else item.nodeid


class TestRunner:
    """Runs one test again and again.

    Args:
        item: a test that passed, and that pytest has torn down.
        stash: what plugins had kept about the test before its teardown.
        session: the session of the test.
        options: options of the audit for this test.
    """

    __test__ = False

    def __init__(self, item: pytest.Function, stash: pytest.Stash, session: MockSession, options: AuditOptions) -> None:
        self._item = item
        self._stash = stash
        self._test = node_id(item)
        self._code = CodeFilter.of(item)
        self._session = session
        self._options = options
        self._usual: tuple[ApplicationError, ...] = ()
        self._note = ""
        self._waits = False

    def audit(self, run: RunningTest, on_cell: Callable[[Cell], object]) -> AuditedTest:
        """Run the test once without and once with each variation.

        Args:
            run: the run of the test that pytest has reported.
            on_cell: is called with each cell as soon as it is known.
        """
        cells: list[Cell] = []
        problems: list[str] = []
        with errors_to(lambda text: problems.append(f"a run cannot be judged: {text}")):
            baseline = read_evidence(run)
            variations = variations_for(baseline, self._options)
            if not variations:
                return AuditedTest(test=self._test)
            control = self._run(None)
            if problem := self._problem_of(control):
                problems.append(problem)
            self._note_baseline(baseline)
            self._usual = ending_of(None, self._code, control.watched, self._options).errors
            for variation in () if problem else variations:
                cells.append(self._cell(variation, baseline))
                on_cell(cells[-1])
        return AuditedTest(
            test=self._test,
            cells=() if problems else tuple(cells),
            not_audited="".join(problems[:1]),
            reason=self._options.reason,
            note=self._note,
        )

    def _note_baseline(self, baseline: RunEvidence) -> None:
        """Note that two verdicts need an SMS that arrives: an application can have numbers that are never valid."""
        if baseline.messages and all(each.status == Status.INVALID for each in baseline.messages):
            state = State.INVALID
            self._note = (
                f"its SMS are {state} without a variation, too: no {Verdict.SENT_TWICE}, no {Verdict.CLAIMED_SENT}"
            )

    def _cell(self, variation: Variation, baseline: RunEvidence) -> Cell:
        """Run the test with a variation, and judge it; once more if it depends on what the calls of the test return.

        A test that waits in vain takes long: its next runs note the calls at once. If an application that keeps state
        sends nothing in its second run, what else the first one showed counts.
        """
        has_calls = self._waits
        judged = self._judged(variation, baseline, with_calls=has_calls)
        is_open = self._waits or any(each.verdict is Verdict.CLAIMED_SENT for each in judged)
        if is_open and not has_calls:
            again = self._judged(variation, baseline, with_calls=True)
            is_applied = again[0].verdict is not Verdict.NOT_APPLIED
            judged = again if is_applied else _certain(judged) or again
        return cell_of(variation, judged, self._options)

    def _judged(self, variation: Variation, baseline: RunEvidence, *, with_calls: bool = False) -> list[Judgement]:
        rerun = self._run(variation, with_calls=with_calls)
        if rerun.run is None:
            assert rerun.error is not None
            raise rerun.error
        ending = ending_of(
            rerun.error,
            self._code,
            rerun.watched,
            self._options,
            seconds=rerun.seconds,
            timed_out=rerun.timed_out,
            usual=self._usual,
        )
        self._waits = self._waits or ending.kind is EndingKind.WAITING
        evidence = read_evidence(rerun.run)
        if not evidence.sends and not self._note:
            self._note = f"it sends nothing with {variation.name}: its application keeps state of earlier runs"
        return judge(variation, baseline, evidence, ending, self._options)

    def _run(self, variation: Variation | None, *, with_calls: bool = False) -> Rerun:
        with self._with_variation(variation):
            return run_again(self._item, self._stash, self._code, self._options.timeout, with_calls=with_calls)

    @contextmanager
    def _with_variation(self, variation: Variation | None) -> Iterator[None]:
        session = self._session
        session.is_silent = True
        session.variation = None if variation is None else variation.scenario
        session.label_note = f" (audit: {'no variation' if variation is None else variation.name})"
        try:
            yield
        finally:
            session.variation, session.is_silent, session.label_note = None, False, ""

    def _problem_of(self, control: Rerun) -> str:
        """Return why the test cannot be audited, after a run without a variation; empty if it can."""
        if control.timed_out:
            return f"it does not end within {format_duration(self._options.timeout)} (mocksms_audit_timeout)"
        if control.error is not None:
            return f"it does not pass a second time: {describe_error(control.error).partition(LINE_END)[0]}"
        run = control.run
        if run is None or not (run.has_sent or read_evidence(run).sends):
            return "it sends nothing a second time: its application keeps what it has sent"
        return ""


def _certain(judged: list[Judgement]) -> list[Judgement]:
    """Return the verdicts that do not depend on what the calls of a test return."""
    return [each for each in judged if each.verdict is not Verdict.CLAIMED_SENT]
