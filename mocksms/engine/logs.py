"""Logs: lists of numbered records with a limited length, and their indexes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, Self, TypeVar

from mocksms.engine.budget import Share
from mocksms.engine.steps import STEP_SIZE, Steps, remove_all

T = TypeVar("T")

MAX_STALE_NUMBERS: Final = 1_000
"""Numbers of removed records that a log keeps before it drops them all at once."""

BLOCK: Final = 256
"""Numbers that an iteration reads at once."""

MAX_RECORD_DIGITS: Final = len(str(2**53))
"""Maximum of digits in the number of a record: JavaScript reads whole numbers up to 2**53 exactly."""


class Numbering:
    """Ascending numbers for all records of a mock, so that one number is a cursor: later records have higher ones."""

    def __init__(self) -> None:
        self.latest = 0

    def take(self) -> int:
        """Return the next number; the first is 1."""
        self.latest += 1
        return self.latest

    def continue_after(self, number: int) -> None:
        """Make sure that the next number is higher than one that is used."""
        self.latest = max(self.latest, number)


def parse_record_number(text: str) -> int | None:
    """Parse the number of a record from user input, None if it cannot be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_RECORD_DIGITS else None


def descending(numbers: list[int], after: int = 0, before: int | None = None) -> Iterator[int]:
    """Iterate over ascending numbers higher than `after` and lower than `before`, highest first.

    The list may change meanwhile: numbers may be added and removed.
    """
    end = len(numbers) if before is None else bisect_left(numbers, before)
    while block := numbers[max(0, end - BLOCK) : end]:
        for number in reversed(block):
            if number <= after:
                return
            yield number
        end = bisect_left(numbers, block[0])


class BoundedLog(Generic[T]):
    """Records by ascending number; the oldest are evicted beyond `limit`, and when the budget of `share` requires it.

    `evicted` counts them, `evicted_up_to` is the highest number among them. Removed records do not count. Records may
    be added and removed while others iterate.

    Args:
        limit: records that are kept at most.
        size_of: returns the bytes of a record.
        share: counts the bytes of the records.
    """

    def __init__(
        self,
        limit: int,
        size_of: Callable[[T], int] = lambda _: 0,
        share: Share | None = None,
    ) -> None:
        self._limit = limit
        self._size_of = size_of
        self.share = share or Share()
        self._records: dict[int, T] = {}
        self._order: list[int] = []
        self._start = 0
        self.evicted = 0
        self.evicted_up_to = 0

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, number: int) -> T:
        """Return a record by its number.

        Raises:
            KeyError: there is none.
        """
        return self._records[number]

    def __copy__(self) -> Self:
        copied = object.__new__(type(self))
        copied.__dict__ = {**self.__dict__, "_records": {**self._records}, "_order": [*self._order]}
        return copied

    @property
    def first(self) -> int | None:
        """The lowest number in the log, None if it is empty."""
        return self._order[self._start] if self._records else None

    @property
    def last(self) -> int | None:
        """The highest number in the log, None if it is empty."""
        return next(reversed(self._records), None)

    @property
    def records(self) -> list[T]:
        """A copy of the list of records, oldest first."""
        return [*self._records.values()]

    def add(self, number: int, record: T) -> None:
        """Add a record, in the order of numbers; this may evict records, of other logs too."""
        self._records[number] = record
        if self._order and number < self._order[-1]:
            self._put_in_order(number)
        else:
            self._order.append(number)
        if len(self._records) > self._limit:
            self.evict_oldest()
        # As Share.add does it, inline: this is the hot path.
        size, share = self._size_of(record), self.share
        budget = share.budget
        share.used += size
        budget.used += size
        if share.used >= share.ceiling or budget.used > budget.limit:
            share.check()

    def _put_in_order(self, number: int) -> None:
        """Put an added record before those with higher numbers: a request that takes long is recorded after others."""
        place = bisect_left(self._order, number)
        for later in filter(self._records.__contains__, self._order[place:]):
            self._records[later] = self._records.pop(later)
        self._order.insert(place, number)
        self._start = min(self._start, place)

    def restore_evicted(self, count: int, up_to: int) -> None:
        """Set the number of evicted records, and the highest number among them."""
        self.evicted, self.evicted_up_to = count, up_to

    def replace(self, number: int, record: T) -> None:
        """Replace a record.

        Raises:
            KeyError: there is no record with this number.
        """
        before = self[number]
        self._records[number] = record
        self.share.subtract(self._size_of(before))
        self.share.add(self._size_of(record))

    def evict_oldest(self) -> T:
        """Evict and return the record with the lowest number; there must be one."""
        number = self._order[self._start]
        self.evicted += 1
        self.evicted_up_to = max(number, self.evicted_up_to)
        return self.remove(number)

    def remove(self, number: int) -> T:
        """Remove a record."""
        record = self._records.pop(number)
        self.share.subtract(self._size_of(record))
        if len(self._order) > MAX_STALE_NUMBERS + 2 * len(self._records):
            self._order = [*filter(self._records.__contains__, self._order)]
            self._start = 0
        while self._start < len(self._order) and self._order[self._start] not in self._records:
            self._start += 1
        return record

    def clear(self) -> None:
        """Remove all records."""
        self.share.subtract(sum(map(self._size_of, self._records.values())))
        self._records, self._order, self._start = {}, [], 0

    def free(self) -> Steps[None]:
        """Remove all records of a deleted account, whose bytes do not count: to free much memory takes time."""
        yield from remove_all(self._records)
        self._start = 0
        while self._order:
            del self._order[-BLOCK:]
            yield

    def get(self, number: int) -> T | None:
        """Return a record by its number, None if there is none."""
        return self._records.get(number)

    def count(self, after: int = 0) -> int:
        """Count the records with numbers higher than `after`."""
        if len(self._order) - self._start == len(self._records):
            return len(self._order) - bisect_right(self._order, after, self._start)
        return sum(1 for _ in self.newest_first(after))

    def newest_first(self, after: int = 0, before: int | None = None) -> Iterator[T]:
        """Iterate over the records with numbers higher than `after` and lower than `before`, newest first."""
        return filter(None, map(self.get, descending(self._order, max(after, (self.first or 1) - 1), before)))


