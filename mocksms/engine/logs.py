"""Numbered records kept up to a limit, the oldest going first, and indexes over them."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MAX_STALE_NUMBERS: Final = 1_000
"""Numbers of removed records that a log may hold on to before it forgets them all at once."""

MAX_RECORD_DIGITS: Final = 17
"""Digits of a number that is looked up."""


class Numbering:
    """Ascending numbers for everything a mock keeps, so that one number tells what came after it: a cursor."""

    def __init__(self) -> None:
        self.latest = 0

    def take(self) -> int:
        """Return the next number; the first is 1."""
        self.latest += 1
        return self.latest


def parse_record_number(text: str) -> int | None:
    """Return the number of a record that a text from users names, None when it can name none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_RECORD_DIGITS else None


class BoundedLog(Generic[T]):
    """Records under ascending numbers; beyond `limit` the oldest are evicted and counted.

    `evicted` is how many have gone to make room, `evicted_up_to` the highest number among them. What is removed on
    purpose is not counted.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._records: dict[int, T] = {}
        self._order: deque[int] = deque()
        self.evicted = 0
        self.evicted_up_to = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def first(self) -> int | None:
        """The lowest number that is kept, None when nothing is."""
        return self._order[0] if self._order else None

    @property
    def last(self) -> int | None:
        """The highest number that is kept, None when nothing is."""
        return next(reversed(self._records), None)

    def add(self, number: int, record: T) -> T | None:
        """Keep a record under a number higher than all before; return the one it pushed out, if any."""
        self._records[number] = record
        self._order.append(number)
        if len(self._records) <= self._limit:
            return None
        self.evicted += 1
        self.evicted_up_to = self._order[0]
        return self.remove(self.evicted_up_to)

    def replace(self, number: int, record: T) -> None:
        """Put another record in place of one that is kept."""
        if number not in self._records:
            raise KeyError(number)
        self._records[number] = record

    def remove(self, number: int) -> T:
        """Take a record out that is kept."""
        record = self._records.pop(number)
        if len(self._order) > MAX_STALE_NUMBERS + 2 * len(self._records):
            self._order = deque(kept for kept in self._order if kept in self._records)
        while self._order and self._order[0] not in self._records:
            self._order.popleft()
        return record

    def clear(self) -> None:
        """Take all records out."""
        self._records = {}
        self._order.clear()

    def get(self, number: int) -> T | None:
        """Return a record by its number, None when it is gone or was never there."""
        return self._records.get(number)

    def newest_first(self, after: int = 0, before: int | None = None) -> Iterator[T]:
        """Iterate over what is kept under numbers higher than `after` and lower than `before`, newest first."""
        for number in reversed(self._order):
            if number <= after:
                return
            if number in self._records and (before is None or number < before):
                yield self._records[number]


class NumberIndex:
    """For each key the numbers of the records that have it, ascending; and the keys in the order they were last used.

    Deleting records may put the keys out of that order, until it is next asked for.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, list[int]] = {}
        self._in_order = True

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, key: object) -> bool:
        return key in self._numbers

    def add(self, key: str, number: int) -> None:
        """Note that the record `number`, higher than all before, has `key`."""
        numbers = self._numbers.pop(key, None)
        if numbers is None:
            numbers = [number]
        else:
            numbers.append(number)
        self._numbers[key] = numbers

    def evict(self, key: str, first: int) -> None:
        """Forget records of `key` below `first`, in amortised constant time."""
        numbers = self._numbers[key]
        stale = bisect_left(numbers, first)
        if stale == len(numbers):
            del self._numbers[key]
        elif stale * 2 > len(numbers):
            del numbers[:stale]

    def remove(self, key: str, number: int, first: int) -> None:
        """Forget one record of `key`, and any below `first`; quickest for the highest number."""
        numbers = self._numbers[key]
        self._in_order = self._in_order and number != numbers[-1]
        del numbers[bisect_left(numbers, number)]
        if not numbers or numbers[-1] < first:
            del self._numbers[key]

    def count(self, key: str, first: int) -> int:
        """Return how many records of `key` there are from the number `first` on."""
        numbers = self._numbers.get(key, [])
        return len(numbers) - bisect_left(numbers, first)

    def newest_first(self, key: str, after: int = 0, before: int | None = None) -> Iterator[int]:
        """Iterate over the numbers of `key` higher than `after` and lower than `before`, the highest first."""
        numbers = self._numbers.get(key, [])
        end = len(numbers) if before is None else bisect_left(numbers, before)
        for place in range(end - 1, -1, -1):
            if numbers[place] <= after:
                return
            yield numbers[place]

    def latest_of_each(self) -> Iterator[tuple[int, str]]:
        """Iterate over the keys with the highest number of each, the highest first."""
        if not self._in_order:
            self._numbers = dict(sorted(self._numbers.items(), key=lambda each: each[1][-1]))
            self._in_order = True
        for key in reversed(self._numbers):
            yield self._numbers[key][-1], key


class IndexedLog(BoundedLog[T]):
    """Records that are also found by a key, which `key` tells of each; None is that of a record without one.

    `keys` knows all that are in use. Nothing is removed here on purpose.
    """

    def __init__(self, limit: int, key: Callable[[T], str | None]) -> None:
        super().__init__(limit)
        self.keys = NumberIndex()
        self._key = key

    def add(self, number: int, record: T) -> T | None:
        """Keep a record under a number higher than all before; return the one it pushed out, if any."""
        gone = super().add(number, record)
        if (key := self._key(record)) is not None:
            self.keys.add(key, number)
        if gone is not None and (key := self._key(gone)) is not None:
            self.keys.evict(key, self.first or number)
        return gone

    def of(self, key: str | None, after: int = 0, before: int | None = None) -> Iterator[T]:
        """Iterate over the records with a key, or with None over all, as `newest_first` does."""
        if key is None:
            return self.newest_first(after, before)
        return filter(None, map(self.get, self.keys.newest_first(key, after, before)))
