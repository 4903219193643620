from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.logs import MAX_STALE_NUMBERS, BoundedLog, IndexedLog, NumberIndex, Numbering, parse_record_number
from mocksms.engine.steps import STEP_SIZE, finish


def log_of(*records: str, limit: int = 10) -> BoundedLog[str]:
    """Return a log of records under the numbers 1, 2 and so on."""
    log: BoundedLog[str] = BoundedLog(limit)
    for number, record in enumerate(records, 1):
        log.add(number, record)
    return log


def test_numbering_starts_at_one_and_has_the_latest() -> None:
    numbering = Numbering()
    assert numbering.latest == 0
    assert [numbering.take(), numbering.take()] == [1, 2]
    assert numbering.latest == 2


def test_log_finds_records_by_number() -> None:
    log: BoundedLog[str] = BoundedLog(10)
    assert (log.first, len(log), log.evicted, log.evicted_up_to) == (None, 0, 0, 0)
    log.add(3, "a")
    log.add(7, "b")
    assert (log.first, len(log), log.evicted) == (3, 2, 0)
    assert [log.get(number) for number in (3, 5, 7, 8)] == ["a", None, "b", None]


def test_full_log_evicts_the_oldest_record() -> None:
    log = log_of(*"abcd", limit=2)
    assert (log.first, len(log), log.evicted, log.evicted_up_to) == (3, 2, 2, 2)
    assert log.get(2) is None
    assert list(log.newest_first()) == ["d", "c"]


def test_log_is_read_after_a_number() -> None:
    log = log_of("a", "b", "c")
    assert [list(log.newest_first(after)) for after in range(5)] == [["c", "b", "a"], ["c", "b"], ["c"], [], []]


def test_log_is_read_before_a_number() -> None:
    log = log_of("a", "b", "c")
    assert [list(log.newest_first(1, before)) for before in range(5)] == [[], [], [], ["b"], ["c", "b"]]


def test_log_replaces_a_record() -> None:
    log = log_of("a")
    log.replace(1, "b")
    assert log.get(1) == "b"
    assert len(log) == 1


@pytest.mark.parametrize("number", [0, 1, 4], ids=["never", "evicted", "not yet"])
def test_missing_record_cannot_be_replaced_or_removed(number: int) -> None:
    log = log_of("a", "b", "c", limit=2)
    with pytest.raises(KeyError):
        log.replace(number, "x")
    with pytest.raises(KeyError):
        log.remove(number)
    assert list(log.newest_first()) == ["c", "b"]


def test_removed_record_does_not_count_as_evicted() -> None:
    log = log_of("a", "b", "c")
    assert log.remove(2) == "b"
    assert (list(log.newest_first()), log.get(2), log.evicted, log.first) == (["c", "a"], None, 0, 1)
    assert [log.count(after) for after in range(4)] == [2, 1, 1, 0]
    log.remove(1)
    assert log.first == 3


def test_cleared_log_keeps_the_count_of_evicted_records() -> None:
    log = log_of("a", "b", "c", limit=2)
    log.clear()
    assert (len(log), log.first, log.evicted, log.evicted_up_to) == (0, None, 1, 1)
    log.add(9, "d")
    assert list(log.newest_first()) == ["d"]


@given(st.integers(1, 5), st.lists(st.integers(-3, 3)))
def test_log_agrees_with_a_dictionary(limit: int, moves: list[int]) -> None:
    """A move up to 0 adds a record, a negative one late; any other removes the one at that place, if there is one."""
    log: BoundedLog[int] = BoundedLog(limit)
    model: dict[int, int] = {}
    evicted: list[int] = []
    used = set[int]()
    for latest, move in enumerate(moves, 10):
        number = 10 * latest + 15 * move + (latest % 5 if move else 0)
        if move <= 0 and number not in used:
            used.add(number)
            model[number] = -number
            if len(model) > limit:
                evicted.append(min(model))
                del model[evicted[-1]]
            log.add(number, -number)
        elif 0 < move <= len(model):
            place = sorted(model)[move - 1]
            assert log.remove(place) == model.pop(place)
        assert list(log.newest_first()) == [model[kept] for kept in sorted(model, reverse=True)]
        assert log.records == [model[kept] for kept in sorted(model)]
        assert [log.count(after) for after in (0, number)] == [len(model), sum(kept > number for kept in model)]
        ends = (min(model, default=None), max(model, default=None))
        assert (len(log), log.first, log.last) == (len(model), *ends)
        assert (log.evicted, log.evicted_up_to) == (len(evicted), max(evicted, default=0))


def test_log_drops_the_numbers_of_removed_records() -> None:
    log: BoundedLog[int] = BoundedLog(10**6)
    log.add(1, 1)
    for number in range(2, 5 * MAX_STALE_NUMBERS):
        log.add(number, number)
        log.remove(number)
    assert len(log._order) <= MAX_STALE_NUMBERS + 2


def test_index_of_an_unknown_key_is_empty() -> None:
    assert list(NumberIndex().newest_first("a", 1)) == []


