"""Requests that wait: which ones a release concerns, and what is told about it."""

from __future__ import annotations

from functools import partial

import pytest

from mocksms.engine.account import Account
from mocksms.engine.holds import HeldRequest, Holds
from tests.engine.support import World


class Waiting:
    """Three requests that wait: two of one account, held by two faults, and one of another account."""

    def __init__(self) -> None:
        engine = World().engine
        self.one, self.other = engine.account("one"), engine.account("other")
        self.changed: list[Account] = []
        self.released: list[int] = []
        self.holds = Holds(self.changed.append)
        for number, account, fault in ((3, self.one, 1), (5, self.other, 1), (4, self.one, 2)):
            self.holds.add(HeldRequest(number, account, fault, partial(self.released.append, number)))


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_requests_that_wait_are_those_of_an_account_and_a_fault(waiting: Waiting) -> None:
    holds, one = waiting.holds, waiting.one
    assert (holds.waiting(None), holds.waiting(one), holds.waiting(None, 1)) == ([3, 5, 4], [3, 4], [3, 5])
    assert (holds.waiting(one, 2), holds.waiting(waiting.other, 2)) == ([4], [])


def test_release_concerns_what_waits_and_the_first_come_first(waiting: Waiting) -> None:
    assert waiting.holds.release(None, 1, 1) == 1
    assert waiting.released == [3]
    assert waiting.holds.release(waiting.one) == 1
    assert waiting.holds.release(waiting.one) == 0
    assert waiting.holds.release(None) == 1
    assert waiting.released == [3, 4, 5]


def test_each_request_that_begins_or_ends_to_wait_is_a_change_of_its_account(waiting: Waiting) -> None:
    one, other = waiting.one, waiting.other
    assert waiting.changed == [one, other, one]
    waiting.holds.remove(5)
    waiting.holds.remove(5)
    waiting.holds.release(one, 2)
    waiting.holds.remove(4)
    assert waiting.changed == [one, other, one, other, one]
    assert waiting.released == [4]
