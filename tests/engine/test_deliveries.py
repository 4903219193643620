from __future__ import annotations

import pytest

from mocksms.engine.callbacks import Attempt, Callback, CallbackState
from mocksms.engine.deliveries import MAX_RECENT, DeliveryCounts, DeliveryState, worst_delivery
from tests.engine.test_callbacks import callback
from tests.support import NOON

SUCCESS = Attempt(NOON, 200, b"", 0.0)
FAILURE = Attempt(NOON, 500, b"", 0.0, "HTTP 500")


def done(number: int, state: CallbackState, *attempts: Attempt, replay_of: int | None = None) -> Callback:
    return callback(number)._replace(state=state, attempts=attempts, replay_of=replay_of)


@pytest.mark.parametrize(
    ("callbacks", "worst"),
    [
        ([], None),
        ([done(1, CallbackState.DROPPED)], DeliveryState.DROPPED),
        ([done(2, CallbackState.DELIVERED), done(1, CallbackState.DROPPED)], DeliveryState.DELIVERED),
        ([done(2, CallbackState.PENDING), done(1, CallbackState.DELIVERED)], DeliveryState.PENDING),
        ([done(2, CallbackState.PENDING), done(1, CallbackState.PENDING, FAILURE)], DeliveryState.RETRYING),
        ([done(2, CallbackState.PENDING, FAILURE), done(1, CallbackState.FAILED)], DeliveryState.FAILED),
        ([done(2, CallbackState.DELIVERED, replay_of=1), done(1, CallbackState.FAILED)], DeliveryState.DELIVERED),
    ],
)
def test_worst_of_the_callbacks_counts_except_those_that_a_later_one_repeats(
    callbacks: list[Callback], worst: DeliveryState | None
) -> None:
    assert worst_delivery(callbacks) is worst


def test_recent_attempts_are_the_last_of_each_callback() -> None:
    counts = DeliveryCounts()
    counts.add(done(99, CallbackState.PENDING), is_repeated=False)
    counts.add(done(98, CallbackState.PENDING, SUCCESS, FAILURE), is_repeated=False)
    for number in range(MAX_RECENT):
        counts.add(done(number, CallbackState.DELIVERED, FAILURE, SUCCESS), is_repeated=False)
    assert counts.recent == [False, *[True] * (MAX_RECENT - 1)]
