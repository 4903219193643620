"""Disorder of callbacks: orders in which a provider may deliver them, and the shortest part that breaks something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations, islice, zip_longest
from random import Random
from typing import Final

Order = tuple[int, ...]
"""The places of callbacks in their true order, in the order of a delivery; a place may occur several times."""

MAX_REPEATS: Final = 100
"""Random orders in a row that occurred before, after which there are probably no others."""

MAX_PARTS: Final = 1_000
"""Parts of each length among which the shortest is searched; beyond them, one that cannot lose a callback counts."""


def hostile_orders(own: Sequence[int], other: Sequence[int], seed: int) -> Iterator[Order]:
    """Iterate over different orders that have each callback of a message: first the usual disorders, then random ones.

    It ends where it finds no more.

    Args:
        own: places of the callbacks of the message, ascending.
        other: places of the callbacks of another message; an order has all of them or none.
        seed: decides the random orders.
    """
    known = {tuple(own), tuple(sorted((*own, *other)))}
    orders = chain(_usual_disorders(own, other), _random_orders(own, other, Random(seed)))
    repeats = 0
    while repeats <= MAX_REPEATS:
        order = next(orders)
        if order in known:
            repeats += 1
            continue
        known.add(order)
        repeats = 0
        yield order


def shortest(order: Order, breaks: Callable[[Order], bool]) -> Order:
    """Return the shortest part of an order that breaks something, as the whole does; of several the least disordered.

    Args:
        order: the order.
        breaks: whether an order breaks it; may return False to end the search.
    """
    # Orders are short, so that their parts can be tried by length. A shrinking library finds a short one, not the
    # shortest, and each user of the assertion would have to install it.
    found = _without_spare(order, breaks)
    for length in range(1, len(found) + 1):
        parts = {*islice(combinations(order, length), MAX_PARTS)}
        for part in sorted(parts, key=lambda part: (_swaps(part), part)):
            if breaks(part):
                return part
    return found


def _swaps(order: Order) -> int:
    """Return how many pairs of callbacks are not in their true order."""
    return sum(first > second for first, second in combinations(order, 2))


def _without_spare(order: Order, breaks: Callable[[Order], bool]) -> Order:
    """Return a part of an order that breaks something and in which each callback is needed for that."""
    while True:
        parts = (order[:place] + order[place + 1 :] for place in range(len(order)))
        shorter = next((part for part in parts if part and breaks(part)), None)
        if shorter is None:
            return order
        order = shorter


def _usual_disorders(own: Sequence[int], other: Sequence[int]) -> Iterator[Order]:
    yield (*own, *own)  # all arrive twice
    yield tuple(place for place in own for _ in range(2))
    yield tuple(reversed(own))
    yield (*own, own[0])  # the first arrives once more after the last
    yield (*own[:-1], *own)  # the last is missing, and all are sent again
    yield _interleaved(own, other)
    yield _interleaved(other, own)
    yield _interleaved((*own, *own), other)
    yield (*other, *own)
    yield (*own, *other)
    yield (*reversed(own), *reversed(other))


def _interleaved(first: Sequence[int], second: Sequence[int]) -> Order:
    pairs = zip_longest(first, second)
    return tuple(place for pair in pairs for place in pair if place is not None)


def _random_orders(own: Sequence[int], other: Sequence[int], random: Random) -> Iterator[Order]:
    while True:
        places = [*own, *(other if random.random() < 0.5 else ())]
        places += random.choices(places, k=random.randint(0, len(places) + 1))
        random.shuffle(places)
        yield tuple(places)
