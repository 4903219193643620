"""Time of an account: real until frozen. The only module that asks the machine what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

timer: Final = time.perf_counter
"""Seconds on a clock that only measures how long something took."""


class SteadyTime:
    """Seconds that go by whatever a user's test library makes of time: such libraries replace what modules name."""

    seconds = staticmethod(time.monotonic)


def system_time() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)


class Clock:
    """A clock that can be frozen, moved forward and let run again; it cannot be set back.

    Args:
        source: where real time comes from, aware and in UTC.
    """

    def __init__(self, source: Callable[[], datetime] = system_time) -> None:
        self._source = source
        self._ahead = timedelta()
        self._frozen_at: datetime | None = None

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen_at is not None

    def now(self) -> datetime:
        """Return the time on this clock, aware, in UTC."""
        return self._frozen_at or self._source() + self._ahead

    def copy(self) -> Clock:
        """Return another clock that shows the same time and stands still if this one does."""
        twin = Clock(self._source)
        twin._ahead, twin._frozen_at = self._ahead, self._frozen_at
        return twin

    def real(self) -> datetime:
        """Return the real time, whatever this clock shows."""
        return self._source()

    def freeze(self, real: datetime | None = None) -> None:
        """Let time stand still, as at this real time if it is given: so that several clocks stop together."""
        self._frozen_at = self._frozen_at or (real or self._source()) + self._ahead

    def resume(self) -> None:
        """Let time run on from where it stands."""
        if self._frozen_at is not None:
            self._ahead = self._frozen_at - self._source()
            self._frozen_at = None

    def move_to(self, instant: datetime) -> None:
        """Move forward to an instant; an earlier one changes nothing."""
        missing = instant - self.now()
        if missing <= timedelta():
            return
        if self._frozen_at is not None:
            self._frozen_at = instant
        else:
            self._ahead += missing


class Stopwatch:
    """Measures real seconds from when it is made, also while a test library has the machine's clock stand still."""

    def __init__(self) -> None:
        self._started = SteadyTime.seconds()

    @property
    def seconds(self) -> float:
        """Seconds that have passed."""
        return SteadyTime.seconds() - self._started
