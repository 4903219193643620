"""Holds: requests whose responses wait until a tester releases them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mocksms.engine.account import Account


class HeldRequest(NamedTuple):
    """A request that a fault holds: its number, its account and the fault; `release` sends the response."""

    number: int
    account: Account
    fault_id: int
    release: Callable[[], object]


class Holds:
    """The requests of one mock that wait for their release, the longest waiting first.

    `on_change` is called with the account of a request whenever one begins or ends to wait.
    """

    def __init__(self, on_change: Callable[[Account], object]) -> None:
        self._on_change = on_change
        self._held: dict[int, HeldRequest] = {}

    def add(self, held: HeldRequest) -> None:
        """Add a request that waits."""
        self._held[held.number] = held
        self._on_change(held.account)

    def remove(self, number: int) -> None:
        """Remove a request that waits no longer, such as one whose client has disconnected."""
        held = self._held.pop(number, None)
        if held is not None:
            self._on_change(held.account)

    def waiting(self, account: Account | None, fault_id: int | None = None) -> list[int]:
        """Return the numbers of the requests that wait: of an account or of all, held by one fault or by any."""
        return [
            held.number
            for held in self._held.values()
            if (account is None or held.account.id == account.id) and fault_id in (None, held.fault_id)
        ]

    def release(self, account: Account | None, fault_id: int | None = None, count: int | None = None) -> int:
        """Release requests that wait, as `waiting` lists them, or only the first `count`; return how many."""
        released = self.waiting(account, fault_id)[:count]
        for number in released:
            held = self._held.pop(number)
            held.release()
            self._on_change(held.account)
        return len(released)
