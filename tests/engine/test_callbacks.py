from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.callbacks import (
    MAX_STALE_ENTRIES,
    Attempt,
    Callback,
    CallbackQueue,
    CallbackState,
    OrderingKey,
    TriggerDetails,
)
from mocksms.sms.webhook import Webhook, WebhookTrigger
from tests.engine.support import SECOND
from tests.support import NOON

URL = "http://app.test/"
LATER = NOON + SECOND


def callback(
    number: int, subject: str = "a", *, due_at: datetime | None = NOON, state: CallbackState = CallbackState.PENDING
) -> Callback:
    """Return a callback about the message `subject`, or about none where that is empty."""
    details = TriggerDetails(NOON, WebhookTrigger.SENT, "1", "1", subject or None)
    return Callback(number, Webhook(URL), 0, "send", details, OrderingKey(URL, subject), NOON, due_at, state)


def queue_of(*callbacks: Callback, limit: int = 100) -> CallbackQueue:
    """Return a queue with callbacks, each first of its ordering key scheduled as the outbox does it."""
    queue = CallbackQueue(limit)
    for each in callbacks:
        if queue.store(each) and each.due_at:
            queue.schedule(each.ordering_key, each.due_at)
    return queue


def taken(queue: CallbackQueue, now: datetime = NOON) -> list[int]:
    numbers: list[int] = []
    while scheduled := queue.take_due(now):
        numbers.append(scheduled[1].number)
    return numbers


def finish(queue: CallbackQueue, number: int) -> None:
    """Record that a callback was delivered, and schedule the next of its ordering key."""
    each = queue.get(number)
    assert each is not None
    queue.record_result(each._replace(state=CallbackState.DELIVERED, due_at=None))
    following = queue.first_of(each.ordering_key)
    if following is not None:
        queue.schedule(each.ordering_key, NOON)


def test_callbacks_are_found_by_number_and_by_message() -> None:
    queue = queue_of(callback(1, "a"), callback(2, "b"), callback(3, "a"), callback(4, ""))
    assert [each.number for each in queue.newest_first()] == [4, 3, 2, 1]
    assert [each.number for each in queue.newest_first(2)] == [4, 3]
    assert [each.number for each in queue.of("a")] == [3, 1]
    assert [each.number for each in queue.of("a", 1)] == [3]
    assert queue.get(9) is None
    assert len(queue) == 4


def test_next_callback_of_an_ordering_key_is_due_when_the_one_before_is_finished() -> None:
    queue = queue_of(callback(1), callback(2), callback(3, "b"))
    assert taken(queue) == [1, 3]
    assert queue.is_busy(NOON)
    finish(queue, 1)
    assert taken(queue) == [2]
    finish(queue, 2)
    finish(queue, 3)
    assert queue.is_idle
    assert not queue.is_busy(NOON)
    assert queue.store(callback(4))


def test_callback_is_taken_when_it_is_due_not_before() -> None:
    queue = queue_of(callback(1, due_at=LATER))
    assert (queue.next_at, queue.is_busy(NOON), queue.is_idle) == (LATER, False, False)
    assert taken(queue) == []
    assert taken(queue, LATER) == [1]
    assert queue.next_at is None


def test_callback_that_follows_an_evicted_one_is_taken_when_it_is_due() -> None:
    queue = queue_of(callback(1), callback(2, due_at=LATER), limit=1)
    assert not queue.is_busy(NOON)
    assert taken(queue) == []
    assert taken(queue, LATER) == [2]


def test_retried_callback_stays_first_of_its_ordering_key() -> None:
    queue = queue_of(callback(1), callback(2))
    assert taken(queue) == [1]
    queue.record_result(callback(1)._replace(attempts=(Attempt(NOON, 500, b"", 0.1, "HTTP 500"),)))
    first = queue.first_of(OrderingKey(URL, "a"))
    assert first is not None
    assert (first.number, len(first.attempts)) == (1, 1)


def test_dropped_callback_is_stored_but_not_scheduled() -> None:
    queue = queue_of(callback(1, due_at=None, state=CallbackState.DROPPED))
    assert queue.is_idle
    assert [each.number for each in queue.of("a")] == [1]
    assert queue.first_of(OrderingKey(URL, "a")) is None


@pytest.mark.parametrize("subject", ["a", ""])
def test_oldest_callbacks_are_evicted_delivered_or_not(subject: str) -> None:
    queue = queue_of(callback(1, subject), callback(2, subject), callback(3, subject), limit=2)
    assert (len(queue), queue.evicted, queue.evicted_up_to) == (2, 1, 1)
    assert [each.number for each in queue.newest_first()] == [3, 2]
    assert taken(queue) == [2]


