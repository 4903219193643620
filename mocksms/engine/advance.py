"""Advance of a clock: from due instant to due instant, each with its callbacks, to a target."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from mocksms.engine.account import Account
from mocksms.engine.clock import Clock
from mocksms.engine.engine import Engine
from mocksms.engine.steps import Steps
from mocksms.sms.message import Message


class Advance:
    """Moves the clock of one account, or all clocks, to a target.

    Meanwhile the clocks are held at the instant that was reached. At each instant, the caller waits for the callbacks
    that are due and the sends they cause. As a context manager, it releases the clocks at its end.

    Args:
        engine: the engine.
        account: the account, None for all.
        target: a duration, or an instant for all clocks that is not in the past of any.
        on_end: called at the end.
    """

    def __init__(
        self, engine: Engine, account: Account | None, target: timedelta | datetime, on_end: Callable[[Advance], object]
    ) -> None:
        self.account = account
        self._engine = engine
        self._on_end = on_end
        self._clock = engine.accounts.clock if account is None else account.clock
        self._starts: dict[Clock, datetime] = {}
        for clock in self._all_clocks():
            clock.hold()
            self._starts[clock] = clock.now()
        self._common_start: datetime | None = None
        if isinstance(target, datetime):
            self._common_start = min(self._starts.values())
            target = max(target - self._common_start, timedelta())
        self._total = target
        self._progress = timedelta()  # since the start of each clock, or since the common start
        self._generation = 0
        self._generations = [0]
        self._last_records = [engine.cursor]  # the last record of each entry in `_generations`
        engine.outbox.check_due()

    @property
    def now(self) -> datetime:
        """The instant that was reached."""
        return self._clock.now()

    @property
    def target(self) -> datetime:
        """The instant to reach."""
        return self._time_of(self._clock, self._total)

    @property
    def is_complete(self) -> bool:
        """Whether the target is reached, and nothing more is due."""
        return self._progress >= self._total and not self._due()

    def to_next_callbacks(self) -> Steps[None]:
        """Move to the next instant at which callbacks are due, at most to the target, and apply what is due by then."""
        self._generation = 0
        due = self._due()
        while due:
            progress, index, account = heapq.heappop(due)
            self._progress = max(progress, self._progress)
            account.clock.move_to(self._time_of(account.clock, self._progress))
            yield from self._engine.catch_up(account)
            if account.callbacks.is_busy(account.clock.now()):
                self._generation = self._generation_of(account)
                break
            self._add_due(due, index, account)
            yield
        else:
            self._progress = self._total
        for clock in self._all_clocks():
            if clock.held:
                clock.move_to(self._time_of(clock, self._progress))
        self._engine.outbox.check_due()

    def end_instant(self) -> int:
        """Note which sends the callbacks of this instant caused.

        Returns:
            how many callbacks led to these sends, each with a send that the callback before caused; 0 without sends.
        """
        if self._engine.cursor == self._last_records[-1]:
            return 0
        self._generations.append(self._generation + 1)
        self._last_records.append(self._engine.cursor)
        return self._generations[-1]

    def latest_message(self) -> Message | None:
        """Return the latest message of the account, or of all."""
        accounts = self._engine.accounts if self.account is None else (self.account,)
        messages = (each.messages.at(each.messages.newest or 0) for each in accounts)
        return max(filter(None, messages), key=lambda message: message.sequence, default=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for clock in (*self._starts, *self._all_clocks()):
            clock.release()
        self._on_end(self)

    def _all_clocks(self) -> list[Clock]:
        if self.account is not None:
            return [self.account.clock]
        return [self._engine.accounts.clock, *(account.clock for account in self._engine.accounts)]

    def _due(self) -> list[tuple[timedelta, int, Account]]:
        """Return a heap of the accounts with something due up to the target, by the progress at which it is due."""
        accounts = self._engine.accounts if self.account is None else [self.account]
        due: list[tuple[timedelta, int, Account]] = []
        for index, account in enumerate(accounts):
            self._add_due(due, index, account)
        return due

    def _add_due(self, due: list[tuple[timedelta, int, Account]], index: int, account: Account) -> None:
        at = account.next_due_at
        if at is None or not account.clock.held or not self._engine.accounts.holds(account):
            return
        progress = at - (self._common_start or self._start_of(account.clock))
        if progress <= self._total:
            heapq.heappush(due, (progress, index, account))

    def _start_of(self, clock: Clock) -> datetime:
        """Return the start of a clock; the clock of a new account is a copy."""
        return self._starts.get(clock, self._starts[self._clock])

    def _time_of(self, clock: Clock, progress: timedelta) -> datetime:
        if self._common_start is None:
            return self._start_of(clock) + progress
        return max(self._start_of(clock), self._common_start + progress)

    def _generation_of(self, account: Account) -> int:
        """Return how many callbacks, each with a send that the one before caused, led to those due or in flight."""
        callbacks = [account.callbacks.get(number) for number in account.callbacks.in_flight]
        callbacks.append(account.callbacks.earliest_due(account.clock.now()))
        origins = [each.details.request or each.number for each in callbacks if each is not None]
        places = (bisect_left(self._last_records, origin) for origin in origins)
        return max((self._generations[place] for place in places if place < len(self._generations)), default=0)
