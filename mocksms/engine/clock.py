"""Clocks: they show real time until they are frozen. The only module that reads the time of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

timer: Final = time.perf_counter
"""Seconds of a clock for measuring durations."""


_NEVER: Final = datetime.min.replace(tzinfo=UTC)
"""Made once, since each account has a clock."""


class SteadyTime:
    """Seconds that time-freezing test libraries cannot stop, since those replace only names in modules."""

    seconds = staticmethod(time.monotonic)


def system_time() -> datetime:
    """Return the time of the machine, timezone-aware, in UTC."""
    return datetime.now(UTC)


class ClockReading(NamedTuple):
    """What a clock shows at an instant of real time, and whether it is frozen there."""

    now: datetime
    real: datetime
    is_frozen: bool


class Clock:
    """A clock that can be frozen, resumed and moved.

    Args:
        source: returns real time, timezone-aware, in UTC.
    """

    def __init__(self, source: Callable[[], datetime] = system_time) -> None:
        self._source = source
        self._ahead = timedelta()
        self._frozen_at: datetime | None = None
        self._held_at: datetime | None = None
        self._held_since = _NEVER

    @property
    def frozen(self) -> bool:
        """Whether time is frozen."""
        return self._frozen_at is not None

    @property
    def held(self) -> bool:
        """Whether time is held."""
        return self._held_at is not None

    @property
    def runs(self) -> bool:
        """Whether time is neither frozen nor held."""
        return self._frozen_at is None and self._held_at is None

    def now(self) -> datetime:
        """Return the time of this clock, timezone-aware, in UTC."""
        return self._held_at or self._frozen_at or (self._source() + self._ahead if self._ahead else self._source())

    def copy(self) -> Clock:
        """Return a clock with the same time, frozen or held if this one is."""
        clock = Clock(self._source)
        clock._ahead, clock._frozen_at = self._ahead, self._frozen_at
        clock._held_at, clock._held_since = self._held_at, self._held_since
        return clock

    def read_from(self, source: Callable[[], datetime]) -> None:
        """Take real time from another source; the difference to it stays, and a frozen time too."""
        self._source = source

    def real(self) -> datetime:
        """Return the real time."""
        return self._source()

    def reading(self) -> ClockReading:
        """Return what this clock shows; a held one as if it was released."""
        real = self._source()
        now = self._held_at or self._frozen_at or real + self._ahead
        return ClockReading(now, self._held_since if self.held else real, self.frozen)

    def restore(self, reading: ClockReading) -> None:
        """Be frozen at the time of a reading, or run on as the clock that was read."""
        self._held_at, self._frozen_at = None, reading.now if reading.is_frozen else None
        self._ahead = reading.now - reading.real

    def freeze(self, real: datetime | None = None) -> None:
        """Freeze time. With the real time as `real`, several clocks stop at the same instant."""
        self._frozen_at = self._frozen_at or self._held_at or (real or self._source()) + self._ahead

    def resume(self) -> None:
        """Resume time from the instant at which it is frozen."""
        if self._frozen_at is not None:
            self._ahead = self._frozen_at - self._source()
            self._frozen_at = None

    def hold(self) -> None:
        """Hold time until `release`: only moves change it, for an operation in several steps."""
        self._held_at, self._held_since = self.now(), self._source()

    def release(self) -> None:
        """End `hold`: a frozen clock stays at its time, any other runs on, with the real time since `hold` added."""
        if self._held_at is None:
            return
        if self._frozen_at is not None:
            self._frozen_at = self._held_at
        else:
            self._ahead = self._held_at - self._held_since
        self._held_at = None

    def move_to(self, instant: datetime) -> None:
        """Move forward to an instant; an earlier one has no effect."""
        missing = instant - self.now()
        if missing > timedelta():
            self._move(instant, missing)

    def set_back(self, instant: datetime) -> None:
        """Move back to an instant; a later one has no effect."""
        missing = instant - self.now()
        if missing < timedelta():
            self._move(instant, missing)

    def _move(self, instant: datetime, missing: timedelta) -> None:
        if self._held_at is not None:
            self._held_at = instant
        elif self._frozen_at is not None:
            self._frozen_at = instant
        else:
            self._ahead += missing


class Stopwatch:
    """Measures real seconds since its creation, also while a test library freezes time."""

    def __init__(self) -> None:
        self._started = SteadyTime.seconds()

    @property
    def seconds(self) -> float:
        """Seconds that have passed."""
        return SteadyTime.seconds() - self._started
