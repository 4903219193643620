"""Account scope: the account that a request to the inspection API is about, or all accounts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from heapq import merge
from itertools import repeat, starmap
from typing import Final, NamedTuple, TypeVar

from mocksms.engine.account import Account, Consent, Reply
from mocksms.engine.callbacks import Callback
from mocksms.engine.engine import Engine
from mocksms.engine.journal import Journal, RecordedRequest
from mocksms.engine.keys import account_id, shorten_key
from mocksms.engine.message_query import MessageQuery
from mocksms.engine.state_names import StateNames
from mocksms.engine.steps import Steps, select
from mocksms.inspection.errors import AccountRequired, RecordNotFound, UnknownAccount
from mocksms.sms.message import FreeState, Message

LATEST: Final = "latest"
"""The name of the newest message in a path."""

_ID: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)


Owner = TypeVar("Owner")
Record = TypeVar("Record", RecordedRequest, Reply, Callback, Consent)


def normalised_id(transaction_id: str) -> str:
    """Return a transaction id as messages have it: lower-case hex digits without hyphens."""
    return transaction_id.lower().replace("-", "")


class OwnedMessage(NamedTuple):
    """A message with its account."""

    account: Account
    message: Message


class Phone(NamedTuple):
    """A phone of an account: its number as compared, and the cursor of its latest SMS in either direction."""

    account: Account
    digits: str
    latest: int


class AccountScope:
    """One account by its key or id, or all accounts when `name` is None.

    Accounts are looked up at each use, because they can be created and evicted. A name in the form of an id is an id,
    unless `is_key` says that it is a key.
    """

    def __init__(self, engine: Engine, name: str | None, *, is_key: bool = False) -> None:
        self._engine = engine
        self.name = name
        self._is_id = not is_key and name is not None and _ID.fullmatch(name) is not None

    @property
    def accounts(self) -> list[Account]:
        """The accounts with all due events applied, the latest used first."""
        if self.name is None:
            self._engine.tick()
            return [*self._engine.accounts.latest_first()]
        found = self._named()
        if found is None:
            return []
        self._engine.apply_due(found)
        return [found]

    def catch_up(self) -> Steps[None]:
        """Apply all due events of the accounts, so that each use finds few."""
        if self.name is None:
            yield from self._engine.tick_in_steps()
        elif found := self._named():
            yield from self._engine.catch_up(found)

    def holds(self, account: Account) -> bool:
        """Whether an account is in the scope."""
        return self.name is None or account.id in self._ids

    @cached_property
    def _ids(self) -> set[str]:
        name = self.name or ""
        return {name, account_id(name)} if self._is_id else {account_id(name)}

    @property
    def id(self) -> str | None:
        """The id of the account, also before its first use; None for all accounts."""
        return self.name if self._is_id or self.name is None else account_id(self.name)

    @property
    def label(self) -> str:
        """The label of the account, also before its first use; empty for all accounts."""
        found = self._named()
        return found.label if found else self._engine.accounts.labels.get(self.id or "", "")

    @property
    def shortened_key(self) -> str | None:
        """The key of the account as it may be shown, None for all accounts."""
        if self.name is None:
            return None
        found = self._named()
        return found.shown_key if found else shorten_key(self.name)

    @property
    def state_names(self) -> StateNames:
        """The statuses and reasons that messages of the account can have, also before its first use."""
        return StateNames(self._free_states)

    def peek(self) -> Account:
        """Return the one account, or before its first use a new one that is not stored.

        Raises:
            AccountRequired: the scope is all accounts.
            UnknownAccount: it does not exist and cannot be created.
        """
        if self.name is None:
            raise AccountRequired
        found = self._named() or self._engine.accounts.peek(self._new_key(self.name))
        self._engine.apply_due(found)
        return found

    def account(self) -> Account:
        """Return the one account, created on its first use.

        Raises:
            AccountRequired: the scope is all accounts.
            UnknownAccount: it does not exist and cannot be created.
        """
        if self.name is None:
            raise AccountRequired
        found = self._named()
        return self._engine.use(found) if found else self._engine.account(self._new_key(self.name))

    def one_or_all(self) -> Account | None:
        """Return the one account, created on its first use, or None for all accounts.

        Raises:
            UnknownAccount: it does not exist and cannot be created.
        """
        return None if self.name is None else self.account()

    def newest_first(self, query: MessageQuery) -> Iterator[OwnedMessage]:
        """Iterate over the messages among which those that match are, newest first."""
        ways = [zip(repeat(account), account.messages.candidates(query), strict=False) for account in self.accounts]
        merged = ways[0] if len(ways) == 1 else merge(*ways, key=lambda owned: owned[1].sequence, reverse=True)
        return starmap(OwnedMessage, merged)

    def search(self, query: MessageQuery, limit: int | None = None) -> Steps[list[OwnedMessage]]:
        """Return the newest `limit` messages that match, or all, newest first."""
        return select(self.newest_first(query), lambda owned: query.matches(owned.message), limit, query.step_size)

    def count(self, query: MessageQuery) -> Steps[int]:
        """Return how many messages match."""
        total = 0
        for account in self.accounts:
            total += yield from account.messages.count(query)
        return total

    def find(self, transaction_id: str) -> OwnedMessage:
        """Return a message by its id, or the newest one by `latest`.

        Raises:
            RecordNotFound: there is no such message.
        """
        if transaction_id == LATEST:
            for owned in self.newest_first(MessageQuery()):
                return owned
        normalised = normalised_id(transaction_id)
        for account in self.accounts:
            message = account.messages.get(normalised)
            if message is not None:
                return OwnedMessage(account, message)
        raise RecordNotFound("message", transaction_id)

    @property
    def journals(self) -> list[tuple[Account | None, Journal]]:
        """The journals with their accounts; for all accounts also that of requests without an account."""
        return self._journals()

    def requests(self, after: int, before: int | None = None) -> Iterator[tuple[Account | None, RecordedRequest]]:
        """Iterate over the recorded requests after a cursor and before another, newest first."""
        used = [(owner, journal) for owner, journal in self._journals(after) if len(journal)]
        return _merged((owner, journal.newest_first(after, before)) for owner, journal in used)

    def replies(
        self, after: int, before: int | None = None, digits: str | None = None
    ) -> Iterator[tuple[Account, Reply]]:
        """Iterate over the replies after a cursor and before another, of one phone or of all, newest first."""
        return _merged((account, account.replies.of(digits, after, before)) for account in self.accounts)

    def callbacks(self, after: int, message: str | None, before: int | None) -> Iterator[tuple[Account, Callback]]:
        """Iterate over the callbacks after a cursor and before another, of one message or of all, newest first."""
        return _merged((account, account.callbacks.of(message, after, before)) for account in self.accounts)

    def consents(self, after: int, before: int | None, digits: str | None) -> Iterator[tuple[Account, Consent]]:
        """Iterate over the opt-outs and opt-ins after a cursor and before another, of one number or of all."""
        return _merged((account, account.consents.of(digits, after, before)) for account in self.accounts)

    def phones(self, after: int, before: int | None = None, digits: str | None = None) -> Iterator[Phone]:
        """Iterate over the phones whose latest SMS came after a cursor and before another, newest first."""
        ways = [_phones_of(account, digits) for account in self.accounts]
        for phone in merge(*ways, key=lambda phone: phone.latest, reverse=True):
            if phone.latest <= after:
                return
            if before is None or phone.latest < before:
                yield phone

    def evicted(self) -> int:
        """Return how many messages were evicted."""
        if self.name is None:
            return self._engine.accounts.evicted().messages
        return sum(account.messages.evicted for account in self.accounts)

    def is_incomplete(self, after: int) -> bool:
        """Whether messages after a cursor may be evicted."""
        evicted = [account.messages.evicted_up_to for account in self.accounts]
        return max(evicted, default=0) > after or self._engine.accounts.evicted_up_to > after

    def _journals(self, after: int = 0) -> list[tuple[Account | None, Journal]]:
        """Return the journals, at least those with requests after a cursor.

        A mock has thousands of accounts in a long test run, of which a test uses one: a request is a use.
        """
        if self.name is not None:
            return [(account, account.journal) for account in self.accounts]
        accounts = self._engine.accounts
        used = accounts.latest_first(after) if after else accounts
        return [*((account, account.journal) for account in used), (None, accounts.unattributed)]

    def _free_states(self) -> Iterator[FreeState]:
        account = None if self.name is None else self._named() or self._engine.accounts.peek(self.name)
        return self._engine.free_states(account)

    def _named(self) -> Account | None:
        accounts, name = self._engine.accounts, self.name or ""
        return (accounts.by_id(name) if self._is_id else None) or accounts.by_key(name)

    def _new_key(self, name: str) -> str:
        allowed = self._engine.settings.api_key
        if self._is_id:
            raise UnknownAccount(name)
        if allowed and name not in allowed:
            raise UnknownAccount(shorten_key(name), is_key=True)
        return name


def _merged(owned: Iterable[tuple[Owner, Iterator[Record]]]) -> Iterator[tuple[Owner, Record]]:
    """Merge the records of several owners, each newest first."""
    ways = [zip(repeat(owner), records, strict=False) for owner, records in owned]
    return merge(*ways, key=lambda pair: pair[1].number, reverse=True)


def count_phones(account: Account) -> int:
    """Return how many phones got an SMS of an account or replied to it."""
    recipients = account.messages.phones
    return len(recipients) + sum(digits not in recipients for _, digits in account.replies.index.latest_of_each())


def _phones_of(account: Account, digits: str | None) -> Iterator[Phone]:
    """Iterate over the phones of an account, or the one with a number, newest SMS first."""
    recipients, senders = account.messages.phones, account.replies.index
    if digits is not None:
        latest = max(next(index.newest_first(digits), 0) for index in (recipients, senders))
        if latest:
            yield Phone(account, digits, latest)
        return
    known = set[str]()
    for latest, each in merge(recipients.latest_of_each(), senders.latest_of_each(), reverse=True):
        if each not in known:
            known.add(each)
            yield Phone(account, each, latest)
