from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksms.engine.callbacks import (
    PLANNED_SLACK,
    Attempt,
    Callback,
    CallbackQueue,
    CallbackSequence,
    CallbackState,
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
    return Callback(number, Webhook(URL), 0, "send", details, CallbackSequence(URL, subject), NOON, due_at, state)


def book_of(*callbacks: Callback, limit: int = 100) -> CallbackQueue:
    """Return a book with callbacks on its agenda, as an outbox puts them there."""
    book = CallbackQueue(limit)
    for each in callbacks:
        if book.enter(each) and each.due_at:
            book.plan(each.sequence, each.due_at)
    return book


def taken(book: CallbackQueue, now: datetime = NOON) -> list[int]:
    numbers: list[int] = []
    while each := book.take(now):
        numbers.append(each.number)
    return numbers


def over(book: CallbackQueue, number: int) -> None:
    """Settle a callback for good, and put the next of its chain on the agenda."""
    each = book.get(number)
    assert each is not None
    book.settle(each._replace(state=CallbackState.DELIVERED, due_at=None))
    following = book.first_of(each.sequence)
    if following is not None:
        book.plan(each.sequence, NOON)


def test_callbacks_are_found_by_number_and_by_message() -> None:
    book = book_of(callback(1, "a"), callback(2, "b"), callback(3, "a"), callback(4, ""))
    assert [each.number for each in book.newest_first()] == [4, 3, 2, 1]
    assert [each.number for each in book.newest_first(2)] == [4, 3]
    assert [each.number for each in book.of("a")] == [3, 1]
    assert [each.number for each in book.of("a", 1)] == [3]
    assert book.get(9) is None
    assert len(book) == 4


def test_only_the_first_of_a_chain_is_taken_and_the_next_when_it_is_over() -> None:
    book = book_of(callback(1), callback(2), callback(3, "b"))
    assert taken(book) == [1, 3]
    assert book.is_due(NOON)
    over(book, 1)
    assert taken(book) == [2]
    over(book, 2)
    over(book, 3)
    assert book.is_idle
    assert not book.is_due(NOON)
    assert book.enter(callback(4))


def test_callback_is_taken_when_it_is_due_and_not_before() -> None:
    book = book_of(callback(1, due_at=LATER))
    assert (book.next_at, book.is_due(NOON), book.is_idle) == (LATER, False, False)
    assert taken(book) == []
    assert taken(book, LATER) == [1]
    assert book.next_at is None


def test_callback_that_is_tried_again_stays_the_first_of_its_chain() -> None:
    book = book_of(callback(1), callback(2))
    assert taken(book) == [1]
    book.settle(callback(1)._replace(attempts=(Attempt(NOON, 500, b"", 0.1, "answered 500"),)))
    first = book.first_of(CallbackSequence(URL, "a"))
    assert first is not None
    assert (first.number, len(first.attempts)) == (1, 1)


def test_dropped_callback_is_kept_but_goes_nowhere() -> None:
    book = book_of(callback(1, due_at=None, state=CallbackState.DROPPED))
    assert book.is_idle
    assert [each.number for each in book.of("a")] == [1]
    assert book.first_of(CallbackSequence(URL, "a")) is None


@pytest.mark.parametrize("subject", ["a", ""])
def test_oldest_callbacks_make_room_delivered_or_not(subject: str) -> None:
    book = book_of(callback(1, subject), callback(2, subject), callback(3, subject), limit=2)
    assert (len(book), book.evicted, book.evicted_up_to) == (2, 1, 1)
    assert [each.number for each in book.newest_first()] == [3, 2]
    assert taken(book) == [2]


def test_callback_that_makes_room_on_its_way_holds_up_nobody() -> None:
    book = book_of(callback(1), callback(2), limit=2)
    assert taken(book) == [1]
    book.enter(callback(3))
    book.settle(callback(1)._replace(due_at=LATER))
    following = book.first_of(CallbackSequence(URL, "a"))
    assert following is not None
    assert following.number == 2
    assert book.in_flight == 0


def test_chain_of_which_nothing_is_left_is_forgotten() -> None:
    book = book_of(callback(1), callback(2, "b"), limit=1)
    assert taken(book) == [2]
    assert book.enter(callback(3))


def test_what_is_planned_does_not_outgrow_what_is_kept() -> None:
    book = CallbackQueue(10)
    for number in range(1, 20_000):
        each = callback(number, str(number), due_at=LATER)
        assert book.enter(each)
        book.plan(each.sequence, LATER)
    assert max(len(book._due), len(book._chains)) <= 2 * PLANNED_SLACK
    assert taken(book, LATER) == [*range(19_990, 20_000)]


def test_chain_does_not_outgrow_what_is_kept() -> None:
    book = book_of(*(callback(number) for number in range(1, 20_000)), limit=10)
    assert [len(numbers) for numbers in book._chains.values()] == [10]
    assert taken(book) == [19_990]


def test_chain_goes_on_once_with_the_next_when_what_is_on_its_way_has_made_room() -> None:
    book = book_of(callback(1), limit=1)
    assert taken(book) == [1]
    assert not book.enter(callback(2))
    assert taken(book) == []
    book.settle(callback(1, state=CallbackState.DELIVERED))
    book.plan(CallbackSequence(URL, "a"), NOON)
    assert taken(book) == [2]
    over(book, 2)
    assert book.is_idle
    assert book.enter(callback(3))


STEPS = st.one_of(
    st.tuples(st.just("add"), st.sampled_from("abc")),
    st.tuples(st.just("take"), st.none()),
    st.tuples(st.sampled_from(["deliver", "fail"]), st.integers(0, 9)),
)


@given(st.lists(STEPS, max_size=60), st.integers(1, 8))
def test_whatever_happens_chains_are_in_order_and_what_is_kept_is_told_once(
    steps: list[tuple[str, str | int | None]], limit: int
) -> None:
    book = CallbackQueue(limit)
    on_its_way: list[Callback] = []
    told: list[Callback] = []

    def settle(each: Callback, *, delivered: bool) -> None:
        on_its_way.remove(each)
        state = CallbackState.DELIVERED if delivered else CallbackState.PENDING
        book.settle(each._replace(state=state, due_at=None if delivered else NOON))
        if delivered:
            told.append(each)
        if book.first_of(each.sequence) is not None:
            book.plan(each.sequence, NOON)

    for number, (step, choice) in enumerate([*steps, *[("rest", None)] * 2 * len(steps)], 1):
        if step == "add":
            each = callback(number, str(choice))
            if book.enter(each):
                book.plan(each.sequence, NOON)
        elif step in ("take", "rest"):
            on_its_way += iter(partial(book.take, NOON), None)
            assert len({each.sequence for each in on_its_way}) == len(on_its_way) == book.in_flight
        elif on_its_way:
            assert isinstance(choice, int)
            settle(on_its_way[choice % len(on_its_way)], delivered=step == "deliver")
        if step == "rest":
            for each in on_its_way[:]:
                settle(each, delivered=True)
    assert book.is_idle
    assert not book._chains
    assert len({each.number for each in told}) == len(told)
    assert {each.number for each in book.newest_first()} <= {each.number for each in told}
    for subject in "abc":
        numbers = [each.number for each in told if each.sequence.subject == subject]
        assert numbers == sorted(numbers)
