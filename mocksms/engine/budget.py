"""Memory budget: how many bytes a mock keeps, and whose records it evicts beyond that.

Sizes are estimates: the lengths of texts plus a fixed size for each record. `tests.benchmarks` compares them with the
memory of a process.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from sys import maxsize

from mocksms.sms.sizes import format_size

log = logging.getLogger("mocksms")

Evict = Callable[[], object]
"""Evicts the oldest record of the owner of a share; an owner without records is evicted itself."""


class MemoryBudget:
    """The bytes that all accounts of a mock keep together, at most `limit`.

    Beyond it, the oldest record of the account that keeps most is evicted, so an account with much traffic cannot
    evict the records of one with little. Accounts are in classes by size, each twice the one below, and those in the
    highest class take turns: an eviction takes constant time, and is fair within a factor of two. `removals` counts
    the records that were removed or replaced: code that keeps references to records drops them when it changes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.removals = 0
        self._classes: list[OrderedDict[Share, Evict]] = [OrderedDict() for _ in range(maxsize.bit_length() + 1)]
        self._highest = 0
        self._has_evicted = False

    def add(self, share: Share, evict: Evict) -> None:
        """Count the bytes of a share from now on, and call `evict` when it is its turn."""
        share.budget = self
        self._insert(share, evict)
        self.used += share.used
        share.check()

    def remove(self, share: Share) -> None:
        """Stop counting the bytes of a share."""
        del self._classes[share.size_class][share]
        self.used -= share.used
        self.removals += 1
        share.detach()

    def close(self) -> None:
        """Stop counting the bytes of all shares."""
        for shares in self._classes:
            for share in tuple(shares):
                self.remove(share)

    @property
    def turns(self) -> list[Share]:
        """The shares in the order of their classes, and in each class of their turns."""
        return [share for shares in self._classes for share in shares]

    def restore_turns(self, turns: Iterable[tuple[Share, int]]) -> None:
        """Put shares into size classes, in the order of their turns."""
        for share, size_class in turns:
            evict = self._classes[share.size_class].pop(share)
            share.ceiling = 1 << size_class
            self._classes[size_class][share] = evict
            self._highest = max(self._highest, size_class)

    def sort(self, share: Share) -> None:
        """Put a share into the class of its size."""
        self._insert(share, self._classes[share.size_class].pop(share))

    def evict(self) -> None:
        """Evict records until the limit is kept."""
        if not self._has_evicted:
            self._has_evicted = True
            limit = format_size(self.limit)
            log.warning("The memory limit is reached: the oldest records are evicted (--max-memory %s)", limit)
        while self.used > self.limit:
            self._next_turn()()

    def _insert(self, share: Share, evict: Evict) -> None:
        share.ceiling = 1 << share.used.bit_length()
        self._classes[share.size_class][share] = evict
        self._highest = max(self._highest, share.size_class)

    def _next_turn(self) -> Evict:
        """Return what evicts the oldest record of the share whose turn it is."""
        while True:
            shares = self._classes[self._highest]
            if not shares:
                self._highest -= 1
                continue
            share, evict = next(iter(shares.items()))
            if share.used.bit_length() == self._highest:
                shares.move_to_end(share)
                return evict
            self.sort(share)


class Share:
    """The bytes that one account keeps; `ceiling` is where its size class ends."""

    __slots__ = ("budget", "ceiling", "used")

    def __init__(self) -> None:
        self.used = 0
        self.detach()

    @property
    def size_class(self) -> int:
        """The index of its size class."""
        return self.ceiling.bit_length() - 1

    def add(self, size: int) -> None:
        """Count more bytes, or fewer if negative. Beyond the limit of the budget, records are evicted."""
        self.used += size
        budget = self.budget
        budget.used += size
        if self.used >= self.ceiling or budget.used > budget.limit:
            self.check()

    def subtract(self, size: int) -> None:
        """Count the bytes of records that are removed."""
        self.used -= size
        self.budget.used -= size
        self.budget.removals += 1

    def check(self) -> None:
        """Keep order in the budget after a change, and its limit."""
        if self.used >= self.ceiling:
            self.budget.sort(self)
        if self.budget.used > self.budget.limit:
            self.budget.evict()

    def detach(self) -> None:
        """Belong to no budget."""
        self.budget = _NO_BUDGET
        self.ceiling = maxsize


_NO_BUDGET = MemoryBudget(maxsize)
