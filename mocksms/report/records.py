"""What a mock recorded, as views of the inspection API."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Final, Generic, NamedTuple, TypeVar

from mocksms.engine.account import Account
from mocksms.engine.engine import Engine
from mocksms.engine.steps import finish
from mocksms.inspection.accounts import AccountDetails, account_details
from mocksms.inspection.callbacks import CallbacksQuery, CallbackView, callbacks_page
from mocksms.inspection.context import Context
from mocksms.inspection.messages import ListQuery, MessageView, message_view, messages_page
from mocksms.inspection.phones import ConsentView, PhonesQuery, ReplyView, consents_page, replies_page
from mocksms.inspection.requests import RequestsQuery, RequestView, request_view, requests_page
from mocksms.inspection.scenarios import FaultsView, ScenarioView, faults_view, scenario_view
from mocksms.inspection.scope import AccountScope, OwnedMessage

MAX_RECORDS: Final = 1_000
"""Records of each kind in an account that a report has, the newest: one page of the inspection API."""

ViewT = TypeVar("ViewT")


class Records(NamedTuple, Generic[ViewT]):
    """The newest records of one kind, oldest first, and how many there are."""

    rows: Sequence[ViewT]
    total: int


class ReportAccount(NamedTuple):
    """An account with what was recorded for it."""

    account: AccountDetails
    messages: Records[MessageView]
    requests: Records[RequestView]
    callbacks: Records[CallbackView]
    replies: Records[ReplyView]
    consents: Records[ConsentView]
    faults: FaultsView
    scenario: ScenarioView


class RecordReader:
    """Reads the records of an engine whose clock stands still."""

    def __init__(self, engine: Engine) -> None:
        self._context = Context(engine)

    def accounts(self) -> list[AccountDetails]:
        """Return the accounts, the latest used first."""
        return [account_details(each) for each in AccountScope(self._context.engine, None).accounts]

    def account(self, account: AccountDetails, needed: Collection[str] = ()) -> ReportAccount:
        """Return the newest records of an account, and the messages with the needed ids."""
        context, name = self._context, account.id
        scope = AccountScope(context.engine, name)
        messages = finish(messages_page(context, scope, ListQuery(limit=MAX_RECORDS)))
        requests = finish(requests_page(context, scope, RequestsQuery(limit=MAX_RECORDS)))
        callbacks = finish(callbacks_page(context, scope, CallbacksQuery(limit=MAX_RECORDS)))
        replies = finish(replies_page(context, scope, PhonesQuery(limit=MAX_RECORDS)))
        consents = finish(consents_page(context, scope, PhonesQuery(limit=MAX_RECORDS)))
        older = self._older_messages(name, {*needed} - {each.transaction_id for each in messages.messages})
        return ReportAccount(
            account,
            Records([*older, *messages.messages[::-1]], messages.total),
            Records(requests.requests[::-1], requests.total),
            Records(callbacks.callbacks[::-1], callbacks.total),
            Records(replies.replies[::-1], replies.total),
            Records(consents.consents[::-1], consents.total),
            faults_view(context, scope),
            finish(scenario_view(context, scope)),
        )

    def size(self, account: AccountDetails) -> int:
        """Return how many records an account has."""
        stored = self._stored(account.id)
        sent = len(stored.messages) + len(stored.journal) + len(stored.callbacks)
        return sent + len(stored.replies) + len(stored.consents)

    def unattributed(self) -> Records[RequestView]:
        """Return the newest requests without an account."""
        journal = self._context.engine.accounts.unattributed
        newest = [request_view(None, each) for each in islice(journal.newest_first(), MAX_RECORDS)]
        return Records(newest[::-1], len(journal))

    def _older_messages(self, name: str, ids: Collection[str]) -> list[MessageView]:
        account = self._stored(name)
        found = [OwnedMessage(account, message) for each in ids if (message := account.messages.get(each))]
        return [message_view(self._context, each) for each in sorted(found, key=lambda each: each.message.sequence)]

    def _stored(self, name: str) -> Account:
        found = self._context.engine.accounts.by_id(name)
        assert found is not None
        return found
