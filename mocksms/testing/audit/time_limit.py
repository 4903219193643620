"""Time limit for code that runs in this thread."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import pytest

from mocksms.engine.clock import SteadyTime

REPEAT_SECONDS: Final = 0.5
"""How soon the limit ends code again that goes on after it: code that catches every exception."""


def limit_reached() -> BaseException:
    """Return the exception that ends a test: one that applications do not catch, and that plugins expect."""
    return pytest.fail.Exception("the time limit of the audit", pytrace=False)


class TimeLimit:
    """Ends what runs longer than a limit: `with limit.applied(): ...`, for each of several parts in turn.

    It raises an exception in the main thread, which also ends a wait, an event loop and `time.sleep`. In another thread
    there is no limit, since Python cannot interrupt it.
    """

    def __init__(self, limit: timedelta) -> None:
        self._seconds = limit.total_seconds()
        self._is_on = False
        self._cancel: Callable[[], bool] | None = None
        self.has_ended = False
        """Whether the limit ended something."""

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Apply the limit to a block.

        Raises:
            pytest.fail.Exception: the block runs longer. Code that catches everything gets it again and again.
            KeyboardInterrupt: likewise, on a system without SIGALRM.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
        elif hasattr(signal, "SIGALRM"):
            yield from self._by_signal()
        else:
            yield from self._by_thread()

    @contextmanager
    def ended_by(self, cancel: Callable[[], bool]) -> Iterator[None]:
        """End a block by a function; where that returns False, by an exception."""
        self._cancel = cancel
        try:
            yield
        finally:
            self._cancel = None

    def _by_signal(self) -> Iterator[None]:
        def end(*_: object) -> None:
            if self._is_on:
                self.has_ended = True
                if self._cancel is None or not self._cancel():
                    raise limit_reached()

        started = SteadyTime.seconds()
        handler = signal.signal(signal.SIGALRM, end)
        remaining, interval = signal.setitimer(signal.ITIMER_REAL, self._seconds, REPEAT_SECONDS)
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
            if remaining:  # of a timer of somebody else
                left = max(remaining - (SteadyTime.seconds() - started), 0.001)
                signal.setitimer(signal.ITIMER_REAL, left, interval)

    def _by_thread(self) -> Iterator[None]:
        done = threading.Event()

        def end() -> None:
            seconds = self._seconds
            while not done.wait(seconds):
                self.has_ended, seconds = True, REPEAT_SECONDS
                _thread.interrupt_main()

        thread = threading.Thread(target=end, name="mocksms-time-limit", daemon=True)
        # A process that was started in the background may ignore the signal.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            signal.signal(signal.SIGINT, handler)
