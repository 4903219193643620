from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from mocksms.errors import IllegalStep
from mocksms.sms import lifecycle
from mocksms.sms.message import FreeState, State, TimelineStep
from mocksms.sms.outcomes import Step

FREE = FreeState("scheduled")
LATER = timedelta(hours=1)

AFTER_WAITING = {
    State.SENT,
    State.UNSUBSCRIBED,
    State.KOSHER,
    State.BOUNCED,
    State.CANCELLED,
    State.EXCEPTION,
    State.NO_GATEWAY,
}
AFTER_SENDING = {State.BOUNCED, State.KOSHER, State.UNSUBSCRIBED, State.INVALID, State.EXCEPTION}
ALLOWED = {
    *((State.QUEUED, state) for state in AFTER_WAITING | {State.INVALID, State.NO_CREDIT}),
    *((State.NO_CREDIT, state) for state in AFTER_WAITING),
    *((State.SENT, state) for state in AFTER_SENDING),
}


@pytest.mark.ledger("status.queued")
def test_first_state_of_a_message_is_queued() -> None:
    assert (TimelineStep(timedelta(), State.QUEUED, "accepted"),) == lifecycle.ACCEPTED


def test_messages_that_an_outcome_decides_at_once_share_their_timeline() -> None:
    steps = (Step(State.SENT), Step(State.BOUNCED, LATER))
    timeline = lifecycle.decide_at_once(steps, "why")
    assert timeline == (*lifecycle.ACCEPTED, TimelineStep(timedelta(), State.SENT, "why"))
    assert lifecycle.decide_at_once((Step(State.SENT), Step(State.BOUNCED, LATER)), "why") is timeline


@pytest.mark.ledger("status.lifecycle", "status.late")
def test_step_is_allowed_exactly_for_the_pairs_of_the_table() -> None:
    for current, state in product(State, State):
        timeline = (TimelineStep(timedelta(), current, "before"),)
        if (current, state) in ALLOWED:
            assert lifecycle.step(timeline, state, LATER, "why") == (*timeline, TimelineStep(LATER, state, "why"))
        else:
            with pytest.raises(IllegalStep) as refused:
                lifecycle.step(timeline, state, LATER, "why")
            assert (refused.value.current, refused.value.requested) == (current, state)
            assert refused.value.allowed == lifecycle.NEXT[current]


def test_table_has_every_state_and_each_next_state_once() -> None:
    assert set(lifecycle.NEXT) == set(State)
    assert all(len(set(states)) == len(states) for states in lifecycle.NEXT.values())


@pytest.mark.ledger("status.lifecycle")
def test_every_state_but_queued_no_credit_and_sent_is_final() -> None:
    ends = {state for state, following in lifecycle.NEXT.items() if not following}
    assert ends == set(State) - {State.QUEUED, State.NO_CREDIT, State.SENT}


@pytest.mark.ledger("status.free")
def test_free_state_follows_every_state_that_is_not_final_and_any_state_follows_it() -> None:
    for state in State:
        assert lifecycle.allows(state, FREE) == bool(lifecycle.NEXT[state])
        assert lifecycle.allows(FREE, state)
    assert lifecycle.allows(FREE, FREE)
    assert lifecycle.following(FREE) == tuple(State)


def test_final_state_allows_no_free_state_and_says_so() -> None:
    timeline = (TimelineStep(timedelta(), State.KOSHER, "before"),)
    with pytest.raises(IllegalStep, match="cannot become scheduled; allowed next: none, it is final"):
        lifecycle.step(timeline, FREE, LATER, "why")
