from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.clock import Clock, system_time, timer
from tests.support import NOON, ManualClock

HOUR = timedelta(hours=1)


def test_system_time_is_timezone_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = system_time()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_clock_reads_the_machine_by_default() -> None:
    before = system_time()
    assert before <= Clock().now() <= system_time()


def test_timer_runs_forward() -> None:
    assert timer() <= timer()


def test_clock_follows_its_source() -> None:
    source = ManualClock()
    clock = Clock(source)
    source.advance(90)
    assert clock.now() == NOON + timedelta(seconds=90)
    assert not clock.frozen


def test_frozen_clock_does_not_move() -> None:
    source = ManualClock()
    clock = Clock(source)
    clock.freeze()
    source.advance(90)
    assert clock.now() == NOON
    assert clock.frozen


def test_freezing_twice_has_no_effect() -> None:
    source = ManualClock()
    clock = Clock(source)
    clock.freeze()
    source.advance(90)
    clock.freeze()
    assert clock.now() == NOON


def test_resumed_clock_runs_from_where_it_was_frozen() -> None:
    source = ManualClock()
    clock = Clock(source)
    clock.freeze()
    source.advance(90)
    clock.resume()
    source.advance(10)
    assert clock.now() == NOON + timedelta(seconds=10)
    assert not clock.frozen


def test_resuming_a_running_clock_has_no_effect() -> None:
    source = ManualClock()
    clock = Clock(source)
    clock.move_to(NOON + HOUR)
    clock.resume()
    assert clock.now() == NOON + HOUR


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "running"])
def test_clock_moves_forward_to_an_instant(frozen: bool) -> None:
    source = ManualClock()
    clock = Clock(source)
    if frozen:
        clock.freeze()
    clock.move_to(NOON + HOUR)
    source.advance(60)
    assert clock.now() == NOON + HOUR + timedelta(seconds=0 if frozen else 60)
    assert clock.frozen is frozen


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "running"])
def test_clock_moves_only_in_the_direction_that_is_asked_for(frozen: bool) -> None:
    source = ManualClock()
    clock = Clock(source)
    if frozen:
        clock.freeze()
    clock.move_to(NOON - HOUR)
    clock.set_back(NOON + HOUR)
    assert clock.now() == NOON
    clock.set_back(NOON - HOUR)
    source.advance(60)
    assert clock.now() == NOON - HOUR + timedelta(seconds=0 if frozen else 60)


def test_clocks_with_one_source_are_independent() -> None:
    source = ManualClock()
    one, other = Clock(source), Clock(source)
    one.move_to(NOON + HOUR)
    assert other.now() == NOON


@given(st.lists(st.tuples(st.sampled_from(["freeze", "resume", "pass", "move", "back"]), st.integers(-10_000, 10_000))))
def test_clock_goes_back_only_when_it_is_set_back(moves: list[tuple[str, int]]) -> None:
    source = ManualClock()
    clock = Clock(source)
    for move, seconds in moves:
        expected = clock.now()
        if move == "freeze":
            clock.freeze()
        elif move == "resume":
            clock.resume()
        elif move == "pass":
            source.advance(abs(seconds))
            expected += timedelta(seconds=0 if clock.frozen else abs(seconds))
        elif move == "back":
            clock.set_back(expected + timedelta(seconds=seconds))
            expected += timedelta(seconds=min(0, seconds))
        else:
            clock.move_to(expected + timedelta(seconds=seconds))
            expected += timedelta(seconds=max(0, seconds))
        assert clock.now() == expected


def test_clock_that_was_read_is_restored() -> None:
    source = ManualClock()
    clock, frozen = Clock(source), Clock(source)
    clock.move_to(NOON + HOUR)
    frozen.freeze()
    source.advance(60)
    restored, restored_frozen = Clock(source), Clock(source)
    restored.restore(clock.reading())
    restored_frozen.restore(frozen.reading())
    source.advance(60)
    assert restored.now() == clock.now() == NOON + HOUR + timedelta(seconds=120)
    assert restored_frozen.now() == NOON
    assert restored_frozen.frozen


@pytest.mark.parametrize("freeze", [False, True])
def test_held_clock_is_read_as_if_it_was_released(freeze: bool) -> None:
    source = ManualClock()
    clock = Clock(source)
    if freeze:
        clock.freeze()
    clock.hold()
    clock.move_to(NOON + HOUR)
    source.advance(60)
    restored = Clock(source)
    restored.restore(clock.reading())
    clock.release()
    assert not restored.held
    assert restored.reading() == clock.reading()
