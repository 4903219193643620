from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.bounded import BoundedLog, NumberIndex


def test_log_numbers_records_from_one() -> None:
    log: BoundedLog[str] = BoundedLog(10)
    assert (log.next, log.first, len(log), log.evicted) == (1, 1, 0, 0)
    assert log.append("a") is None
    assert log.append("b") is None
    assert (log.next, log.first, len(log), log.evicted) == (3, 1, 2, 0)
    assert (log.get(1), log.get(2)) == ("a", "b")


def test_log_beyond_its_limit_hands_back_the_oldest() -> None:
    log: BoundedLog[str] = BoundedLog(2)
    assert [log.append(record) for record in "abcd"] == [None, None, "a", "b"]
    assert (log.next, log.first, len(log), log.evicted) == (5, 3, 2, 2)
    assert log.get(2) is None
    assert list(log.newest_first()) == ["d", "c"]


def test_log_replaces_what_is_kept() -> None:
    log: BoundedLog[str] = BoundedLog(2)
    log.append("a")
    log.replace(1, "b")
    assert log.get(1) == "b"
    assert len(log) == 1


@pytest.mark.parametrize("number", [0, 1, 4], ids=["never", "evicted", "not yet"])
def test_log_refuses_to_replace_what_is_not_kept(number: int) -> None:
    log: BoundedLog[str] = BoundedLog(2)
    for record in "abc":
        log.append(record)
    with pytest.raises(KeyError):
        log.replace(number, "x")
    assert list(log.newest_first()) == ["c", "b"]


@given(st.integers(1, 5), st.lists(st.integers()))
def test_log_agrees_with_the_end_of_a_list(limit: int, records: list[int]) -> None:
    log: BoundedLog[int] = BoundedLog(limit)
    for number, record in enumerate(records, 1):
        gone = log.append(record)
        assert gone == (records[number - limit - 1] if number > limit else None)
        kept = records[:number][-limit:]
        assert list(log.newest_first()) == kept[::-1]
        assert len(log) == len(kept)
        assert log.evicted == number - len(kept)
        assert [log.get(log.first + index) for index in range(len(kept))] == kept
        assert log.get(log.first - 1) is None
        assert log.get(log.next) is None


def test_index_of_an_unknown_key_is_empty() -> None:
    assert list(NumberIndex().newest_first("a", 1)) == []


def test_index_stops_at_the_first_kept_number() -> None:
    index = NumberIndex()
    for number in (1, 4, 9):
        index.add("a", number)
    assert list(index.newest_first("a", 1)) == [9, 4, 1]
    assert list(index.newest_first("a", 4)) == [9, 4]
    assert list(index.newest_first("a", 10)) == []


@given(st.integers(1, 5), st.lists(st.sampled_from("abc")))
def test_index_of_a_log_agrees_with_searching_a_list(limit: int, keys: list[str]) -> None:
    log: BoundedLog[str] = BoundedLog(limit)
    index = NumberIndex()
    for number, key in enumerate(keys, 1):
        gone = log.append(key)
        index.add(key, number)
        if gone is not None:
            index.evict(gone, log.first)
        kept = list(enumerate(keys[:number], 1))[-limit:]
        for wanted in "abc":
            expected = [place for place, found in kept if found == wanted]
            assert list(index.newest_first(wanted, log.first)) == expected[::-1]


@given(st.integers(1, 20), st.lists(st.sampled_from("ab"), max_size=200))
def test_index_forgets_what_was_evicted(limit: int, keys: list[str]) -> None:
    index = NumberIndex()
    for number, key in enumerate(keys, 1):
        index.add(key, number)
        if number > limit:
            index.evict(keys[number - limit - 1], number - limit + 1)
    held = sum(len(list(index.newest_first(key, 0))) for key in "ab")
    assert held <= 2 * limit
