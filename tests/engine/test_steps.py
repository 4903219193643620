from __future__ import annotations

from mocksms.engine.steps import Steps, count, finish, remove_all, select


def pauses(steps: Steps[object]) -> int:
    """Return how often a long operation can pause."""
    return sum(1 for _ in steps)


def is_even(number: int) -> bool:
    return number % 2 == 0


def test_finish_runs_all_steps_and_returns_the_result() -> None:
    def steps() -> Steps[str]:
        yield
        yield
        return "done"

    assert finish(steps()) == "done"


def test_select_returns_the_first_that_match() -> None:
    assert finish(select(range(10), is_even)) == [0, 2, 4, 6, 8]
    assert finish(select(range(10), is_even, 2)) == [0, 2]
    assert finish(select(iter(()), is_even, 2)) == []


def test_select_can_pause_after_each_step_and_reads_no_more_than_it_needs() -> None:
    assert pauses(select(range(100), is_even, None, 10)) == 10
    numbers = iter(range(100))
    finish(select(numbers, is_even, 2))
    assert next(numbers) == 3


def test_count_counts_what_matches_and_can_pause_after_each_step() -> None:
    assert finish(count(range(9), is_even)) == 5
    assert pauses(count(range(100), is_even, 10)) == 10


def test_all_items_of_a_dictionary_are_removed_with_pauses() -> None:
    items: dict[int, None] = dict.fromkeys(range(95))
    assert pauses(remove_all(items, 10)) == 10
    assert items == {}
