"""Statuses and reasons that messages can have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from mocksms.engine.account import Account
from mocksms.engine.agenda import StepAction
from mocksms.engine.message_query import MessageQuery
from mocksms.sms.message import FreeState, Reason, Status


class StateNames:
    """The statuses and reasons of the guide, and those of some free states.

    So a filter finds what a rule writes, and a typing error is still an error.

    Args:
        free_states: iterates over the free states, not each once; called only for a name that the guide does not have.
    """

    def __init__(self, free_states: Callable[[], Iterable[FreeState]] = tuple) -> None:
        self._free_states = free_states

    def has_status(self, name: str) -> bool:
        """Whether a name is that of a status."""
        return name in [*Status] or any(state.status == name for state in self._free_states())

    def has_reason(self, name: str) -> bool:
        """Whether a name is that of a reason, as send responses spell it."""
        return name in [*Reason] or any(state.reason == name for state in self._free_states())

    @property
    def statuses(self) -> list[str]:
        """The statuses of the guide, then the others by name."""
        return [*Status, *sorted({state.status for state in self._all} - {*Status})]

    @property
    def reasons(self) -> list[str]:
        """The reasons of the guide as send responses spell them, then the others by name."""
        return [*Reason, *sorted({state.reason for state in self._all if state.reason} - {*Reason})]

    @cached_property
    def _all(self) -> frozenset[FreeState]:
        return frozenset(self._free_states())


def free_states_of(accounts: Iterable[Account]) -> Iterator[FreeState]:
    """Iterate over the free states of accounts, not each once: of active scenarios, then of messages.

    Those of a message are what it has, had, and gets by a planned action. Any thread may call this.
    """
    accounts = tuple(accounts)
    for account in accounts:
        yield from account.scenario.free_states
    for account in accounts:
        for due in account.agenda.actions:
            if isinstance(due.action, StepAction) and isinstance(due.action.state, FreeState):
                yield due.action.state
        for message in account.messages.candidates(MessageQuery()):
            for _, state, _ in message.timeline:
                if isinstance(state, FreeState):
                    yield state
