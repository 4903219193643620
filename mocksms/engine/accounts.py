"""The accounts of one mock, made on first use; beyond a limit the longest unused goes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from mocksms.engine.account import Account
from mocksms.engine.clock import Clock
from mocksms.engine.journal import Journal
from mocksms.settings import Settings


class Totals(NamedTuple):
    """How many accounts, messages and journal entries."""

    accounts: int
    messages: int
    requests: int


class Accounts:
    """Every account by its API key, and the journal of exchanges that belong to none, `strangers`."""

    def __init__(self, settings: Settings, time: Callable[[], datetime], seed: str) -> None:
        self.strangers = Journal(settings.max_requests)
        self._settings = settings
        self._time = time
        self._seed = seed
        self._by_key: OrderedDict[str, Account] = OrderedDict()
        self._gone = Totals(0, 0, 0)

    def __iter__(self) -> Iterator[Account]:
        """Iterate over the accounts, the longest unused first."""
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def holds(self, account: Account) -> bool:
        """Return whether an account is still kept."""
        return self._by_key.get(account.key) is account

    def get(self, key: str) -> Account:
        """Return the account of an API key, made on first use."""
        account = self._by_key.get(key)
        if account is not None:
            self._by_key.move_to_end(key)
            return account
        # An account that comes back after its eviction must not hand out its old ids again.
        seed = f"{self._seed}\n{self._gone.accounts}" if self._gone.accounts else self._seed
        account = self._by_key[key] = Account(key, self._settings, Clock(self._time), seed)
        if len(self._by_key) > self._settings.max_accounts:
            self._evict(self._by_key.popitem(last=False)[1])
        return account

    def kept(self) -> Totals:
        """Return how much is kept."""
        return Totals(
            len(self),
            sum(len(account.messages) for account in self),
            sum(len(account.journal) for account in self) + len(self.strangers),
        )

    def evicted(self) -> Totals:
        """Return how much has gone to make room."""
        return Totals(
            self._gone.accounts,
            self._gone.messages + sum(account.messages.evicted for account in self),
            self._gone.requests + sum(account.journal.evicted for account in self) + self.strangers.evicted,
        )

    def _evict(self, account: Account) -> None:
        self._gone = Totals(
            self._gone.accounts + 1,
            self._gone.messages + account.messages.next_sequence - 1,
            self._gone.requests + account.journal.next - 1,
        )
