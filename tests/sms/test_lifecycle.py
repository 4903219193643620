from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from mocksms.errors import IllegalStep
from mocksms.sms import lifecycle
from mocksms.sms.message import State, Transition
from tests.support import NOON

LATER = NOON + timedelta(hours=1)

AFTER_A_WAIT = {
    State.SENT,
    State.UNSUBSCRIBED,
    State.KOSHER,
    State.BOUNCED,
    State.CANCELLED,
    State.EXCEPTION,
    State.NO_GATEWAY,
}
LEGAL = {
    *((State.QUEUED, state) for state in AFTER_A_WAIT | {State.INVALID, State.NO_CREDIT}),
    *((State.NO_CREDIT, state) for state in AFTER_A_WAIT),
    (State.SENT, State.BOUNCED),
}


def test_message_begins_queued() -> None:
    assert lifecycle.begin(NOON, "accepted") == (Transition(NOON, State.QUEUED, "accepted"),)


@pytest.mark.parametrize(
    ("current", "wanted"), [pytest.param(*pair, id=" to ".join(map(str, pair))) for pair in product(State, State)]
)
def test_step_is_legal_or_raises(current: State, wanted: State) -> None:
    history = (Transition(NOON, current, "before"),)
    if (current, wanted) in LEGAL:
        assert lifecycle.step(history, wanted, LATER, "why") == (*history, Transition(LATER, wanted, "why"))
    else:
        with pytest.raises(IllegalStep) as refused:
            lifecycle.step(history, wanted, LATER, "why")
        assert (refused.value.current, refused.value.requested) == (current, wanted)
        assert refused.value.allowed == lifecycle.NEXT[current]


def test_table_has_every_state_and_each_next_state_once() -> None:
    assert set(lifecycle.NEXT) == set(State)
    assert all(len(set(states)) == len(states) for states in lifecycle.NEXT.values())


def test_sent_is_final_unless_it_bounces_and_no_other_end_moves() -> None:
    ends = {state for state, following in lifecycle.NEXT.items() if not following}
    assert ends == set(State) - {State.QUEUED, State.NO_CREDIT, State.SENT}
