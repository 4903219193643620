"""Orders of callbacks that a receiver must expect, and the shortest part of one that breaks something."""

from __future__ import annotations

from itertools import islice

import pytest

from mocksms.testing import disorder
from mocksms.testing.disorder import Order, hostile_orders, shortest


def orders(own: Order, other: Order = (), count: int = 50, seed: int = 0) -> list[Order]:
    return [*islice(hostile_orders(own, other, seed), count)]


def test_usual_disorders_come_first() -> None:
    assert orders((0, 1, 3), (2, 4), 11) == [
        (0, 1, 3, 0, 1, 3),
        (0, 0, 1, 1, 3, 3),
        (3, 1, 0),
        (0, 1, 3, 0),
        (0, 1, 0, 1, 3),
        (0, 2, 1, 4, 3),
        (2, 0, 4, 1, 3),
        (0, 2, 1, 4, 3, 0, 1, 3),
        (2, 4, 0, 1, 3),
        (0, 1, 3, 2, 4),
        (3, 1, 0, 4, 2),
    ]


def test_each_order_has_all_callbacks_of_the_message_and_all_or_none_of_the_other() -> None:
    found = orders((0, 2), (1, 3), 200)
    assert len(set(found)) == len(found) == 200
    assert {frozenset(order) for order in found} == {frozenset({0, 2}), frozenset({0, 1, 2, 3})}
    assert (0, 2) not in found
    assert (0, 1, 2, 3) not in found


def test_seed_decides_the_random_orders() -> None:
    assert orders((0, 1, 2), seed=1) == orders((0, 1, 2), seed=1) != orders((0, 1, 2), seed=2)


def test_orders_end_where_there_are_no_others() -> None:
    assert orders((0,)) == [(0, 0), (0, 0, 0)]


@pytest.mark.parametrize(
    ("needed", "found"),
    [((5,), (5,)), ((3, 0), (3, 0)), ((0, 0, 1), (0, 0, 1)), ((4, 3, 2, 1), (4, 3, 2, 1))],
)
def test_shortest_part_has_only_what_is_needed(needed: Order, found: Order) -> None:
    def breaks(order: Order) -> bool:
        rest = iter(order)
        return all(place in rest for place in needed)

    assert shortest((4, 3, 2, 1, 5, 3, 0, 0, 1, 2), breaks) == found


def test_shortest_part_is_the_least_disordered() -> None:
    assert shortest((1, 0, 1, 0, 1), lambda order: order.count(1) > 1 and 0 in order) == (0, 1, 1)


def test_shortest_part_is_found_where_no_single_callback_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking = {(0, 1, 2, 3), (3,)}
    assert shortest((0, 1, 2, 3), breaking.__contains__) == (3,)
    monkeypatch.setattr(disorder, "MAX_PARTS", 3)
    assert shortest((0, 1, 2, 3), breaking.__contains__) == (0, 1, 2, 3)
