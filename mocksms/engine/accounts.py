"""Accounts of one mock: created on first use. Above the limit, the least recently used one is evicted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from mocksms.engine.account import Account
from mocksms.engine.clock import Clock
from mocksms.engine.journal import Journal
from mocksms.engine.logs import Numbering
from mocksms.engine.rules import NO_SCENARIO, ActiveScenario, Rule
from mocksms.settings import Settings
from mocksms.sms.message import Message


class Totals(NamedTuple):
    """Numbers of accounts, messages and requests."""

    accounts: int
    messages: int
    requests: int


class Accounts:
    """The accounts by API key, and what belongs to none of them.

    `initial_scenario` is active at the start and after a reset of everything, `scenario` in accounts created now.
    They also get the time of `clock`, and the `faults`, each a rule until an instant. `unattributed` is the journal of
    requests without an account. `evicted_up_to` is the highest number of a record in an evicted account.
    """

    def __init__(
        self, settings: Settings, time: Callable[[], datetime], seed: str, scenario: ActiveScenario = NO_SCENARIO
    ) -> None:
        self.initial_scenario = scenario
        self.numbering = Numbering()
        self._settings = settings
        self._time = time
        self._seed = seed
        self._deleted = 0
        self._start_empty()

    def __iter__(self) -> Iterator[Account]:
        """Iterate over the accounts, the least recently used first."""
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def holds(self, account: Account) -> bool:
        """Whether an account still exists."""
        return self._by_key.get(account.key) is account

    def get(self, key: str) -> Account:
        """Return the account of an API key, created on first use."""
        account = self._by_key.get(key)
        if account is not None:
            self._by_key.move_to_end(key)
            return account
        account = self._by_key[key] = self._new(key)
        self._by_id[account.id] = account
        if len(self._by_key) > self._settings.max_accounts:
            self._evict(self._by_key.popitem(last=False)[1])
        return account

    def peek(self, key: str) -> Account:
        """Return the account of an API key, or an equal new one that is not stored."""
        return self._by_key.get(key) or self._new(key)

    def by_key(self, key: str) -> Account | None:
        """Return the account of an API key, None if there is none yet."""
        return self._by_key.get(key)

    def by_id(self, name: str) -> Account | None:
        """Return the account with an id, None if there is none."""
        return self._by_id.get(name)

    def by_token(self, token: str) -> tuple[Account, Message] | None:
        """Return the message with a token in its links, and its account."""
        account = self._by_key.get(self._tokens.get(token, ""))
        message = None if account is None else account.messages.by_token(token)
        return None if account is None or message is None else (account, message)

    def delete(self, account: Account) -> None:
        """Delete an account with all its records; its key gets a new one on next use."""
        if self.holds(account):
            self._deleted += 1
            del self._by_key[account.key], self._by_id[account.id]
            account.messages.detach()

    def delete_all(self) -> None:
        """Delete everything, and return to real time."""
        self._deleted += len(self) + self._evicted.accounts
        self._start_empty()

    def totals(self) -> Totals:
        """Count what is stored."""
        return Totals(
            len(self),
            sum(len(account.messages) for account in self),
            sum(len(account.journal) for account in self) + len(self.unattributed),
        )

    def evicted(self) -> Totals:
        """Count what was evicted."""
        return Totals(
            self._evicted.accounts,
            self._evicted.messages + sum(account.messages.evicted for account in self),
            self._evicted.requests + sum(account.journal.evicted for account in self) + self.unattributed.evicted,
        )

    def _start_empty(self) -> None:
        self.clock = Clock(self._time)
        self.scenario = self.initial_scenario
        self.faults: dict[int, tuple[Rule, datetime]] = {}
        self.unattributed = Journal(self._settings.max_requests)
        self.evicted_up_to = 0
        self._by_key: OrderedDict[str, Account] = OrderedDict()
        self._by_id: dict[str, Account] = {}
        self._tokens: dict[str, str] = {}
        self._evicted = Totals(0, 0, 0)

    def _new(self, key: str) -> Account:
        # The new account of a key must not reuse transaction ids of an earlier one, but its random faults repeat.
        generation = self._evicted.accounts + self._deleted
        account = Account(key, self._settings, self.clock.copy(), self._seed, self.numbering, generation, self._tokens)
        account.apply_scenario(self.scenario)
        for fault_id, (rule, until) in self.faults.items():
            account.faults.add(rule, until, fault_id)
        return account

    def _evict(self, account: Account) -> None:
        del self._by_id[account.id]
        self.evicted_up_to = self.numbering.latest
        self._evicted = Totals(
            self._evicted.accounts + 1,
            self._evicted.messages + account.messages.evicted + len(account.messages),
            self._evicted.requests + account.journal.evicted + len(account.journal),
        )
        account.messages.detach()
