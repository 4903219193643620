"""Search for the reasons why an expectation failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.engine.journal import RecordedRequest
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.steps import Steps, select
from mocksms.errors import escape
from mocksms.inspection.matching import MAX_COMPARED_MESSAGES, MessageFilter
from mocksms.inspection.scope import AccountScope, OwnedMessage
from mocksms.schemas.explanations import (
    Cause,
    CauseKind,
    Explanation,
    Found,
    describe_message,
    describe_problem,
    show_instant,
)
from mocksms.sms.display import clock_time, describe_history
from mocksms.sms.message import FreeState, Message, State
from mocksms.sms.sizes import format_size
from mocksms.sms.text import content_of

MAX_CLOSEST: Final = 3
MAX_CAUSES: Final = 3
"""Causes of each kind."""

ADVANCE: Final = "advance the clock: POST /_mock/clock/advance, in pytest mocksms.advance(...)"

MAX_SEARCHED_ACCOUNTS: Final = 1_000
"""Other accounts that are searched, the latest used first."""


class Explainer:
    """Explains for one scope why an expectation about the messages after a cursor failed."""

    def __init__(self, engine: Engine, scope: AccountScope, after: int = 0) -> None:
        self._engine = engine
        self._scope = scope
        self._after = after

    def too_few(
        self, message_filter: MessageFilter, count: int = 0, expected: str = "", when: str = ""
    ) -> Steps[Explanation]:
        """Explain that too few messages match.

        Args:
            message_filter: the filter of the expectation.
            count: the number of messages that match.
            expected: the expected number, such as `exactly 1`.
            when: a limit of time or place, such as `within 2 s`.
        """
        candidates = [*islice(self._all(), MAX_COMPARED_MESSAGES)]
        conditions = message_filter.describe()
        found, closest = self._found(), (yield from message_filter.closest(candidates, MAX_CLOSEST))
        message_filter.query.begin()
        matched = yield from self._scope.search(message_filter.query, MAX_CAUSES)
        return Explanation(
            problem=describe_problem(count, conditions, expected, f" {when}" if when else ""),
            expected=[*conditions, *filter(None, (expected, when))],
            found=found,
            closest=closest,
            causes=[
                *(_message_cause("matched", owned) for owned in matched),
                *(yield from self._refused()),
                *(yield from self._other_accounts(message_filter)),
                *self._evicted(),
                *(yield from self._queued(message_filter)),
            ],
        )

    def too_many(self, problem: str, expected: Sequence[str], unexpected: Sequence[OwnedMessage]) -> Explanation:
        """Explain that there are unexpected messages."""
        return Explanation(
            problem=problem,
            expected=list(expected),
            found=self._found(),
            closest=[],
            causes=[_message_cause("unexpected", owned) for owned in unexpected],
        )

    def _all(self) -> Iterator[OwnedMessage]:
        return self._scope.newest_first(MessageQuery(after=self._after))

    def _found(self) -> Found:
        accounts = self._scope.accounts
        return Found(
            messages=sum(account.messages.count_all(self._after) for account in accounts),
            account=self._scope.shortened_key,
            since=self._after or None,
            has_requests=any(True for _ in self._scope.requests(self._after)),
            clock_frozen_at=next((account.clock.now() for account in accounts if account.clock.frozen), None),
        )

    def _refused(self) -> Steps[list[Cause]]:
        """Return the requests that created nothing and got an error, also those that belong to no account."""
        requests = AccountScope(self._engine, None).requests(self._after)
        return [
            Cause(
                kind="refused",
                text=_describe_refusal(request, has_account=account is not None),
                id=str(request.number),
            )
            for account, request in (yield from select(requests, self._is_refused, MAX_CAUSES))
        ]

    def _is_refused(self, owned: tuple[Account | None, RecordedRequest]) -> bool:
        account, request = owned
        return (
            (account is None or self._scope.holds(account))
            and not request.messages
            and (request.status is None or request.status >= 400 or request.refusal is not None)
        )

    def _other_accounts(self, message_filter: MessageFilter) -> Steps[list[Cause]]:
        if self._scope.name is None:
            return []
        found: list[OwnedMessage] = []
        label = self._scope.label
        others = (
            account
            for account in AccountScope(self._engine, None).accounts
            # Parallel tests send similar messages: the account of another test is no cause.
            if not self._scope.holds(account) and not (label and account.label not in ("", label))
        )
        for account in islice(others, MAX_SEARCHED_ACCOUNTS):
            yield
            found += yield from AccountScope(self._engine, account.id).search(message_filter.query, 1)
            if len(found) == MAX_CAUSES:
                break
        return [
            Cause(
                kind="other_account",
                text=f"account {escape(account.shown_key)}{_label(account)} has it: {_describe(message)}; "
                "does the application use another API key?",
                id=message.transaction_id,
            )
            for account, message in found
        ]

    def _evicted(self) -> Iterator[Cause]:
        settings, accounts = self._engine.settings, self._engine.accounts
        stores = [account.messages for account in self._scope.accounts]
        memory = f"--max-memory is {format_size(accounts.budget.limit)}"
        if any(store.evicted_up_to > self._after for store in stores):
            count = sum(store.evicted for store in stores)
            limits = f"--max-messages is {settings.max_messages}, {memory}"
            yield Cause(kind="evicted", text=f"{count} SMS were evicted, it may be one of them; {limits}", id=None)
        if accounts.evicted_up_to > self._after:
            count = accounts.evicted().accounts
            were = "account was" if count == 1 else "accounts were"
            limits = f"--max-accounts is {settings.max_accounts}, {memory}"
            yield Cause(kind="evicted", text=f"{count} {were} evicted, it may be one of their SMS; {limits}", id=None)

    def _queued(self, message_filter: MessageFilter) -> Steps[list[Cause]]:
        """Return the messages that match except for their status, and are still queued."""

        def matches(owned: OwnedMessage) -> bool:
            state = owned.message.state
            is_queued = state in (State.QUEUED, State.NO_CREDIT) or isinstance(state, FreeState)
            return is_queued and _only_state_differs(message_filter, owned.message)

        newest = islice(self._all(), MAX_COMPARED_MESSAGES)
        queued = yield from select(newest, matches, None, message_filter.query.step_size)
        causes = [
            Cause(
                kind="queued",
                text=f"{_describe(message)} is still {message.state}{_until(account, message)}",
                id=message.transaction_id,
            )
            for account, message in queued[:MAX_CAUSES]
        ]
        if others := queued[MAX_CAUSES:]:
            causes.append(Cause(kind="queued", text=_count_queued(others), id=None))
        return causes


def _label(account: Account) -> str:
    return f" ({escape(account.label)})" if account.label else ""


def _describe_refusal(request: RecordedRequest, *, has_account: bool) -> str:
    name = escape(f"{request.method} {request.target}".strip()) or "an unreadable request"
    owner = "" if has_account else ", without an account,"
    response = f"got {request.status}" if request.status else "got no response, the connection was reset"
    return f"{name} at {clock_time(request.at)}{owner} {response}: {escape(request.note)}"


def _message_cause(kind: CauseKind, owned: OwnedMessage) -> Cause:
    message = owned.message
    return Cause(
        kind=kind, text=f"{_describe(message)}, {describe_history(message.history)}", id=message.transaction_id
    )


def _describe(message: Message) -> str:
    return describe_message(message.transaction_id, message.mobile_number, content_of(message))


def _only_state_differs(message_filter: MessageFilter, message: Message) -> bool:
    failed = {condition.field for condition in message_filter.conditions if not condition.matches(message)}
    return bool(failed) and failed <= {"status", "reject_reason"}


def _until(account: Account, message: Message) -> str:
    if message.state is State.NO_CREDIT and not account.can_pay(message.segments):
        return f": credit is {account.credit}, it takes {message.segments}; PATCH /_mock/account adds credit"
    due = account.agenda.next_step_at(message.sequence)
    if due is None:
        is_waiting = message.state is State.NO_CREDIT
        return " until PATCH /_mock/account sets the credit" if is_waiting else " and nothing is planned for it"
    until = f" until {show_instant(due)}"
    if account.clock.frozen:
        until += f", and the clock is frozen at {show_instant(account.clock.now())}"
    return f"{until}; {ADVANCE}"


def _count_queued(others: Sequence[OwnedMessage]) -> str:
    """Return how many more messages are queued, and until when the last of them is at least."""
    last = max(message.due_at for _, message in others)
    is_ahead = any(message.due_at > account.clock.now() for account, message in others)
    return f"{len(others)} more still queued{f', the last until {show_instant(last)}; {ADVANCE}' if is_ahead else ''}"
