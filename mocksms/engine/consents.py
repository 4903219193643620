"""The consent ledger of one account: every opt-out and opt-in, with its time and its cause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from mocksms.engine.bounded import BoundedLog, NumberIndex
from mocksms.sms.replies import Choice


class Consent(NamedTuple):
    """A number opted out or in: its place among all a mock keeps, the digits, when, which, and why in words."""

    number: int
    digits: str
    at: datetime
    choice: Choice
    cause: str


class ConsentLedger:
    """The choices of recipients in the order they were made, at most `limit`; beyond it the oldest are evicted.

    Who has opted out from the start, by options or a scenario, has chosen nothing here.
    """

    def __init__(self, limit: int) -> None:
        self._log: BoundedLog[Consent] = BoundedLog(limit)
        self._by_digits = NumberIndex()

    def __len__(self) -> int:
        return len(self._log)

    @property
    def evicted(self) -> int:
        """How many have gone to make room."""
        return self._log.evicted

    @property
    def evicted_up_to(self) -> int:
        """The highest number among those that have gone, 0 when none has."""
        return self._log.evicted_up_to

    def add(self, consent: Consent) -> None:
        """Keep a new entry."""
        gone = self._log.add(consent.number, consent)
        self._by_digits.add(consent.digits, consent.number)
        if gone is not None:
            self._by_digits.evict(gone.digits, self._log.first or 0)

    def newest_first(self, after: int = 0, digits: str | None = None, before: int | None = None) -> Iterator[Consent]:
        """Iterate over the entries after a cursor and before another, of one number or of all, newest first."""
        if digits is None:
            return self._log.newest_first(after, before)
        return filter(None, map(self._log.get, self._by_digits.newest_first(digits, after, before)))
