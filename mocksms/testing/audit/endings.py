"""Endings: how a run of a test ended, and which errors came out of the application."""

from __future__ import annotations

import unittest
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from itertools import takewhile
from typing import Final, NamedTuple

import pytest

from mocksms.testing.audit.calls import ApplicationCall, WatchedRun
from mocksms.testing.audit.code_filter import CodeFilter, CodeOwner, FramePlace
from mocksms.testing.audit.known_errors import Tracebacks, is_known, leaves
from mocksms.testing.audit.options import AuditOptions
from mocksms.testing.audit.statements import is_about_mock
from mocksms.testing.described_errors import describe_error

WAITS: Final = frozenset({"wait_for", "assert_callback", "wait_for_request"})
"""The methods of the handle that wait for what the application does later."""

OUTCOMES: Final = (pytest.fail.Exception, pytest.skip.Exception, pytest.exit.Exception, unittest.SkipTest)


class EndingKind(StrEnum):
    """How a test ended.

    `expectation`: an expectation of the test about its application failed. `mock`: only one about what the mock
    received, such as `assert_sent`. `waiting`: a method of mocksms that waits, such as `wait_for`, timed out.
    `raised`: an error that the application is known to raise came out of it. `crashed`: another one did. `hung`: the
    time limit ended it.
    """

    PASSED = "passed"
    EXPECTATION = "expectation"
    MOCK = "mock"
    WAITING = "waiting"
    RAISED = "raised"
    CRASHED = "crashed"
    HUNG = "hung"


class ApplicationError(NamedTuple):
    """An error out of application code: its class and text, its place, and whether it is a known one."""

    text: str
    where: str
    is_known: bool


class Ending(NamedTuple):
    """How a run of a test ended.

    `test` is how the test itself ended, `message` the text of its error, or where the time limit ended it. `errors` are
    the errors out of application code, those that others reported included. `seconds` are in real time. `calls` are
    those of the test to other code.
    """

    test: EndingKind
    message: str = ""
    errors: tuple[ApplicationError, ...] = ()
    seconds: float = 0.0
    calls: tuple[ApplicationCall, ...] = ()

    @property
    def kind(self) -> EndingKind:
        """The most serious thing that happened."""
        if self.test is EndingKind.HUNG:
            return EndingKind.HUNG
        if self.crash is not None:
            return EndingKind.CRASHED
        return EndingKind.RAISED if self.errors else self.test

    @property
    def crash(self) -> ApplicationError | None:
        """The first error that the application is not known to raise, None if there is none."""
        return next((each for each in self.errors if not each.is_known), None)

    @property
    def error(self) -> str:
        """Class and text of the error that matters most, such as `KeyError: 'id'`; empty if there is none."""
        found = self.crash or next(iter(self.errors), None)
        return self.message if found is None else found.text

    @property
    def where(self) -> str:
        """Its place in the application, such as `shop/sms.py:41 in send`; empty if it is not in there."""
        found = self.crash or next(iter(self.errors), None)
        return "" if found is None else found.where


def ending_of(
    error: BaseException | None,
    code: CodeFilter,
    watched: WatchedRun,
    options: AuditOptions,
    *,
    seconds: float = 0.0,
    timed_out: bool = False,
    usual: Collection[ApplicationError] = (),
) -> Ending:
    """Return how a run ended.

    Args:
        error: what came out of the test (setup, call or teardown), None if it passed.
        code: what is the code of the test.
        watched: what `watch_run` noted.
        options: options of the audit.
        seconds: how long the run took, in real time.
        timed_out: whether the time limit ended it.
        usual: errors that the application raises without a variation, too; they are left out.
    """
    reported = [leaf for report in watched.errors for leaf in leaves(report.error)]
    errors = [each for leaf in reported for each in _application_errors(*leaf, code, options.raises)]
    kind, message = EndingKind.PASSED, ""
    if timed_out or (error is None and seconds >= options.timeout.total_seconds()):
        kind, message = _kind_at_limit(error, code)
    elif error is not None:
        own = [each for leaf in leaves(error) for each in _own_errors(*leaf, code, options.raises)]
        kind, message, errors = _kind_of(error, own, code), describe_error(error), [*own, *errors]
    new = [each for each in errors if each not in usual]
    return Ending(kind, message, tuple(new), seconds, tuple(watched.calls))