def test_index_stops_at_a_number() -> None:
    index = NumberIndex()
    for number in (1, 4, 9):
        index.add("a", number)
    assert list(index.newest_first("a", 0)) == [9, 4, 1]
    assert list(index.newest_first("a", 1)) == [9, 4]
    assert list(index.newest_first("a", 9)) == []
    assert [list(index.newest_first("a", 1, before)) for before in (1, 4, 5, 9, 10)] == [[], [], [4], [4], [9, 4]]


def test_index_orders_keys_by_their_highest_number() -> None:
    index = NumberIndex()
    for number, key in enumerate("abcab", 1):
        index.add(key, number)
    assert list(index.latest_of_each()) == [(5, "b"), (4, "a"), (3, "c")]
    assert ("a" in index, "d" in index, len(index)) == (True, False, 3)
    index.remove("b", 5, 1)
    assert list(index.latest_of_each()) == [(4, "a"), (3, "c"), (2, "b")]


@given(st.integers(1, 5), st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_index_of_a_log_agrees_with_searching_a_list(limit: int, moves: list[tuple[str, bool]]) -> None:
    """A move adds a record with a key, or removes the newest that has it."""
    log: BoundedLog[str] = BoundedLog(limit)
    index = NumberIndex()
    kept: dict[int, str] = {}
    for number, (key, adds) in enumerate(moves, 1):
        if adds:
            log.add(number, key)
            index.add(key, number)
            kept[number] = key
            if len(kept) > limit:
                index.evict(kept.pop(min(kept)), log.first or number)
        elif newest := [place for place, found in kept.items() if found == key]:
            log.remove(newest[-1])
            del kept[newest[-1]]
            index.remove(key, newest[-1], log.first or newest[-1])
        for wanted in "abc":
            expected = [place for place, found in kept.items() if found == wanted]
            found = [place for place in index.newest_first(wanted, 0) if log.get(place)]
            assert found == expected[::-1]
        latest = {found: place for place, found in kept.items()}
        assert list(index.latest_of_each()) == sorted(((place, found) for found, place in latest.items()), reverse=True)
        assert {found for found in "abc" if found in index} == {*latest}
        assert len(index) == len(latest)
    if not kept:
        assert index._numbers == {}


@given(st.integers(1, 20), st.lists(st.sampled_from("ab"), max_size=200))
def test_index_drops_evicted_records(limit: int, keys: list[str]) -> None:
    index = NumberIndex()
    for number, key in enumerate(keys, 1):
        index.add(key, number)
        if number > limit:
            index.evict(keys[number - limit - 1], number - limit + 1)
    held = sum(len(list(index.newest_first(key, 0))) for key in "ab")
    assert held <= 2 * limit


def test_deleted_records_are_no_longer_found_by_their_keys() -> None:
    log: IndexedLog[str] = IndexedLog(3, lambda record: None if record == "-" else record)
    for number, record in enumerate("aab-", 1):
        log.add(number, record)
    assert finish(log.delete([4, 2, 1])) == 2
    assert (list(log.of("a")), list(log.newest_first()), log.evicted) == ([], ["b"], 1)
    log.add(5, "a")
    assert (finish(log.delete([3])), [*log.index.latest_of_each()]) == (1, [(5, "a")])
    assert sum(1 for _ in log.delete(range(2 * STEP_SIZE))) == 2
    assert len(log) == 0


@given(
    st.integers(1, 5), st.lists(st.sampled_from(["a", "b", "-"])), st.integers(0, 12), st.none() | st.integers(0, 12)
)
def test_indexed_log_finds_the_same_as_a_search_over_all(
    limit: int, records: list[str], after: int, before: int | None
) -> None:
    """The record `-` has no key; all others are their own."""
    log: IndexedLog[str] = IndexedLog(limit, lambda record: None if record == "-" else record)
    for number, record in enumerate(records, 1):
        log.add(number, record)
    kept = [*enumerate(records, 1)][-limit:]
    for key in ("a", "b", None):
        wanted = [
            record
            for number, record in reversed(kept)
            if key in (None, record) and number > after and (before is None or number < before)
        ]
        assert list(log.of(key, after, before)) == wanted
    assert {key for _, key in log.index.latest_of_each()} == {record for _, record in kept} - {"-"}


def test_record_number_is_up_to_16_ascii_digits() -> None:
    texts = ("7", "0", "9" * 16, "9" * 17, "-1", "1.0", "٣", "x", "")
    assert [parse_record_number(text) for text in texts] == [7, 0, 10**16 - 1, *[None] * 6]


def test_records_may_be_added_and_removed_while_others_iterate() -> None:
    log: BoundedLog[str] = BoundedLog(2_000)
    for number in range(1, 2_001):
        log.add(number, str(number))
    found: list[str] = []
    for newest, record in enumerate(log.newest_first(), 2_001):
        found.append(record)
        log.remove(int(record))
        if int(record) > 1_500:
            log.remove(int(record) - 1_500)
        log.add(newest, "new")
    assert "new" not in found
    assert found == [str(number) for number in range(2_000, 500, -1)]


def test_keys_may_be_removed_while_others_iterate() -> None:
    index = NumberIndex()
    for number, key in enumerate("abc", 1):
        index.add(key, number)
    latest = index.latest_of_each()
    assert next(latest) == (3, "c")
    index.remove("b", 2, 1)
    assert list(latest) == [(1, "a")]
