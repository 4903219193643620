"""Numbered records kept up to a limit, the oldest going first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedLog(Generic[T]):
    """Records numbered from 1 in the order they came; beyond `limit` the oldest are evicted and counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._records: dict[int, T] = {}
        self.next = 1

    def __len__(self) -> int:
        return len(self._records)

    @property
    def first(self) -> int:
        """The lowest number that is still kept, or the next one when nothing is."""
        return self.next - len(self._records)

    @property
    def evicted(self) -> int:
        """How many records have gone."""
        return self.first - 1

    def append(self, record: T) -> T | None:
        """Keep a record under the number `next` and return the one it pushed out, if any."""
        self._records[self.next] = record
        self.next += 1
        if len(self._records) <= self._limit:
            return None
        return self._records.pop(self.next - self._limit - 1)

    def replace(self, number: int, record: T) -> None:
        """Put another record in place of one that is kept."""
        if number not in self._records:
            raise KeyError(number)
        self._records[number] = record

    def get(self, number: int) -> T | None:
        """Return a record by its number, None when it is gone or was never there."""
        return self._records.get(number)

    def newest_first(self) -> Iterator[T]:
        """Iterate over what is kept, newest first."""
        return (self._records[number] for number in range(self.next - 1, self.first - 1, -1))


class NumberIndex:
    """For each key the numbers of the records that have it, ascending."""

    def __init__(self) -> None:
        self._numbers: dict[str, list[int]] = {}

    def add(self, key: str, number: int) -> None:
        """Note that the record `number`, higher than all before, has `key`."""
        numbers = self._numbers.get(key)
        if numbers is None:
            self._numbers[key] = [number]
        else:
            numbers.append(number)

    def evict(self, key: str, first: int) -> None:
        """Forget records of `key` below `first`, in amortised constant time."""
        numbers = self._numbers[key]
        stale = bisect_left(numbers, first)
        if stale == len(numbers):
            del self._numbers[key]
        elif stale * 2 > len(numbers):
            del numbers[:stale]

    def newest_first(self, key: str, first: int) -> Iterator[int]:
        """Iterate over the numbers of `key` from the highest down to `first`."""
        for number in reversed(self._numbers.get(key, ())):
            if number < first:
                return
            yield number