def _kind_at_limit(error: BaseException | None, code: CodeFilter) -> tuple[EndingKind, str]:
    """Return what the time limit means, and where the application was: a test that waits for it does not hang."""
    places = [place for each in _chain(error) for place in code.places([each.__traceback__])]
    if any(_method(place) in WAITS for place in places if place.owner is CodeOwner.MOCKSMS):
        return EndingKind.WAITING, "the time limit ended a wait of the test"
    own = [place for place in places if place.owner in (CodeOwner.TEST, CodeOwner.APPLICATION)]
    return EndingKind.HUNG, code.describe(own[-1]) if own and own[-1].owner is CodeOwner.APPLICATION else ""


def _kind_of(error: BaseException, own: Sequence[ApplicationError], code: CodeFilter) -> EndingKind:
    """Return how an error ends a test; `own` are the errors of the application in it."""
    if own:
        return EndingKind.RAISED if all(each.is_known for each in own) else EndingKind.CRASHED
    return _failure_kind(error, code)


def _own_errors(
    error: BaseException, traces: Tracebacks, code: CodeFilter, raises: Collection[str]
) -> Iterator[ApplicationError]:
    """Yield an error that ended a test, if application code raised it: its innermost frame outside of libraries."""
    places = [place for place in code.places(traces) if place.owner is not CodeOwner.LIBRARY]
    if not places or places[-1].owner is not CodeOwner.APPLICATION or _is_outcome(error):
        return
    if isinstance(error, AssertionError) and _is_test_file(places[-1], code):
        return
    yield _described(error, places[-1], code, raises)


def _application_errors(
    error: BaseException, traces: Tracebacks, code: CodeFilter, raises: Collection[str]
) -> Iterator[ApplicationError]:
    """Yield an error that others reported, if it went through application code.

    The time limit ends a test by an outcome of pytest. It can strike in another task, which then reports it, or reports
    what came of it.
    """
    places = [place for place in code.places(traces) if place.owner is CodeOwner.APPLICATION]
    if places and not any(map(_is_outcome, _chain(error))):
        yield _described(error, places[-1], code, raises)


def _described(error: BaseException, place: FramePlace, code: CodeFilter, raises: Collection[str]) -> ApplicationError:
    return ApplicationError(describe_error(error), code.describe(place), is_known(error, code, raises))


def _failure_kind(error: BaseException, code: CodeFilter) -> EndingKind:
    """Return what kind of expectation failed."""
    _, traces = next(leaves(error))
    places = code.places(traces)
    # Those before the frames of the test are the audit's, which runs it.
    innermost = takewhile(lambda place: place.owner in (CodeOwner.MOCKSMS, CodeOwner.LIBRARY), reversed(places))
    of_mock = [place for place in innermost if place.owner is CodeOwner.MOCKSMS]
    if any(_method(place) in WAITS for place in of_mock):
        return EndingKind.WAITING
    of_test = [place for place in places if place.owner is CodeOwner.TEST]
    if of_mock or (of_test and is_about_mock(of_test[-1].frame, of_test[-1].line)):
        return EndingKind.MOCK
    return EndingKind.EXPECTATION


def _method(place: FramePlace) -> str:
    """Return the name of the function of a frame; of an async form of a method, that of the method."""
    method = place.frame.f_locals.get("method") if place.frame.f_code.co_name == "call" else None
    return str(getattr(method, "__name__", place.frame.f_code.co_name))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Iterate over an error and those during whose handling it was raised."""
    while error is not None:
        yield error
        error = error.__context__


def _is_outcome(error: BaseException) -> bool:
    """Whether an error is how pytest or unittest end a test, such as `pytest.fail`."""
    return isinstance(error, OUTCOMES)


def _is_test_file(place: FramePlace, code: CodeFilter) -> bool:
    """Whether a frame runs code of a file of tests: that of the test, or one whose assertions pytest has rewritten."""
    names = place.frame.f_globals
    return code.owner_of_file(place.frame.f_code.co_filename) is CodeOwner.TEST or "@pytest_ar" in names
