r"""Life of a message: the allowed steps between states.

    queued ----------> sent ----------> invalid | rejected | exception
       |  \-> queued/insufficient-funds -> sent, rejected, exception
       \----> invalid | rejected | exception

No step follows invalid, rejected or exception. A free state can follow any state that is not final, and any state can
follow it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from mocksms.errors import IllegalStep
from mocksms.sms.message import AnyState, FreeState, History, State, Status, Transition
from mocksms.sms.outcomes import Outcome

_AFTER_WAITING = (
    State.SENT,
    State.UNSUBSCRIBED,
    State.KOSHER,
    State.BOUNCED,
    State.CANCELLED,
    State.EXCEPTION,
    State.NO_GATEWAY,
)

NEXT: Final[dict[State, tuple[State, ...]]] = {
    State.QUEUED: (*_AFTER_WAITING, State.INVALID, State.NO_CREDIT),
    State.NO_CREDIT: _AFTER_WAITING,
    State.SENT: (State.BOUNCED, State.KOSHER, State.UNSUBSCRIBED, State.INVALID, State.EXCEPTION),
    State.INVALID: (),
    State.UNSUBSCRIBED: (),
    State.KOSHER: (),
    State.BOUNCED: (),
    State.CANCELLED: (),
    State.EXCEPTION: (),
    State.NO_GATEWAY: (),
}
"""The allowed next states of each state (inferred, status.lifecycle, status.late)."""


def following(state: AnyState) -> tuple[State, ...]:
    """Return the states of the guide that can follow a state."""
    return tuple(State) if isinstance(state, FreeState) else NEXT[state]


def allows(current: AnyState, state: AnyState) -> bool:
    """Whether a message can go from one state to another (own, status.free)."""
    allowed = following(current)
    return state in allowed or (isinstance(state, FreeState) and bool(allowed))


def first_sent(history: History) -> Transition | None:
    """Return the step by which a message was sent, whatever came of it, None if it was not."""
    for transition in history:  # a generator takes twice the time, and each send calls this
        if transition.state.status == Status.SENT:
            return transition
    return None


def initial_history(at: datetime, cause: str, state: AnyState = State.QUEUED) -> History:
    """Return the history of a new message, which is queued unless it has another state."""
    return (Transition(at, state, cause),)


def step(history: History, state: AnyState, at: datetime, cause: str) -> History:
    """Return a history with one more step.

    Raises:
        IllegalStep: it is not allowed.
    """
    current = history[-1].state
    if not allows(current, state):
        raise IllegalStep(current, state, following(current))
    return (*history, Transition(at, state, cause))


def immediate_history(history: History, outcome: Outcome, at: datetime) -> History:
    """Return a history with the steps of an outcome that are due at once.

    Raises:
        IllegalStep: one is not allowed.
    """
    for state, after in outcome.steps:
        if not after:
            history = step(history, state, at, outcome.decided_by)
    return history
