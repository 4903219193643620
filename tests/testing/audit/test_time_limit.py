"""The time limit of a run."""

from __future__ import annotations

import signal
import threading
from datetime import timedelta

import pytest

from mocksms.testing.audit.time_limit import TimeLimit

SHORT = timedelta(milliseconds=20)


def wait(limit: TimeLimit) -> BaseException:
    """Wait under a limit, and return what ends the wait."""
    try:
        with limit.applied():
            while True:
                threading.Event().wait(0.005)
    except BaseException as error:
        return error


def test_limit_ends_a_wait() -> None:
    limit = TimeLimit(SHORT)
    assert isinstance(wait(limit), pytest.fail.Exception)
    assert limit.has_ended
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_limit_that_is_not_reached_changes_nothing() -> None:
    limit = TimeLimit(timedelta(seconds=30))
    handler = signal.getsignal(signal.SIGALRM)
    with limit.applied():
        pass
    assert (limit.has_ended, signal.getsignal(signal.SIGALRM)) == (False, handler)


def test_timer_of_another_plugin_goes_on() -> None:
    ended = threading.Event()
    handler = signal.signal(signal.SIGALRM, lambda *_: ended.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.03)
        assert isinstance(wait(TimeLimit(SHORT)), pytest.fail.Exception)
        assert ended.wait(30)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def test_limit_works_without_sigalrm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGALRM")
    limit = TimeLimit(SHORT)
    assert isinstance(wait(limit), KeyboardInterrupt)
    assert limit.has_ended
    unused = TimeLimit(timedelta(seconds=30))
    with unused.applied():
        pass
    assert not unused.has_ended


def test_other_threads_have_no_limit() -> None:
    limit = TimeLimit(SHORT)
    found: list[bool] = []

    def run() -> None:
        with limit.applied():
            found.append(threading.Event().wait(0.05))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert (found, limit.has_ended) == ([False], False)
