"""Whose messages and exchanges a question is about: one account's, or everybody's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice, repeat, starmap
from typing import Final, NamedTuple, TypeVar

from mocksms.engine.account import Account, Reply, account_id
from mocksms.engine.callbacks import Callback
from mocksms.engine.consents import Consent
from mocksms.engine.engine import Engine
from mocksms.engine.journal import Journal, RecordedRequest, shorten_key
from mocksms.engine.messages import MessageQuery
from mocksms.inspection.errors import AccountRequired, RecordNotFound, UnknownAccount
from mocksms.sms.message import Message

LATEST: Final = "latest"
"""Stands for the id of the newest message."""

_ID: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)


Owner = TypeVar("Owner")
Record = TypeVar("Record", RecordedRequest, Reply, Callback, Consent)


class OwnedMessage(NamedTuple):
    """A message with its account."""

    account: Account
    message: Message


class Phone(NamedTuple):
    """A phone that an account wrote to or heard from: its number as compared, and the number of the latest SMS."""

    account: Account
    digits: str
    latest: int


class AccountScope:
    """One account by its key or id, or all when no name is given. Looked up anew each time: accounts come and go.

    A name that looks like an id is one, unless it is surely a key.
    """

    def __init__(self, engine: Engine, name: str | None, *, is_key: bool = False) -> None:
        self._engine = engine
        self.name = name
        self._is_id = not is_key and name is not None and _ID.fullmatch(name) is not None

    @property
    def accounts(self) -> list[Account]:
        """The accounts there are, brought up to date, the latest used first."""
        found = self._named()
        accounts = [*reversed(tuple(self._engine.accounts))] if self.name is None else [found] if found else []
        for account in accounts:
            self._engine.apply_due(account)
        return accounts

    def holds(self, account: Account) -> bool:
        """Return whether an account is meant."""
        return self.name is None or self.name == account.key or (self._is_id and self.name == account.id)

    @property
    def id(self) -> str | None:
        """The id of the account, whether it was used yet or not; None for all."""
        return self.name if self._is_id or self.name is None else account_id(self.name)

    @property
    def shortened_key(self) -> str | None:
        """The key of the account as it may be shown, None for all accounts."""
        if self.name is None:
            return None
        found = self._named()
        return shorten_key(found.key if found else self.name)

    def peek(self) -> Account:
        """Return the one account as it is, or as it would begin.

        Raises:
            AccountRequired: none is named.
            UnknownAccount: it is not there and cannot be made.
        """
        if self.name is None:
            raise AccountRequired
        found = self._named() or self._engine.accounts.peek(self._new_key(self.name))
        self._engine.apply_due(found)
        return found

    def account(self) -> Account:
        """Return the one account, made if its key was not used yet.

        Raises:
            AccountRequired: none is named.
            UnknownAccount: it is not there and cannot be made.
        """
        if self.name is None:
            raise AccountRequired
        found = self._named()
        return self._engine.account(found.key if found else self._new_key(self.name))

    def one_or_all(self) -> Account | None:
        """Return the one account, made if need be, or None for all.

        Raises:
            UnknownAccount: it is not there and cannot be made.
        """
        return None if self.name is None else self.account()

    def messages(self, query: MessageQuery) -> Iterator[OwnedMessage]:
        """Iterate over the messages that match, newest first."""
        ways = [zip(repeat(account), account.messages.newest_first(query), strict=False) for account in self.accounts]
        merged = merge(*ways, key=lambda owned: owned[1].sequence, reverse=True)
        return starmap(OwnedMessage, merged)

    def search(self, query: MessageQuery, limit: int) -> list[OwnedMessage]:
        """Return the newest `limit` messages that match, newest first."""
        return list(islice(self.messages(query), limit))

    def count(self, query: MessageQuery) -> int:
        """Return how many messages match."""
        return sum(account.messages.count(query) for account in self.accounts)

    def find(self, transaction_id: str) -> OwnedMessage:
        """Return a message by its id, or by the word `latest`.

        Raises:
            RecordNotFound: there is none.
        """
        if transaction_id == LATEST:
            for owned in self.messages(MessageQuery()):
                return owned
        wanted = transaction_id.lower().replace("-", "")
        for account in self.accounts:
            message = account.messages.get(wanted)
            if message is not None:
                return OwnedMessage(account, message)
        raise RecordNotFound("message", transaction_id)

    @property
    def journals(self) -> list[tuple[Account | None, Journal]]:
        """The journals with their accounts; that of calls without an account belongs to all."""
        owned: list[tuple[Account | None, Journal]] = [(account, account.journal) for account in self.accounts]
        return [*owned, (None, self._engine.accounts.unattributed)] if self.name is None else owned

    def exchanges(self, after: int, before: int | None = None) -> Iterator[tuple[Account | None, RecordedRequest]]:
        """Iterate over the exchanges after a cursor and before another, newest first."""
        return _merged((owner, journal.newest_first(after, before)) for owner, journal in self.journals)

    def inbound(
        self, after: int, before: int | None = None, digits: str | None = None
    ) -> Iterator[tuple[Account, Reply]]:
        """Iterate over the replies after a cursor and before another, of one phone or of all, newest first."""
        return _merged((account, account.replies.of(digits, after, before)) for account in self.accounts)

    def callbacks(self, after: int, message: str | None, before: int | None) -> Iterator[tuple[Account, Callback]]:
        """Iterate over the callbacks after a cursor and before another, of one message or of all, newest first."""
        return _merged((account, account.callbacks.of(message, after, before)) for account in self.accounts)

    def consents(self, after: int, digits: str | None, before: int | None) -> Iterator[tuple[Account, Consent]]:
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
        """Return how many messages have gone to make room."""
        if self.name is None:
            return self._engine.accounts.evicted().messages
        return sum(account.messages.evicted for account in self.accounts)

    def is_incomplete(self, after: int) -> bool:
        """Return whether messages that came after a cursor may have gone to make room."""
        gone = [account.messages.evicted_up_to for account in self.accounts]
        return max(gone, default=0) > after or self._engine.accounts.evicted_up_to > after

    def _named(self) -> Account | None:
        if self.name is None:
            return None
        accounts = self._engine.accounts
        return (accounts.by_id(self.name) if self._is_id else None) or accounts.by_key(self.name)

    def _new_key(self, name: str) -> str:
        allowed = self._engine.settings.api_key
        if self._is_id:
            raise UnknownAccount(name)
        if allowed and name not in allowed:
            raise UnknownAccount(shorten_key(name), is_key=True)
        return name


def _merged(kept: Iterable[tuple[Owner, Iterator[Record]]]) -> Iterator[tuple[Owner, Record]]:
    """Merge what several owners keep, each newest first."""
    ways = [zip(repeat(owner), records, strict=False) for owner, records in kept]
    return merge(*ways, key=lambda owned: owned[1].number, reverse=True)


def count_phones(account: Account) -> int:
    """Return how many phones an account wrote to or heard from."""
    written_to = account.messages.phones
    return len(written_to) + sum(digits not in written_to for _, digits in account.replies.keys.latest_of_each())


def _phones_of(account: Account, digits: str | None) -> Iterator[Phone]:
    """Iterate over the phones of an account, or the one with a number, by their latest SMS, newest first."""
    written_to, heard_from = account.messages.phones, account.replies.keys
    if digits is not None:
        latest = max(next(index.newest_first(digits), 0) for index in (written_to, heard_from))
        if latest:
            yield Phone(account, digits, latest)
        return
    seen = set[str]()
    for latest, each in merge(written_to.latest_of_each(), heard_from.latest_of_each(), reverse=True):
        if each not in seen:
            seen.add(each)
            yield Phone(account, each, latest)
