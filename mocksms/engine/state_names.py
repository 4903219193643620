"""Statuses and reasons that messages of a mock can have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mocksms.sms.message import FreeState, Reason, Status

MAX_FREE_STATES: Final = 1_000
"""Free states that are known; beyond it the oldest are evicted. Messages can have them nevertheless."""


class StateNames:
    """The statuses and reasons of the guide, and those of the rules that were active in the mock at any time.

    So a filter finds what a rule writes, and a typing error is still an error.
    """

    def __init__(self) -> None:
        self._free: dict[FreeState, None] = {}

    def add(self, states: Iterable[FreeState]) -> None:
        """Add the free states of rules."""
        for state in states:
            self._free.pop(state, None)
            self._free[state] = None
        while len(self._free) > MAX_FREE_STATES:
            del self._free[next(iter(self._free))]

    @property
    def statuses(self) -> list[str]:
        """The statuses of the guide, then the others."""
        return [*dict.fromkeys([*Status, *(state.status for state in list(self._free))])]

    @property
    def reasons(self) -> list[str]:
        """The reasons of the guide as send responses spell them, then the others."""
        return [*dict.fromkeys([*Reason, *(state.reason for state in list(self._free) if state.reason)])]
