"""Time in the hand of a tester: frozen, moved forward, let run again; for one account or for all."""

from __future__ import annotations

from datetime import datetime, timedelta

from mocksms.engine.account import Account
from mocksms.engine.clock import LATEST, Clock
from mocksms.engine.engine import Change, Engine
from mocksms.errors import BeyondCalendar, TimeRunsForward


class Timekeeper:
    """Sets the clocks of an engine. No account means all there are, and those to come begin alike."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def freeze(self, account: Account | None) -> None:
        """Let time stand still."""
        self._settle(account)
        clocks = self._clocks(account)
        real = clocks[0].real()
        for clock in clocks:
            clock.freeze(real)
        self._engine.tell(account, Change.CLOCK)

    def resume(self, account: Account | None) -> None:
        """Let time run on from where it stands."""
        for clock in self._clocks(account):
            clock.resume()
        self._engine.tell(account, Change.CLOCK)

    def advance_by(self, account: Account | None, duration: timedelta) -> None:
        """Move time forward and apply all that becomes due by that, in time order.

        Raises:
            BeyondCalendar: that would be too far.
        """
        clocks = self._clocks(account)
        if duration > LATEST - max(clock.now() for clock in clocks):
            raise BeyondCalendar(LATEST)
        for clock in clocks:
            clock.move_to(clock.now() + duration)
        self._moved(account)

    def advance_to(self, account: Account | None, instant: datetime) -> None:
        """Move time forward to an instant and apply all that becomes due by that, in time order.

        Raises:
            TimeRunsForward: the instant has passed.
            BeyondCalendar: it is too far.
        """
        if instant > LATEST:
            raise BeyondCalendar(LATEST)
        clocks = self._clocks(account)
        latest = max(clock.now() for clock in clocks)
        if instant < latest:
            raise TimeRunsForward(latest, instant)
        for clock in clocks:
            clock.move_to(instant)
        self._moved(account)

    def _moved(self, account: Account | None) -> None:
        self._settle(account)
        self._engine.outbox.look()
        self._engine.tell(account, Change.CLOCK)

    def _settle(self, account: Account | None) -> None:
        for each in tuple(self._engine.accounts) if account is None else (account,):
            self._engine.catch_up(each)

    def _clocks(self, account: Account | None) -> list[Clock]:
        if account is not None:
            return [account.clock]
        return [self._engine.accounts.clock, *(each.clock for each in self._engine.accounts)]
