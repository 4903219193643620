r"""Life of a message: the allowed steps between states.

    queued ----------> sent ----------> invalid | rejected | exception
       |  \-> queued/insufficient-funds -> sent, rejected, exception
       \----> invalid | rejected | exception

No step follows invalid, rejected or exception. A free state can follow any state that is not final, and any state can
follow it.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Final

from mocksms.errors import IllegalStep
from mocksms.sms.message import AnyState, FreeState, State, Status, Timeline, TimelineStep
from mocksms.sms.outcomes import AT_ONCE, Step

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


def first_sent(timeline: Timeline) -> TimelineStep | None:
    """Return the step by which a message was sent, whatever came of it, None if it was not."""
    for step in timeline:  # a generator takes twice the time, and each send calls this
        if step.state.status == Status.SENT:
            return step
    return None


def initial_timeline(cause: str, state: AnyState = State.QUEUED) -> Timeline:
    """Return the timeline of a new message, which is queued unless it has another state."""
    return (TimelineStep(AT_ONCE, state, cause),)


ACCEPTED: Final = initial_timeline("accepted")
"""The timeline of a message that is accepted, and not processed yet."""


def step(timeline: Timeline, state: AnyState, after: timedelta, cause: str) -> Timeline:
    """Return a timeline with one more step.

    Raises:
        IllegalStep: it is not allowed.
    """
    current = timeline[-1].state
    if not allows(current, state):
        raise IllegalStep(current, state, following(current))
    return (*timeline, TimelineStep(after, state, cause))


def decide(timeline: Timeline, steps: tuple[Step, ...], cause: str, after: timedelta) -> Timeline:
    """Return a timeline with those steps of an outcome that are due at once, which is `after` the creation.

    Raises:
        IllegalStep: one is not allowed.
    """
    for state, delay in steps:
        if not delay:
            timeline = step(timeline, state, after, cause)
    return timeline


@lru_cache(maxsize=256)
def decide_at_once(steps: tuple[Step, ...], cause: str) -> Timeline:
    """Return the timeline of a message that is accepted and decided at once.

    Cached: few outcomes decide about most messages, which share their timeline.

    Raises:
        IllegalStep: a step is not allowed.
    """
    return decide(ACCEPTED, steps, cause, AT_ONCE)