class NumberIndex:
    """The numbers of records by key, ascending, and the keys in the order of their highest numbers.

    The order of keys is lost when records are removed, and restored when needed.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, list[int]] = {}
        self._in_order = True

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, key: object) -> bool:
        return key in self._numbers

    def __copy__(self) -> NumberIndex:
        copied = NumberIndex()
        copied._numbers = {key: [*numbers] for key, numbers in self._numbers.items()}
        copied._in_order = self._in_order
        return copied

    def add(self, key: str, number: int) -> None:
        """Add the record `number`, higher than all before, to a key."""
        numbers = self._numbers.pop(key, None)
        if numbers is None:
            numbers = [number]
        else:
            numbers.append(number)
        self._numbers[key] = numbers

    def evict(self, key: str, first: int) -> None:
        """Drop the numbers of a key below `first`, in amortised constant time."""
        numbers = self._numbers[key]
        stale = bisect_left(numbers, first)
        if stale == len(numbers):
            del self._numbers[key]
        elif stale * 2 > len(numbers):
            del numbers[:stale]

    def remove(self, key: str, number: int, first: int) -> None:
        """Remove one number of a key, and drop the key if all are below `first`; fastest for the highest number."""
        numbers = self._numbers[key]
        self._in_order = self._in_order and number != numbers[-1]
        del numbers[bisect_left(numbers, number)]
        if not numbers or numbers[-1] < first:
            del self._numbers[key]

    def count(self, key: str, first: int) -> int:
        """Count the numbers of a key from `first` on."""
        numbers = self._numbers.get(key, [])
        return len(numbers) - bisect_left(numbers, first)

    def newest_first(self, key: str, after: int = 0, before: int | None = None) -> Iterator[int]:
        """Iterate over the numbers of a key higher than `after` and lower than `before`, highest first."""
        return descending(self._numbers.get(key, []), after, before)

    def latest_of_each(self) -> Iterator[tuple[int, str]]:
        """Iterate over the highest number of each key with the key, highest first."""
        if not self._in_order:
            self._numbers = dict(sorted(self._numbers.items(), key=lambda each: each[1][-1]))
            self._in_order = True
        for key in reversed(tuple(self._numbers)):
            numbers = self._numbers.get(key)
            if numbers:
                yield numbers[-1], key


class IndexedLog(BoundedLog[T]):
    """A log whose records are also found by the key that `key` returns, None for a record without one.

    `index` finds the numbers of a key. Records are added by ascending number; `delete` removes some.
    """

    def __init__(
        self,
        limit: int,
        key: Callable[[T], str | None],
        size_of: Callable[[T], int] = lambda _: 0,
        share: Share | None = None,
    ) -> None:
        super().__init__(limit, size_of, share)
        self.index = NumberIndex()
        self._key = key

    def add(self, number: int, record: T) -> None:
        """Add a record with a number higher than all before; this may evict records, of other logs too."""
        if (key := self._key(record)) is not None:
            self.index.add(key, number)
        super().add(number, record)

    def evict_oldest(self) -> T:
        """Evict and return the record with the lowest number; there must be one."""
        evicted = super().evict_oldest()
        if (key := self._key(evicted)) is not None:
            self.index.evict(key, self.first or self.evicted_up_to + 1)
        return evicted

    def delete(self, numbers: Iterable[int]) -> Steps[int]:
        """Remove records that are still in this log, fastest in the order newest first; return how many there were."""
        deleted = 0
        for place, number in enumerate(numbers, 1):
            if not place % STEP_SIZE:
                yield
            if self.get(number) is None:
                continue
            deleted += 1
            if (key := self._key(self.remove(number))) is not None:
                self.index.remove(key, number, self.first or number)
        return deleted

    def of(self, key: str | None, after: int = 0, before: int | None = None) -> Iterator[T]:
        """Iterate as `newest_first` over the records with a key, or over all with None."""
        if key is None:
            return self.newest_first(after, before)
        return filter(None, map(self.get, self.index.newest_first(key, after, before)))
