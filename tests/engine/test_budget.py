from __future__ import annotations

import logging
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.budget import MemoryBudget, Share


class Owner:
    """An owner of a share whose records are only their sizes."""

    def __init__(self, budget: MemoryBudget) -> None:
        self.share = Share()
        self.sizes: deque[int] = deque()
        self._budget = budget
        self.is_evicted = False
        budget.add(self.share, self.evict)

    def add(self, size: int) -> None:
        self.sizes.append(size)
        self.share.add(size)

    def evict(self) -> None:
        if self.sizes:
            self.share.subtract(self.sizes.popleft())
        else:
            self.is_evicted = True
            self._budget.remove(self.share)


def test_share_outside_a_budget_counts_without_limit() -> None:
    share = Share()
    share.add(10**9)
    share.subtract(10**8)
    assert share.used == 9 * 10**8


def test_bytes_counted_before_count_in_the_budget() -> None:
    budget, share = MemoryBudget(100), Share()
    share.add(30)
    budget.add(share, lambda: None)
    assert budget.used == 30
    share.add(20)
    assert budget.used == 50


def test_oldest_records_are_evicted_beyond_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    budget = MemoryBudget(100)
    owner = Owner(budget)
    with caplog.at_level(logging.WARNING, "mocksms"):
        for size in (40, 50, 60, 20):
            owner.add(size)
    assert [*owner.sizes] == [60, 20]
    assert budget.used == owner.share.used == 80
    assert [record.message for record in caplog.records] == [
        "The memory limit is reached: the oldest records are evicted (--max-memory 100B)"
    ]


def test_one_with_much_cannot_evict_the_records_of_one_with_little() -> None:
    budget = MemoryBudget(10_000)
    quiet, noisy = Owner(budget), Owner(budget)
    quiet.add(1_000)
    for _ in range(1_000):
        noisy.add(100)
    assert [*quiet.sizes] == [1_000]
    assert len(noisy.sizes) == 90


def test_equal_owners_take_turns() -> None:
    budget = MemoryBudget(10_000)
    owners = [Owner(budget) for _ in range(10)]
    for _ in range(100):
        for owner in owners:
            owner.add(100)
    assert {len(owner.sizes) for owner in owners} == {10}


def test_owner_without_records_is_evicted_itself() -> None:
    budget = MemoryBudget(1_000)
    large, small = Owner(budget), Owner(budget)
    large.share.add(900)
    small.add(50)
    small.add(60)
    assert large.is_evicted
    assert (budget.used, [*small.sizes]) == (110, [50, 60])


def test_closed_budget_counts_nothing() -> None:
    budget = MemoryBudget(1_000)
    owner = Owner(budget)
    owner.add(500)
    budget.close()
    owner.add(10_000)
    assert budget.used == 0
    assert [*owner.sizes] == [500, 10_000]


def test_removals_are_counted() -> None:
    budget = MemoryBudget(1_000)
    owner = Owner(budget)
    owner.add(600)
    assert budget.removals == 0
    owner.add(600)
    assert budget.removals == 1
    budget.remove(owner.share)
    assert budget.removals == 2


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 400))))
def test_sum_is_kept_within_the_limit_and_fair_within_a_factor_of_two(records: list[tuple[int, int]]) -> None:
    budget = MemoryBudget(1_000)
    owners = [Owner(budget) for _ in range(5)]
    for place, size in records:
        before = [owner.share.used for owner in owners]
        owners[place].add(size)
        before[place] += size
        assert budget.used == sum(owner.share.used for owner in owners) <= budget.limit
        losses = [used for used, owner in zip(before, owners, strict=True) if owner.share.used < used]
        assert all(2 * used >= max(before) - 400 for used in losses)
