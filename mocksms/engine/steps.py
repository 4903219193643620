"""Long operations as steps: between two of them, a mock handles other requests."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Final, TypeVar

K = TypeVar("K")
T = TypeVar("T")

STEP_SIZE: Final = 50
"""Items in one step, such as messages to compare: a step takes less than a millisecond."""

Steps = Generator[None, None, T]
"""A long operation that returns T. It yields where it can pause: meanwhile, what is stored may change."""


def finish(steps: Steps[T]) -> T:
    """Run all steps without a pause, and return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def select(
    items: Iterable[T], matches: Callable[[T], bool], limit: int | None = None, size: int = STEP_SIZE
) -> Steps[list[T]]:
    """Return the first `limit` items that match, or all."""
    found: list[T] = []
    for place, item in enumerate(items, 1):
        if matches(item):
            found.append(item)
            if len(found) == limit:
                break
        if not place % size:
            yield
    return found


def remove_all(items: dict[K, T], size: int = 10 * STEP_SIZE) -> Steps[None]:
    """Remove all items of a dictionary; to remove one takes a tenth of the time to compare it."""
    while items:
        for _ in range(min(size, len(items))):
            items.popitem()
        yield


def count(items: Iterable[T], matches: Callable[[T], bool], size: int = STEP_SIZE) -> Steps[int]:
    """Count the items that match."""
    total = 0
    for place, item in enumerate(items, 1):
        total += matches(item)
        if not place % size:
            yield
    return total
