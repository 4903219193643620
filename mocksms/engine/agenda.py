"""Agenda: the planned actions on the messages of an account."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple

from mocksms.engine.messages import MessageStore
from mocksms.sms.message import AnyState, Message, Reaction
from mocksms.sms.outcomes import Outcome

MAX_STALE_ACTIONS: Final = 1_000
MAX_ACTIONS_PER_MESSAGE: Final = 4
"""Planned actions of evicted messages are removed when there are more actions than these allow together."""


class DecideAction(NamedTuple):
    """The vendor processes a queued message; `by_rule` is the outcome of a rule that delayed it to pass it through."""

    by_rule: Outcome | None = None


class StepAction(NamedTuple):
    """A later step of an outcome."""

    state: AnyState
    decided_by: str


Action = DecideAction | StepAction | Reaction
"""A planned action on a message."""


class DueAction(NamedTuple):
    """An action on the message `sequence` at an instant; at one instant, actions run in the `order` of planning."""

    at: datetime
    order: int
    sequence: int
    action: Action


class Agenda:
    """The planned actions on the messages of a store. Those of evicted messages are dropped at times."""

    def __init__(self, messages: MessageStore) -> None:
        self._messages = messages
        self._heap: list[DueAction] = []
        self._order = count()

    @property
    def is_empty(self) -> bool:
        """Whether no action is planned."""
        return not self._heap

    @property
    def actions(self) -> list[DueAction]:
        """A copy of the planned actions, in no order; any thread may read it."""
        return [*self._heap]

    @property
    def next_at(self) -> datetime | None:
        """When the next action is due, None if there is none."""
        return self._heap[0].at if self._heap else None

    def planned_for(self, sequence: int) -> list[DueAction]:
        """Return the planned actions on a message, in no order."""
        return [due for due in self._heap if due.sequence == sequence]

    def next_step_at(self, sequence: int) -> datetime | None:
        """Return when the next action on a message is due, None if none is planned."""
        return min((due.at for due in self.planned_for(sequence)), default=None)

    def plan(self, at: datetime, sequence: int, action: Action) -> None:
        """Plan an action on a message."""
        if len(self._heap) > MAX_STALE_ACTIONS + MAX_ACTIONS_PER_MESSAGE * len(self._messages):
            self.drop_stale()
        heapq.heappush(self._heap, DueAction(at, next(self._order), sequence, action))

    def drop_stale(self) -> None:
        """Drop the actions on messages that are no longer stored."""
        self._heap = [due for due in self._heap if self._messages.at(due.sequence) is not None]
        heapq.heapify(self._heap)

    def plan_outcome(self, sequence: int, outcome: Outcome, at: datetime) -> None:
        """Plan the later steps of an outcome that is decided at an instant."""
        if outcome.pass_through_after is not None:
            self.plan(at + outcome.pass_through_after, sequence, DecideAction(outcome))
            return
        for step in outcome.steps:
            if step.after:
                self.plan(at + step.after, sequence, StepAction(step.state, outcome.decided_by))

    def plan_reactions(self, message: Message, sent_at: datetime) -> None:
        """Plan what the recipient of a sent message does."""
        for reaction in message.reactions:
            self.plan(sent_at + reaction.after, message.sequence, reaction)

    def next_due(self, now: datetime) -> DueAction | None:
        """Remove and return the earliest action that is due, None if there is none."""
        if self._heap and self._heap[0].at <= now:
            return heapq.heappop(self._heap)
        return None

    def restore(self, actions: Iterable[tuple[datetime, int, Action]]) -> None:
        """Have these actions, each with its time and message, in the order in which they are due."""
        self._heap = [DueAction(at, next(self._order), sequence, action) for at, sequence, action in actions]
        heapq.heapify(self._heap)