def test_callback_evicted_in_flight_does_not_block_its_ordering_key() -> None:
    queue = queue_of(callback(1), callback(2), limit=2)
    assert taken(queue) == [1]
    queue.store(callback(3))
    queue.record_result(callback(1)._replace(due_at=LATER))
    following = queue.first_of(OrderingKey(URL, "a"))
    assert following is not None
    assert following.number == 2
    assert queue.in_flight == set()


def test_ordering_key_whose_callbacks_are_all_evicted_is_removed() -> None:
    queue = queue_of(callback(1), callback(2, "b"), limit=1)
    assert taken(queue) == [2]
    assert queue.store(callback(3))


def test_schedule_does_not_outgrow_the_stored_callbacks() -> None:
    queue = CallbackQueue(10)
    for number in range(1, 20_000):
        each = callback(number, str(number), due_at=LATER)
        assert queue.store(each)
        queue.schedule(each.ordering_key, LATER)
    assert max(len(queue._schedule), len(queue._unfinished)) <= 2 * MAX_STALE_ENTRIES
    assert taken(queue, LATER) == [*range(19_990, 20_000)]


def test_ordering_key_does_not_outgrow_the_stored_callbacks() -> None:
    queue = queue_of(*(callback(number) for number in range(1, 20_000)), limit=10)
    assert [len(numbers) for numbers in queue._unfinished.values()] == [10]
    assert taken(queue) == [19_990]


def test_ordering_key_continues_once_after_a_callback_evicted_in_flight() -> None:
    queue = queue_of(callback(1), limit=1)
    assert taken(queue) == [1]
    assert not queue.store(callback(2))
    assert taken(queue) == []
    queue.record_result(callback(1, state=CallbackState.DELIVERED))
    queue.schedule(OrderingKey(URL, "a"), NOON)
    assert taken(queue) == [2]
    finish(queue, 2)
    assert queue.is_idle
    assert queue.store(callback(3))


STEPS = st.one_of(
    st.tuples(st.just("add"), st.sampled_from("abc")),
    st.tuples(st.just("take"), st.none()),
    st.tuples(st.sampled_from(["deliver", "fail"]), st.integers(0, 9)),
)


@given(st.lists(STEPS, max_size=60), st.integers(1, 8))
def test_unfinished_stay_in_order_and_stored_callbacks_are_delivered_once(
    steps: list[tuple[str, str | int | None]], limit: int
) -> None:
    queue = CallbackQueue(limit)
    in_flight: list[Callback] = []
    delivered: list[Callback] = []

    def record(each: Callback, *, is_success: bool) -> None:
        in_flight.remove(each)
        state = CallbackState.DELIVERED if is_success else CallbackState.PENDING
        queue.record_result(each._replace(state=state, due_at=None if is_success else NOON))
        if is_success:
            delivered.append(each)
        if queue.first_of(each.ordering_key) is not None:
            queue.schedule(each.ordering_key, NOON)

    for number, (step, choice) in enumerate([*steps, *[("rest", None)] * 2 * len(steps)], 1):
        if step == "add":
            each = callback(number, str(choice))
            if queue.store(each):
                queue.schedule(each.ordering_key, NOON)
        elif step in ("take", "rest"):
            in_flight += [each for _, each in iter(partial(queue.take_due, NOON), None)]
            assert len({each.ordering_key for each in in_flight}) == len(in_flight) == len(queue.in_flight)
        elif in_flight:
            assert isinstance(choice, int)
            record(in_flight[choice % len(in_flight)], is_success=step == "deliver")
        if step == "rest":
            for each in in_flight[:]:
                record(each, is_success=True)
    assert queue.is_idle
    assert not queue._unfinished
    assert len({each.number for each in delivered}) == len(delivered)
    assert {each.number for each in queue.newest_first()} <= {each.number for each in delivered}
    for subject in "abc":
        numbers = [each.number for each in delivered if each.ordering_key.subject == subject]
        assert numbers == sorted(numbers)


def test_callbacks_that_were_in_flight_are_scheduled_again_in_their_order() -> None:
    queue = queue_of(*(callback(number, str(number)) for number in range(1, 30)))
    numbers = taken(queue)
    again = CallbackQueue(100)
    for each in queue.records:
        again.store(each)
    again.restore_schedule(queue.scheduled)
    assert taken(again) == numbers == [*range(1, 30)]


def test_key_whose_callbacks_were_evicted_is_not_scheduled_again() -> None:
    queue = CallbackQueue(1)
    queue.store(callback(1, "a"))
    queue.store(callback(2, "b"))
    queue.restore_schedule(())
    assert [each.ordering_key.subject for each in queue.scheduled] == ["b"]
    assert [*queue._unfinished] == [OrderingKey(URL, "b")]
