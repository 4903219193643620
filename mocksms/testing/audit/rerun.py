"""One more run of a test: its setup, call and teardown, of which pytest reports nothing."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

import pytest

from mocksms.engine.clock import SteadyTime
from mocksms.testing.audit.async_limit import cancellable
from mocksms.testing.audit.calls import WatchedRun, watch_run
from mocksms.testing.audit.code_filter import CodeFilter
from mocksms.testing.audit.time_limit import TimeLimit
from mocksms.testing.described_errors import errors_to
from mocksms.testing.session import RunningTest
from mocksms.testing.stash_keys import RUN
from mocksms.testing.undelivered import find_undelivered


class Rerun(NamedTuple):
    """A run of a test.

    `error` is what it raised first, None if it passed. `watched` is what else happened. `run`
    is the test with its account, None if its setup did not come to the fixture `mocksms`. `seconds` are in real time.
    """

    error: BaseException | None
    watched: WatchedRun
    run: RunningTest | None
    seconds: float
    timed_out: bool


def run_again(
    item: pytest.Function, stash: pytest.Stash, code: CodeFilter, limit: timedelta, *, with_calls: bool = False
) -> Rerun:
    """Run a test again. Fixtures of wider scope than the function stay as they are.

    Only KeyboardInterrupt and `pytest.exit` come out of it. Warnings are ignored: those of the first run are reported.

    Args:
        item: a test that pytest has just torn down.
        stash: what plugins had kept about the test before its teardown.
        code: what is the code of the test.
        limit: how long the setup and the call may last, and the teardown again.
        with_calls: note what the calls of the test return, too.
    """
    twin = _copy_of(item, stash)
    started = SteadyTime.seconds()
    time_limit = TimeLimit(limit)
    with warnings.catch_warnings(record=True), watch_run(code, with_calls=with_calls) as watched:
        if iscoroutinefunction(twin.obj):
            twin.obj = cancellable(twin.obj, time_limit)
        error = error_of(partial(_set_up_and_call, twin), time_limit)
        seconds = SteadyTime.seconds() - started
        timed_out = time_limit.has_ended
        _deliver_callbacks(twin)
        at_end = error_of(lambda: twin.ihook.pytest_runtest_teardown(item=twin, nextitem=item), time_limit)
    error = error or _reported_error(twin) or at_end
    run = twin.stash.get(RUN, None)
    if run is not None:
        run.set_outcome("passed" if error is None else "failed")
    return Rerun(
        error=error,
        watched=watched,
        run=run,
        seconds=seconds,
        timed_out=timed_out or time_limit.has_ended,
    )


def _set_up_and_call(item: pytest.Function) -> None:
    item.ihook.pytest_runtest_setup(item=item)
    item.ihook.pytest_runtest_call(item=item)


def _deliver_callbacks(item: pytest.Function) -> None:
    """Wait for the callbacks that are due, while the receiver still runs: a test may end after the first of two."""
    run = item.stash.get(RUN, None)
    if run is not None:
        with errors_to(lambda _: None):  # what reads the evidence reports it
            find_undelivered(run.sms._handles)


def error_of(call: Callable[[], object], limit: TimeLimit) -> BaseException | None:
    """Return what a call raises. Ctrl+C and `pytest.exit` end the test run, the time limit only the call."""
    try:
        with limit.applied():
            call()
    except pytest.exit.Exception:
        raise
    except KeyboardInterrupt as error:
        if not limit.has_ended:
            raise
        return error
    except BaseException as error:
        return error
    return None


def _reported_error(item: Any) -> BaseException | None:
    """Return the first error that a test has reported without raising it: a TestCase, or a subtest."""
    errors: list[BaseException] = [excinfo.value for excinfo in getattr(item, "_excinfo", None) or ()]
    return next(iter([*item.ihook.errors, *errors]), None)


def is_copy(item: Any) -> bool:
    """Whether a test is a copy that runs again."""
    return isinstance(item.ihook, SilentHooks)


def _copy_of(item: pytest.Function, stash: pytest.Stash) -> pytest.Function:
    """Return a copy of a test with a state of its own: nothing of its run stays in the test.

    It is a sibling of the test, so that pytest tears down what belongs to one run only.
    """
    twin: Any = copy.copy(item)
    twin.__class__ = _silent_kind(type(item))
    twin.stash = twin._store = copy_of_stash(stash)
    twin.own_markers = [*item.own_markers]
    twin.user_properties = [*item.user_properties]
    twin._report_sections = []
    twin.hooks = SilentHooks(item.ihook)
    if getattr(item.obj, "__self__", None) is getattr(item, "_instance", None) is not None:
        del twin._instance, twin._obj  # each run gets a new instance of the class
    twin._initrequest()
    copied: pytest.Function = twin
    return copied


def copy_of_stash(stash: Any) -> pytest.Stash:
    """Return a copy of what plugins have kept about a test, without its account."""
    copied: Any = pytest.Stash()
    copied._storage.update(stash._storage)
    if RUN in copied:
        del copied[RUN]
    result: pytest.Stash = copied
    return result


@cache
def _silent_kind(kind: type[pytest.Function]) -> type[pytest.Function]:
    """Return the class of copies of tests of a class."""
    return type(kind.__name__, (kind,), {"ihook": property(lambda self: self.hooks), "__module__": kind.__module__})


class SilentHooks:
    """The hooks of a test, without its reports: those of subtests, which pytest reports while the test runs."""

    def __init__(self, hooks: Any) -> None:
        self._hooks = hooks
        self.errors: list[BaseException] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hooks, name)

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Keep the error of a subtest."""
        if call.excinfo is not None and not isinstance(call.excinfo.value, pytest.skip.Exception):
            self.errors.append(call.excinfo.value)
        return pytest.TestReport.from_item_and_call(item, call)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Report nothing."""

    def pytest_exception_interact(self, **_: object) -> None:
        """Start no debugger."""
