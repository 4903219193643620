r"""Life of a message: the allowed steps between states.

    queued ----------> sent ----------> rejected/bounced
       |  \-> queued/insufficient-funds -> sent, rejected, exception
       \----> invalid | rejected | exception

No step follows invalid, rejected or exception. A sent message can only bounce.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from mocksms.errors import IllegalStep
from mocksms.sms.message import History, State, Transition

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
    State.SENT: (State.BOUNCED,),
    State.INVALID: (),
    State.UNSUBSCRIBED: (),
    State.KOSHER: (),
    State.BOUNCED: (),
    State.CANCELLED: (),
    State.EXCEPTION: (),
    State.NO_GATEWAY: (),
}
"""The allowed next states of each state (inferred, status.lifecycle)."""


def initial_history(at: datetime, cause: str) -> History:
    """Return the history of a new message, which is queued."""
    return (Transition(at, State.QUEUED, cause),)


def step(history: History, state: State, at: datetime, cause: str) -> History:
    """Return a history with one more step.

    Raises:
        IllegalStep: NEXT does not allow it.
    """
    current = history[-1].state
    if state not in NEXT[current]:
        raise IllegalStep(current, state, NEXT[current])
    return (*history, Transition(at, state, cause))
